"""The investigator's page: what `scamtext classify` wrote, as one HTML file that needs nothing else.

The records go into the page as JSON; templates/report.js draws the calls that are asked for.
"""

from __future__ import annotations

import json
import os
from base64 import b64encode
from collections.abc import Callable, Iterator
from hashlib import sha256
from itertools import accumulate, islice
from pathlib import Path
from string import Template
from typing import Any, TextIO

from scamtext.errors import DataError, shown
from scamtext.labels import HIGH, LEGIT, LOW, SCAM, UNKNOWN, WATCH
from scamtext.verdict.messages import LONGEST_QUOTE, TEMPLATES, messages

LANGUAGES = ("vi", "en")
CHUNK = 500  # records in one script element; one string could not hold the records of a large file
PLACES = ("kind", "turn", "start", "end", "weight", "negated")  # of a mark
# Nothing in a script element can end it, and no old JavaScript reader stumbles over line separators.
_ESCAPES = {ord(character): f"\\u{ord(character):04x}" for character in "<>&\u2028\u2029"}

Record = dict[str, Any]
Mask = Callable[[str], str]


def write_report(source: str | Path, output: str | Path, lang: str = "vi", redact: bool = False) -> int:
    """Write the page of all records of a file; it appears under its name when it is whole.

    Parameters
    ----------
    source : JSON lines that `scamtext classify` wrote, with or without `--full`.
    output : the HTML file to write.
    lang : the language in which the page opens, "vi" or "en"; it can be switched in the page.
    redact : mask digits and names; without the whole calls, some names cannot be known from a quote alone.

    Returns
    -------
    The number of records, those set aside too.

    Raises
    ------
    DataError : the source is missing, is not such a file or holds no verdicts, or the output cannot be written.
    """
    source, output = Path(source), Path(output)
    if not source.is_file():
        raise DataError(f"{source}: no such file; write one with scamtext classify INPUTS --full -o {source}")
    if output.exists() and output.samefile(source):
        raise DataError(f"{output}: is also the source; choose another output")
    head, tail = _page(source.name, lang, redact)
    partial = output.with_name(f".{output.name}.{os.getpid()}.part")
    try:
        # Lone surrogates of broken input are written as the JSON escapes that they came as.
        with partial.open("w", encoding="utf-8", errors="backslashreplace", newline="\n") as file:
            file.write(head)
            count = _write_records(_records(source, _mask(redact)), file)
            file.write(tail)
        partial.replace(output)
    except OSError as error:
        raise DataError(f"{error.filename or output}: {error.strerror}; is there a folder {output.parent}?") from error
    finally:
        partial.unlink(missing_ok=True)
    return count


def _write_records(records: Iterator[str], file: TextIO) -> int:
    """Write script elements of `CHUNK` records; returns the number of records."""
    count = 0
    while chunk := list(islice(records, CHUNK)):
        file.write(f'<script type="application/json" class="records">[{",".join(chunk)}]</script>\n')
        count += len(chunk)
    return count


def _page(source: str, lang: str, redact: bool) -> tuple[str, str]:
    """The page before and after its records."""
    messages(lang)  # a language that is not there is said before anything is read
    style, script = (_template(f"report.{suffix}") for suffix in ("css", "js"))
    words = {language: messages(language) for language in LANGUAGES}
    page = Template(_template("report.html")).substitute(
        lang=lang,
        style=style,
        style_hash=_hash(style),
        script=script,
        script_hash=_hash(script),
        noscript=words[lang]["report"]["noscript"],
        page=_embed({"source": source, "lang": lang, "redacted": redact, "words": words}),
        records="\0",
    )
    head, tail = page.split("\0")
    return head, tail


def _template(name: str) -> str:
    return (TEMPLATES / name).read_text(encoding="utf-8")


def _hash(content: str) -> str:
    """A source for the content security policy: this very script or style, and no other."""
    return f"sha256-{b64encode(sha256(content.encode()).digest()).decode()}"


