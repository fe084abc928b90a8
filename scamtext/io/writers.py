"""Finished verdicts as JSON lines, CSV or Parquet."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

from scamtext.errors import DataError

WRITTEN = (".jsonl", ".csv", ".parquet")
CHUNK = 512  # records in a row group of Parquet


def converter(output: Path, fields: Sequence[str]) -> Callable[[Path, Path], None] | None:
    """Return the function that converts a file of JSON lines into the output; None if the output is JSON lines."""
    suffix = output.suffix.lower()
    if suffix == ".parquet":
        try:
            import pyarrow  # noqa: F401
        except ImportError as error:
            raise DataError("writing Parquet needs pyarrow; install scamtext[parquet]") from error
        return partial(_write_parquet, fields)
    return partial(_write_csv, fields) if suffix == ".csv" else None


def _read_lines(path: Path) -> Iterator[dict[str, Any]]:
    with path.open("rb") as lines:
        yield from map(json.loads, lines)


def _write_csv(fields: Sequence[str], source: Path, output: Path) -> None:
    """Write CSV; nested fields are JSON in their cells."""
    with output.open("w", encoding="utf-8", errors="backslashreplace", newline="") as file:
        writer = csv.DictWriter(file, fields)
        writer.writeheader()
        for record in _read_lines(source):
            nested = {name: json.dumps(cell, ensure_ascii=False) for name, cell in record.items() if type(cell) is list}
            writer.writerow(record | nested)


def _write_parquet(fields: Sequence[str], source: Path, output: Path) -> None:
    import pyarrow
    from pyarrow import parquet

    string, integer, number = pyarrow.string(), pyarrow.int32(), pyarrow.float64()
    turn = {"speaker": string, "text": string}
    cue = {"kind": string, "turn": integer, "start": integer, "end": integer, **turn, "negated": pyarrow.bool_()}
    types = {
        "probability": number,
        "cues": pyarrow.list_(pyarrow.struct(cue)),
        "reasons": pyarrow.list_(string),
        "turns": pyarrow.list_(pyarrow.struct(turn)),
        "evidence": pyarrow.list_(pyarrow.struct({**cue, "weight": number})),
    }
    schema = pyarrow.schema([(name, types.get(name, string)) for name in fields])
    records = _read_lines(source)
    with parquet.ParquetWriter(output, schema) as writer:
        while chunk := list(islice(records, CHUNK)):
            writer.write_table(pyarrow.Table.from_pylist(chunk, schema=schema))
