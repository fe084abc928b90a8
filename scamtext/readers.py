"""Files to calls, one at a time; a record that cannot be read becomes a `Rejected`, not an end."""

from __future__ import annotations

import csv
import json
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from scamtext.calls import CALLEE, CALLER, Call, Turn
from scamtext.errors import DataError

STDIN = "-"
SUBTITLES = (".srt", ".vtt", ".json")  # .json: what Whisper writes
# How people mark who speaks in a plain text transcript.
SPEAKER_PREFIX = re.compile(
    r"\s*(?:(?P<caller>người gọi|nguoi goi|bên gọi|caller|a)"
    r"|(?P<callee>người nghe|nguoi nghe|bên nghe|callee|b))\s*:\s*",
    re.IGNORECASE,
)
_BINARY_PROBE = 4096  # bytes


@dataclass(frozen=True, slots=True)
class Rejected:
    """A record that is no call: its id or place, and what is wrong with it."""

    id: str | None
    error: str


def read_calls(path: str, text: str = "text", encoding: str = "utf-8-sig") -> Iterator[Call | Rejected]:
    """The calls of one file, in order; "-" reads JSON lines from standard input.

    Parameters
    ----------
    path : .csv, .tsv, .jsonl, .parquet (many calls); .txt, .srt, .vtt, Whisper .json (one call).
    text : the text column of CSV, TSV and Parquet.
    encoding : of CSV, TSV and text files. JSON lines are UTF-8.

    Raises
    ------
    DataError : the file as a whole cannot be read; the message names it and says what to do.
    """
    if path == STDIN:
        yield from _json_lines(sys.stdin.buffer, "stdin")
        return
    file = Path(path)
    suffix = file.suffix.lower()
    if not file.is_file():
        raise DataError(f"{path}: no such file")
    if suffix != ".parquet":
        _refuse_binary(file, encoding)
    if suffix in (".csv", ".tsv"):
        yield from _delimited(file, text, encoding)
    elif suffix == ".parquet":
        yield from _parquet(file, text)
    elif suffix == ".jsonl":
        with file.open("rb") as lines:
            yield from _json_lines(lines, file.name)
    elif suffix == ".txt":
        yield _checked({"id": file.stem}, file.name, plain_text(_decode(file, encoding)))
    elif suffix in SUBTITLES:
        yield _checked({"id": file.stem}, file.name, _subtitles(file))
    else:
        known = ".csv .tsv .jsonl .parquet .txt .srt .vtt .json"
        raise DataError(f"{path}: {suffix or 'no extension'} is not a format I read ({known})")


def plain_text(content: str) -> list[Turn]:
    r"""A transcript as one turn, or as one a line when every line says who speaks.

    >>> [turn.speaker for turn in plain_text("Người gọi: alo\nNgười nghe: ai đấy")]
    ['caller', 'callee']
    """
    lines = [line for line in content.splitlines() if line.strip()]
    marks = [SPEAKER_PREFIX.match(line) for line in lines]
    if not all(marks):
        return [Turn(content.strip())]
    return [
        Turn(line[mark.end() :].strip(), CALLER if mark["caller"] else CALLEE)
        for line, mark in zip(lines, marks, strict=True)
        if mark
    ]


def _refuse_binary(file: Path, encoding: str) -> None:
    with file.open("rb") as content:
        probe = content.read(_BINARY_PROBE)
    if not probe.strip():
        raise DataError(f"{file}: the file is empty")
    if b"\0" in probe and "16" not in encoding:
        raise DataError(f"{file}: looks binary, not text; if it is UTF-16 text, say --encoding utf-16")


def _decode(file: Path, encoding: str) -> str:
    try:
        return file.read_text(encoding=encoding)
    except UnicodeError as error:
        raise DataError(_encoding_fault(file, error)) from error


def _encoding_fault(file: Path, error: UnicodeError) -> str:
    return f"{file}: not {getattr(error, 'encoding', 'text')} ({error}); name its encoding with --encoding"


def _delimited(file: Path, text: str, encoding: str) -> Iterator[Call | Rejected]:
    csv.field_size_limit(sys.maxsize)
    delimiter = "\t" if file.suffix.lower() == ".tsv" else ","
    with file.open(encoding=encoding, newline="") as content:
        rows = csv.DictReader(content, delimiter=delimiter)
        try:
            if text not in (rows.fieldnames or ()):
                found = ", ".join(map(repr, rows.fieldnames or ())) or "none"
                raise DataError(f"{file}: no column {text!r}; columns are {found}; name it with --text")
            for row in rows:
                where = f"{file.name}:{rows.line_num}"
                yield _record({"id": row.get("id"), "text": row[text]}, where)
        except UnicodeError as error:
            raise DataError(_encoding_fault(file, error)) from error
        except csv.Error as error:
            raise DataError(f"{file}:{rows.line_num}: not readable as CSV: {error}") from error


def _parquet(file: Path, text: str) -> Iterator[Call | Rejected]:
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError as error:
        raise DataError(f"{file}: Parquet needs pyarrow; install scamtext[parquet]") from error
    try:
        content = parquet.ParquetFile(file)
    except (pyarrow.ArrowException, OSError) as error:
        raise DataError(f"{file}: not readable as Parquet: {error}") from error
    names = content.schema_arrow.names
    if text not in names:
        raise DataError(f"{file}: no column {text!r}; columns are {names}; name it with --text")
    columns = [name for name in ("id", text) if name in names]
    number = 0
    for batch in content.iter_batches(batch_size=1024, columns=columns):
        for row in batch.to_pylist():
            number += 1
            yield _record({"id": row.get("id"), "text": row[text]}, f"{file.name}:{number}")


def _json_lines(lines: BinaryIO | Iterable[bytes], name: str) -> Iterator[Call | Rejected]:
    empty = True
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        empty = False
        where = f"{name}:{number}"
        try:
            record = json.loads(line.decode("utf-8-sig"))
        except UnicodeDecodeError as error:
            yield Rejected(where, f"{where}: not UTF-8 at byte {error.start}")
        except (ValueError, RecursionError) as error:
            yield Rejected(where, f"{where}: not JSON: {error}")
        else:
            yield _record(record, where)
    if empty:
        raise DataError(f"{name}: no records")


def _record(record: Any, where: str) -> Call | Rejected:
    if not isinstance(record, dict):
        return Rejected(where, f"{where}: expected an object, got {type(record).__name__}")
    try:
        call = Call.from_record(record)
    except DataError as error:
        identifier = record.get("id")
        named = str(identifier) if isinstance(identifier, str | int | float) else where
        return Rejected(named, f"{where}: {error}")
    return call if call.id is not None else Call(call.turns, where)


def _subtitles(file: Path) -> list[Turn]:
    import pysubs2

    try:
        text = file.read_text(encoding="utf-8-sig")
        is_whisper = file.suffix.lower() == ".json"
        content = pysubs2.load_from_whisper(json.loads(text)) if is_whisper else pysubs2.SSAFile.from_string(text)
    except UnicodeError as error:
        raise DataError(_encoding_fault(file, error)) from error
    except Exception as error:  # each of its formats fails in its own way
        raise DataError(f"{file}: not readable as subtitles or Whisper JSON: {error}") from error
    return [Turn(event.plaintext.replace("\n", " ").strip()) for event in content if event.plaintext.strip()]


def _checked(record: dict[str, str], where: str, turns: list[Turn]) -> Call | Rejected:
    return _record({**record, "turns": [{"speaker": turn.speaker, "text": turn.text} for turn in turns]}, where)
