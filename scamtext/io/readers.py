"""Files to calls, one at a time; a record that cannot be read becomes a `Rejected`, not an end.

Reading has two steps, so that the slow one can run in other processes: `read_records` cuts files into
records as they are, `to_call` makes a call of one. Both hold one record at a time.
"""

from __future__ import annotations

import glob
import gzip
import io
import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, Any, BinaryIO, cast

from scamtext.calls import Call
from scamtext.errors import DataError
from scamtext.io.formats import (
    Options,
    Record,
    Rejected,
    delimited,
    json_lines,
    parquet_rows,
    refuse_garbage,
    suffix_of,
    whole_file,
)

STDIN = "-"
MANY = (".csv", ".tsv", ".jsonl", ".parquet")  # hold many calls; the others one
ONE = (".txt", ".srt", ".vtt", ".json")  # .json: what Whisper and WhisperX write
MOST_CHARACTERS = 1_000_000  # of one call: some fifteen hours of talk


class Position:
    """How many bytes have been read, of files that are read one after the other."""

    def __init__(self) -> None:
        self._before = self._size = 0
        self._file: IO[bytes] | None = None

    def follow(self, file: IO[bytes], size: int) -> None:
        """From now on this file of so many bytes is read, from its beginning."""
        self._before, self._file, self._size = self._before + self._size, file, size

    @property
    def bytes(self) -> int:
        """Bytes read so far."""
        if self._file is None or self._file.closed:
            return self._before + self._size
        return self._before + self._file.tell()


def find_files(paths: Iterable[str]) -> list[str]:
    """The files that are meant: folders with all below them, and patterns ("calls/*.txt"), in sorted order.

    Raises
    ------
    DataError : a folder or a pattern has no file that can be read.
    """
    found: list[str] = []
    for path in paths:
        is_folder = Path(path).is_dir()
        if path == STDIN or not (is_folder or (glob.has_magic(path) and not Path(path).exists())):
            found.append(path)
            continue
        names = Path(path).rglob("*") if is_folder else map(Path, glob.glob(path, recursive=True))  # noqa: PTH207  an absolute pattern is no Path.glob
        readable = sorted(str(name) for name in names if name.is_file() and suffix_of(name) in MANY + ONE)
        if not readable:
            raise DataError(f"{path}: no files here that I read ({' '.join(MANY + ONE)}, also with .gz)")
        found += readable
    return found


def read_calls(path: str, options: Options | None = None) -> Iterator[Call | Rejected]:
    """The calls of one file, in order; "-" reads JSON lines from standard input.

    Raises
    ------
    DataError : the file as a whole cannot be read; the message names it and says what to do.
    """
    options = options or Options()
    for record in read_records(path, options):
        yield to_call(record, options)


def read_records(path: str, options: Options, position: Position | None = None) -> Iterator[Record]:
    """The records of one file as they stand there, in order.

    Parameters
    ----------
    path : .csv, .tsv, .jsonl, .parquet (many calls); .txt, .srt, .vtt, Whisper .json (one call); any of
        them but Parquet also gzipped (.gz); "-" is JSON lines on standard input.
    position : is kept up to date.

    Raises
    ------
    DataError : as `read_calls`.
    """
    if path == STDIN:
        yield from json_lines(sys.stdin.buffer, "stdin")
        return
    file = Path(path)
    suffix = suffix_of(file)
    if not file.is_file():
        raise DataError(f"{path}: no such file")
    if suffix not in MANY + ONE:
        known = " ".join(MANY + ONE)
        raise DataError(f"{path}: {suffix or 'no extension'} is not a format I read ({known}, also with .gz)")
    with file.open("rb", buffering=0) as raw:
        if position:
            position.follow(raw, file.stat().st_size)
        content = cast(BinaryIO, io.BufferedReader(raw, 1 << 17))
        if suffix == ".parquet":
            yield from parquet_rows(content, file, options)
            return
        if file.suffix.lower() == ".gz":
            content = cast(BinaryIO, gzip.GzipFile(fileobj=content))
        refuse_garbage(content, file, suffix, options.encoding)
        if suffix in (".csv", ".tsv"):
            yield from delimited(content, file, options)
        elif suffix == ".jsonl":
            yield from json_lines(content, file.name)
        else:
            yield whole_file(content, file, suffix, options)


def to_call(record: Record, options: Options) -> Call | Rejected:
    """The call that a record tells of."""
    where, content = record
    if isinstance(content, Rejected):
        return content
    if isinstance(content, bytes):
        try:
            content = json.loads(content.decode("utf-8-sig"))
        except UnicodeDecodeError as error:
            return Rejected(where, f"{where}: not UTF-8 at byte {error.start}")
        except (ValueError, RecursionError) as error:
            return Rejected(where, f"{where}: not JSON: {error}")
    if not isinstance(content, dict):
        return Rejected(where, f"{where}: expected an object, got {type(content).__name__}")
    fields = _named(content, options)
    try:
        call = Call.from_record(fields)
        size = sum(len(turn.text) for turn in call.turns)
        if size > MOST_CHARACTERS:
            raise DataError(f"{size:,} characters; a call has at most {MOST_CHARACTERS:,}; cut it into calls")
    except DataError as error:
        identifier = fields.get("id")
        named = str(identifier) if isinstance(identifier, str | int | float) else where
        return Rejected(named, f"{where}: {error}")
    return call if call.id is not None else Call(call.turns, where)


def _named(fields: dict[str, Any], options: Options) -> dict[str, Any]:
    """The fields under the names that `Call.from_record` knows."""
    if (options.id, options.text) == ("id", "text"):
        return fields
    named = {"id": fields.get(options.id), "turns": fields.get("turns")}
    return named | ({"text": fields[options.text]} if options.text in fields else {})
