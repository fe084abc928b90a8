"""How much personal data `scamtext.text.redaction` finds, and how much of what it masks is personal data.

    .venv/bin/python benchmarks/redaction.py            a table
    .venv/bin/python benchmarks/redaction.py --part 2   only the calls that were never used for a correction
    .venv/bin/python benchmarks/redaction.py --misses   the table, and what was missed or masked for nothing

data/redaction.jsonl has 191 calls of the frozen test authors, labelled by hand, by reading, in two parts: 129 calls
of up to 900 characters, and, when those had been measured once, 62 more of up to 700. Each part has calls of each
form at random, and a few more that have long numbers. The mask was not run on any of a part before that part was
labelled. What the first part showed led to corrections (names .833 -> .912, numbers .915 as before, precision
.873 -> .904 on that part); nothing was changed for what the second part showed.

What was labelled: names of people, nicknames too, `name`; names that only give the order of birth ("chú Bảy",
"chị Hai"), `other`; numbers of three digits or more that tell a person, account, card, code, form, or booking
apart, written or spoken, whole or in part. Not labelled: organisations, shops and streets named after people, pets,
public numbers, quantities, sums, dates, times, ages, grades, rooms, and codes of goods.

A labelled span is found when every letter and digit of it is masked. A masked run, cut at whatever is not masked
but for single marks and blanks, is right when at least half of its letters and digits lie in labelled spans.
"""

import argparse
import json
import re
import tomllib
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from scamtext.calls import Call
from scamtext.text.redaction import mask_call
from scamtext.text.spoken import BULLET, LISTS
from scamtext.text.syllables import fold

ROOT = Path(__file__).parents[1]
LABELS = ROOT / "data" / "redaction.jsonl"
TRANSCRIPTS = ROOT / "data" / "transcripts"
NUMBERS = ("phone", "account", "id", "otp")

Place = tuple[int, int]  # turn, code point


def labelled(part: int | None = None) -> Iterator[tuple[Call, list[dict[str, Any]]]]:
    """The labelled calls and their spans, of one part or both."""
    rows = [json.loads(line) for line in LABELS.read_text(encoding="utf-8").splitlines()]
    spans = {row["id"]: row["spans"] for row in rows if part in (None, row["part"])}
    authors = {name.split("-")[0] for name in spans}
    for author in sorted(authors):
        for line in (TRANSCRIPTS / f"{author}.jsonl").read_text(encoding="utf-8").splitlines():
            record = json.loads(line)
            if record["id"] in spans:
                yield Call.from_record(record), spans[record["id"]]


def places(call: Call, span: dict[str, Any]) -> set[Place]:
    """The letters and digits of a labelled span."""
    turn, text = span["turn"], call.turns[span["turn"]].text
    return {(turn, place) for place in range(span["start"], span["end"]) if text[place].isalnum()}


def masked_runs(call: Call, masked: Call) -> Iterator[set[Place]]:
    """The letters and digits of each stretch that was masked."""
    for turn, (before, after) in enumerate(zip(call.turns, masked.turns, strict=True)):
        run: set[Place] = set()
        last = -3
        for place, (old, new) in enumerate(zip(before.text, after.text, strict=True)):
            if old == new or new != BULLET:
                continue
            if run and place - last > 2:
                yield run
                run = set()
            run.add((turn, place))
            last = place
        if run:
            yield run


def measure(part: int | None = None) -> tuple[dict[str, Counter[str]], list[str]]:
    """Counts by kind, and in words what was missed (-) or masked for nothing (+)."""
    counts: dict[str, Counter[str]] = {}
    faults = []
    for call, spans in labelled(part):
        runs = list(masked_runs(call, mask_call(call)))
        masked = {place for run in runs for place in run}
        kinds = {place: span["kind"] for span in spans for place in places(call, span)}
        for span in spans:
            wanted = places(call, span)
            count = counts.setdefault(span["kind"], Counter())
            count.update(spans=1, found=int(wanted <= masked), letters=len(wanted), letters_found=len(wanted & masked))
            if not wanted <= masked:
                faults.append(f"- {call.id} {span['kind']}: {quote(call, wanted)}")
        for run in runs:
            count = counts.setdefault("masked numbers" if is_number(call, run) else "masked names", Counter())
            right = sum(place in kinds for place in run)
            count.update(runs=1, right=int(2 * right >= len(run)), letters=len(run), letters_right=right)
            if 2 * right < len(run):
                faults.append(f"+ {call.id}: {quote(call, run)}")
    return counts, faults


@cache
def spoken_digits() -> set[str]:
    """The digits in words, without diacritics."""
    return {fold(word) for word in tomllib.loads(LISTS.read_text(encoding="utf-8"))["digits"].split()}


def is_number(call: Call, run: set[Place]) -> bool:
    """Whether a masked run has digits, or is mostly digits in words."""
    turn, start, end = min(run)[0], min(run)[1], max(run)[1] + 1
    words = re.findall(r"\w+", call.turns[turn].text[start:end].lower())
    spoken = sum(fold(word) in spoken_digits() for word in words)
    return any(map(str.isdigit, "".join(words))) or (len(words) > 2 and 2 * spoken > len(words))


def quote(call: Call, run: set[Place]) -> str:
    """A run in its surroundings."""
    turn, start, end = min(run)[0], min(run)[1], max(run)[1] + 1
    text = call.turns[turn].text
    return f"{text[max(0, start - 25) : start]}[{text[start:end]}]{text[end : end + 20]}"


def share(part: int, whole: int) -> str:
    """A share with its counts."""
    return f"{part / whole:.3f} ({part}/{whole})" if whole else "-"


def table(counts: dict[str, Counter[str]]) -> list[str]:
    """Recall by kind, then precision."""
    sums = {
        "all numbers": sum((counts.get(kind, Counter()) for kind in NUMBERS), Counter()),
        "all": sum((count for kind, count in counts.items() if not kind.startswith("masked")), Counter()),
    }
    rows = [f"{'recall':16}{'spans':22}letters and digits"]
    for kind, count in {**counts, **sums}.items():
        if not kind.startswith("masked"):
            spans, letters = share(count["found"], count["spans"]), share(count["letters_found"], count["letters"])
            rows.append(f"{kind:16}{spans:22}{letters}")
    rows += ["", f"{'precision':16}{'masked runs':22}letters and digits"]
    runs = {kind: count for kind, count in counts.items() if kind.startswith("masked")}
    for kind, count in {**runs, "all masked": sum(runs.values(), Counter())}.items():
        right, letters = share(count["right"], count["runs"]), share(count["letters_right"], count["letters"])
        rows.append(f"{kind:16}{right:22}{letters}")
    return rows


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--misses", action="store_true", help="also show what was missed or masked for nothing")
    parser.add_argument("--part", type=int, choices=(1, 2), help="only this part of the calls")
    arguments = parser.parse_args()
    counts, faults = measure(arguments.part)
    print("\n".join([*table(counts), *(["", *faults] if arguments.misses else [])]))


if __name__ == "__main__":
    main()
