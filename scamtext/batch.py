"""Files in, one file of verdicts out: in input order, bad records set aside, whole or not at all."""

from __future__ import annotations

import contextlib
import csv
import itertools
import json
import os
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from scamtext.calls import Call
from scamtext.errors import DataError
from scamtext.readers import STDIN, Rejected, read_calls

if TYPE_CHECKING:
    from scamtext.model import ScamClassifier

FIELDS = ("id", "label", "probability", "risk", "scam_type", "cues", "reasons", "error")
CHUNK = 64  # records held at a time

Record = dict[str, Any]


def classify_records(
    classifier: ScamClassifier, items: Iterable[Call | Rejected], lang: str = "vi"
) -> Iterator[Record]:
    """Output records in the order of the items; a rejected one has only `id` and `error`."""
    remaining = iter(items)
    while chunk := list(itertools.islice(remaining, CHUNK)):
        verdicts = classifier.classify_many(item for item in chunk if isinstance(item, Call))
        for item in chunk:
            if isinstance(item, Call):
                yield next(verdicts).to_record(lang)
            else:
                yield {"id": item.id, "error": item.error}


def classify_files(
    classifier: ScamClassifier,
    paths: Iterable[str],
    output: str = STDIN,
    *,
    text: str = "text",
    encoding: str = "utf-8-sig",
    lang: str = "vi",
    progress: Callable[[Iterator[Record]], Iterable[Record]] = iter,
) -> Counter[str]:
    """Classify files into one output, and count the labels ("error" for records set aside).

    Parameters
    ----------
    paths : input files, "-" for standard input.
    output : .jsonl, .csv or .parquet; "-" writes JSON lines to standard output.
    progress : wraps the records on their way, for a progress bar.

    Raises
    ------
    DataError : the only input cannot be read at all, or the output is one of the inputs.
    """
    paths = list(paths)
    _refuse_overwrite(paths, output)
    items = _read_files(paths, text, encoding)
    counts: Counter[str] = Counter()

    def counted() -> Iterator[Record]:
        for record in progress(classify_records(classifier, items, lang)):
            counts["error" if "error" in record else record["label"]] += 1
            yield record

    write_records(counted(), output)
    return counts


def _read_files(paths: list[str], text: str, encoding: str) -> Iterator[Call | Rejected]:
    """All calls; of several files, one that cannot be read is set aside like a record."""
    for path in paths:
        try:
            yield from read_calls(path, text, encoding)
        except DataError as error:
            if len(paths) == 1:
                raise
            yield Rejected(path, str(error))


def _refuse_overwrite(paths: Iterable[str], output: str) -> None:
    for path in paths:
        if STDIN not in (path, output) and Path(output).exists() and Path(output).samefile(path):
            raise DataError(f"{output}: is also an input; choose another output")


def write_records(records: Iterable[Record], output: str) -> None:
    """Write records as the extension says; the file appears under its name when it is whole."""
    writers = {".jsonl": _write_json_lines, ".csv": _write_csv, ".parquet": _write_parquet}
    if output == STDIN:
        _write_json_lines(records, sys.stdout)
        return
    path = Path(output)
    if path.suffix.lower() not in writers:
        raise DataError(f"{output}: I write {', '.join(writers)}, not {path.suffix or 'a file without extension'}")
    partial = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        # Lone surrogates of broken input are written as the JSON escapes that they came as.
        with partial.open("w", encoding="utf-8", errors="backslashreplace", newline="") as file:
            writers[path.suffix.lower()](records, file)
        partial.replace(path)
    except FileNotFoundError as error:
        raise DataError(f"{output}: there is no folder {path.parent}") from error
    finally:
        with contextlib.suppress(FileNotFoundError):
            partial.unlink()


def _write_json_lines(records: Iterable[Record], file: IO[str]) -> None:
    for record in records:
        file.write(json.dumps(record, ensure_ascii=False) + "\n")


def _write_csv(records: Iterable[Record], file: IO[str]) -> None:
    """Cues and reasons as JSON in their cells."""
    writer = csv.DictWriter(file, FIELDS)
    writer.writeheader()
    for record in records:
        nested = [name for name in ("cues", "reasons") if name in record]
        writer.writerow(record | {name: json.dumps(record[name], ensure_ascii=False) for name in nested})


def _write_parquet(records: Iterable[Record], file: IO[str]) -> None:
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError as error:
        raise DataError("writing Parquet needs pyarrow; install scamtext[parquet]") from error
    string, integer = pyarrow.string(), pyarrow.int32()
    cue = {"kind": string, "turn": integer, "speaker": string, "start": integer, "end": integer, "text": string}
    types = {
        "probability": pyarrow.float64(),
        "cues": pyarrow.list_(pyarrow.struct({**cue, "negated": pyarrow.bool_()})),
        "reasons": pyarrow.list_(string),
    }
    schema = pyarrow.schema([(name, types.get(name, string)) for name in FIELDS])
    remaining = iter(records)
    with parquet.ParquetWriter(file.name, schema) as writer:
        while chunk := list(itertools.islice(remaining, CHUNK)):
            writer.write_table(pyarrow.Table.from_pylist(chunk, schema=schema))
