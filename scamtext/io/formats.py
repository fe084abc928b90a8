"""What the files of each format hold: records as they stand there, one at a time.

What is broken becomes a `Rejected` in its place; only a file that cannot be read at all is an error.
"""

from __future__ import annotations

import codecs
import csv
import io
import json
import re
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import IO, Any, BinaryIO, NamedTuple

from scamtext.calls import CALLEE, CALLER, Turn
from scamtext.errors import DataError, listed

# How people mark who speaks in a plain text transcript.
SPEAKER_PREFIX = re.compile(
    r"\s*(?:(?P<caller>người gọi|nguoi goi|bên gọi|caller|a)"
    r"|(?P<callee>người nghe|nguoi nghe|bên nghe|callee|b))\s*:\s*",
    re.IGNORECASE,
)
LONGEST_LINE = 16 << 20  # bytes, or characters; more is no record
_PROBE = 1 << 16  # bytes that tell whether a file is text in its encoding
_BROKEN = (OSError, EOFError, zlib.error)  # what a file fails with half-way; a truncated gzip file with the last two


@dataclass(frozen=True, slots=True)
class Rejected:
    """A record that is no call: its id or place, and what is wrong with it."""

    id: str | None
    error: str


@dataclass(frozen=True, slots=True)
class Options:
    """How files are read.

    Attributes
    ----------
    text, id : names of the fields that hold the transcript and the call's id.
    encoding : of CSV, TSV and text files. JSON is UTF-8.
    caller : the speaker label that a diariser gave the caller; all other labels are the callee's.
    """

    text: str = "text"
    id: str = "id"
    encoding: str = "utf-8-sig"
    caller: str | None = None


class Record(NamedTuple):
    """A record as it stands in a file: its place, and a line of JSON, the fields, or why it cannot be read."""

    where: str
    content: bytes | dict[str, Any] | Rejected


def suffix_of(file: Path) -> str:
    """The suffix that tells the format, without .gz."""
    return (Path(file.stem) if file.suffix.lower() == ".gz" else file).suffix.lower()


def _stem(file: Path) -> str:
    return file.name[: -len(suffix_of(file)) - (3 if file.suffix.lower() == ".gz" else 0)]


def refuse_garbage(content: BinaryIO, file: Path, suffix: str, encoding: str) -> None:
    """Look at the beginning, and go back to it."""
    try:
        probe = content.read(_PROBE)
        content.seek(0)
    except _BROKEN as error:
        raise DataError(f"{file}: not readable: {error}") from error
    if not probe.strip():
        raise DataError(f"{file}: the file is empty")
    if b"\0" in probe and "16" not in encoding:
        raise DataError(f"{file}: looks binary, not text; if it is UTF-16 text, say --encoding utf-16")
    if suffix in (".csv", ".tsv", ".txt"):
        try:
            codecs.getincrementaldecoder(encoding)().decode(probe)
        except UnicodeError as error:
            fault = f"not {getattr(error, 'encoding', 'text')} ({error})"
            raise DataError(f"{file}: {fault}; name its encoding with --encoding") from error


def delimited(content: BinaryIO, file: Path, options: Options) -> Iterator[Record]:
    """The rows of a CSV or TSV file."""
    csv.field_size_limit(LONGEST_LINE)
    delimiter = "\t" if suffix_of(file) == ".tsv" else ","
    # What cannot be decoded comes as lone surrogates, so that only the rows that have any are set aside.
    with io.TextIOWrapper(content, options.encoding, "surrogateescape", newline="") as lines:
        rows = csv.reader(_bounded(lines), delimiter=delimiter)
        try:
            names = next(rows, [])
            if options.text not in names:
                found = f"columns are {listed(names)}; name it with --text"
                raise DataError(f"{file}: no column {options.text!r}; {found}")
            text, identifier = names.index(options.text), names.index(options.id) if options.id in names else None
            for row in rows:
                if row:
                    yield _row(row, f"{file.name}:{rows.line_num}", text, identifier, options)
        except (csv.Error, UnicodeError, *_BROKEN) as error:
            yield _unread(f"{file.name}:{rows.line_num}", error)


def _row(row: list[str], where: str, text: int, identifier: int | None, options: Options) -> Record:
    named = row[identifier] if identifier is not None and identifier < len(row) else None
    if text >= len(row):
        return Record(
            where, Rejected(named or where, f"{where}: the row has {len(row)} cells, its text is number {text + 1}")
        )
    try:
        row[text].encode()
    except UnicodeEncodeError:
        fault = f"{where}: not {options.encoding} throughout; name its encoding with --encoding"
        return Record(where, Rejected(where, fault))
    return Record(where, {options.id: named or None, options.text: row[text]})


def _bounded(lines: IO[str]) -> Iterator[str]:
    """Lines, up to one that is too long to be any."""
    for line in iter(partial(lines.readline, LONGEST_LINE), ""):
        if len(line) == LONGEST_LINE:
            raise csv.Error(f"a line of more than {LONGEST_LINE:,} characters")
        yield line


def _unread(where: str, error: Exception) -> Record:
    return Record(
        where, Rejected(where, f"{where}: the rest of the file is not readable: {error or type(error).__name__}")
    )