def _embed(data: Any) -> str:
    """JSON that may stand in a script element."""
    return json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":")).translate(_ESCAPES)


def _mask(redact: bool) -> Mask:
    if not redact:
        return str
    from scamtext.text.redaction import mask

    return mask


def _records(source: Path, mask: Mask) -> Iterator[str]:
    """What the page needs of each record, as JSON, in order.

    Raises
    ------
    DataError : a line is no record of `scamtext classify`, or there is no verdict at all.
    """
    verdicts = 0
    with source.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            try:
                record = json.loads(line)
                embedded = _embed(_shown(record, mask))
            except (ValueError, TypeError, LookupError, RecursionError) as error:
                raise DataError(
                    f"{source}:{number}: not a record of scamtext classify ({type(error).__name__}: {error}); "
                    "give a .jsonl file that it wrote"
                ) from error
            verdicts += "error" not in record
            yield embedded
    if not verdicts:
        raise DataError(f"{source}: holds no verdicts; give a .jsonl file that scamtext classify wrote")


def _shown(record: Record, mask: Mask) -> Record:
    """The fields that the page shows, masked, with the words of a mark only where no turn holds them."""
    name = None if record["id"] is None else str(record["id"])
    if "error" in record:
        return {"id": name, "error": mask(str(record["error"]))}
    _check(record)
    whole = "turns" in record
    marks = record["evidence" if whole else "cues"]
    parts = record["turns"] if whole else marks
    texts = _mask_together([part["text"] for part in parts], mask)
    said = [{"speaker": part["speaker"], "text": text} for part, text in zip(parts, texts, strict=True)]
    places = [{field: mark[field] for field in PLACES if field in mark} for mark in marks]
    quotes = [texts[mark["turn"]][mark["start"] : mark["end"]] for mark in marks] if whole else texts
    pairs = [(mark["text"], quote) for mark, quote in zip(marks, quotes, strict=True) if quote != mark["text"]]
    return {
        "id": name,
        "label": record["label"],
        "risk": record["risk"],
        "type": record["scam_type"],
        "probability": record["probability"],
        "kinds": list(dict.fromkeys(cue["kind"] for cue in record["cues"] if not cue["negated"])),
        "reasons": [mask(_requote(reason, pairs)) for reason in record["reasons"]],
        "turns": said if whole else None,
        "marks": places if whole else [place | words for place, words in zip(places, said, strict=True)],
    }


def _check(record: Record) -> None:
    label, risk, probability = record["label"], record["risk"], record["probability"]
    if label not in (SCAM, LEGIT, UNKNOWN) or risk not in (HIGH, WATCH, LOW) or not 0 <= probability <= 1:
        raise ValueError(f"label {shown(label)}, risk {shown(risk)}, probability {shown(probability)}")
    for mark in record["evidence"] if "turns" in record else ():
        if record["turns"][mark["turn"]]["text"][mark["start"] : mark["end"]] != mark["text"]:
            raise ValueError(f"turn {mark['turn']} does not hold the words of a mark at {mark['start']}")


def _mask_together(texts: list[str], mask: Mask) -> list[str]:
    """Masked as one text, so that a name told in one turn is known in the others."""
    masked = mask("\n".join(texts))
    ends = list(accumulate(len(text) + 1 for text in texts))
    return [masked[end - len(text) - 1 : end - 1] for text, end in zip(texts, ends, strict=True)]


def _requote(reason: str, pairs: list[tuple[str, str]]) -> str:
    """The quote of a reason masked as in its turn; alone it may not show that a word is a name."""
    for words, masked in sorted(pairs, key=lambda pair: -len(pair[0])):
        before, after = (" ".join(text.split())[: LONGEST_QUOTE - 1] for text in (words, masked))
        if before:
            reason = reason.replace(before, after)
    return reason