def parquet_rows(content: BinaryIO, file: Path, options: Options) -> Iterator[Record]:
    """The rows of a Parquet file, of the columns that count."""
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError as error:
        raise DataError(f"{file}: Parquet needs pyarrow; install scamtext[parquet]") from error
    try:
        table = parquet.ParquetFile(content)
    except (pyarrow.ArrowException, OSError) as error:
        raise DataError(f"{file}: not readable as Parquet: {error}") from error
    names = table.schema_arrow.names
    columns = [name for name in (options.id, options.text, "turns") if name in names]
    if not {options.text, "turns"} & set(columns):
        raise DataError(f"{file}: no column {options.text!r}; columns are {listed(names)}; name it with --text")
    number = 0
    try:
        for batch in table.iter_batches(batch_size=1024, columns=columns):
            for row in batch.to_pylist():
                number += 1
                yield Record(f"{file.name}:{number}", row)
    except (pyarrow.ArrowException, UnicodeError, *_BROKEN) as error:
        yield _unread(f"{file.name}:{number + 1}", error)


def json_lines(content: BinaryIO, name: str) -> Iterator[Record]:
    """The lines of a file, as they are."""
    number = empty = 0
    try:
        for number, line in enumerate(iter(partial(content.readline, LONGEST_LINE), b""), 1):
            where = f"{name}:{number}"
            if len(line) == LONGEST_LINE and not line.endswith(b"\n"):
                while not (content.readline(LONGEST_LINE) or b"\n").endswith(b"\n"):
                    pass
                yield Record(where, Rejected(where, f"{where}: a line of more than {LONGEST_LINE:,} bytes"))
            elif line.strip():
                yield Record(where, line)
            else:
                empty += 1
    except _BROKEN as error:
        yield _unread(f"{name}:{number + 1}", error)
        return
    if number == empty:
        raise DataError(f"{name}: no records")


def whole_file(content: BinaryIO, file: Path, suffix: str, options: Options) -> Record:
    """The one call of a file."""
    try:
        found = content.read(LONGEST_LINE)
    except _BROKEN as error:
        raise DataError(f"{file}: not readable: {error}") from error
    if len(found) == LONGEST_LINE:
        raise DataError(f"{file}: more than {LONGEST_LINE:,} bytes, which is no call")
    try:
        text = found.decode(options.encoding if suffix == ".txt" else "utf-8-sig")
    except UnicodeError as error:
        fault = f"not {getattr(error, 'encoding', 'text')} ({error})"
        raise DataError(f"{file}: {fault}; name its encoding with --encoding") from error
    if suffix == ".txt":
        turns = plain_text(text)
    else:
        turns = _whisper(text, file, options) if suffix == ".json" else _subtitles(text, file)
    spoken = [{"speaker": turn.speaker, "text": turn.text} for turn in turns]
    return Record(file.name, {options.id: _stem(file), "turns": spoken})


def _subtitles(text: str, file: Path) -> list[Turn]:
    import pysubs2

    try:
        content = pysubs2.SSAFile.from_string(text)
    except Exception as error:  # each of its formats fails in its own way, and some quote the text
        raise DataError(f"{file}: not readable as subtitles ({type(error).__name__})") from None
    lines = [" ".join(event.plaintext.split()) for event in content]
    lines = [line for line in lines if line]
    return _prefixed(lines) or [Turn(line) for line in lines]


def _whisper(text: str, file: Path, options: Options) -> list[Turn]:
    """The segments that Whisper heard; as turns of who speaks, where a diariser (WhisperX) told them apart."""
    try:
        content = json.loads(text)
        segments = content["segments"] if isinstance(content, Mapping) else content
        spoken = [(segment.get("speaker"), segment["text"].strip()) for segment in segments]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise DataError(f"{file}: not readable as Whisper JSON: {type(error).__name__} {error}") from error
    if not any(speaker for speaker, _ in spoken):
        return [Turn(said) for _, said in spoken if said]
    turns = groupby(spoken, key=lambda part: part[0])
    return [Turn(" ".join(said for _, said in parts), _role(speaker, options)) for speaker, parts in turns]


def _role(speaker: Any, options: Options) -> str | None:
    if options.caller is not None and speaker:
        return CALLER if speaker == options.caller else CALLEE
    return speaker if speaker in (CALLER, CALLEE) else None


def plain_text(content: str) -> list[Turn]:
    r"""A transcript as one turn, or as one a line when every line says who speaks.

    >>> [turn.speaker for turn in plain_text("Người gọi: alo\nNgười nghe: ai đấy")]
    ['caller', 'callee']
    """
    turns = _prefixed([line for line in content.splitlines() if line.strip()])
    return turns or [Turn(content.strip())]


def _prefixed(lines: list[str]) -> list[Turn]:
    """Lines as turns if each says who speaks; else none."""
    marks = [SPEAKER_PREFIX.match(line) for line in lines]
    if not all(marks):
        return []
    return [
        Turn(line[mark.end() :].strip(), CALLER if mark["caller"] else CALLEE)
        for line, mark in zip(lines, marks, strict=True)
        if mark
    ]
