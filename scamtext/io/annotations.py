"""Labelled calls as others write them, turned into records as `corpus` describes them.

Read are tables (CSV, TSV, Parquet), JSON lines (doccano's too), Label Studio's JSON, and what `classify --full`
wrote when reviewers have added a column `reviewed`.
"""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from scamtext.errors import DataError, listed
from scamtext.io.annotation_formats import (
    KNOWN_REVIEWS,
    LABELS,
    choose_field,
    from_label_studio,
    from_review,
    plain_name,
)
from scamtext.io.formats import LONGEST_LINE, plain_text
from scamtext.labels import LEGIT

SUFFIXES = (".jsonl", ".csv", ".tsv", ".json", ".parquet")
BATCH = 40  # reviewed calls that make a group: each counted as an author alone, they spoil what authors agree on
ALIASES = {"data": "text", "labels": "label", "group": "author"}  # their name of a field -> ours

Placed = tuple[str, Any]  # a row with its place; in the stead of one that cannot be read, a DataError


def find_labelled(paths: Iterable[str | Path]) -> Iterator[Path]:
    """The files that are meant, of a folder those that can hold labelled calls, in order of name.

    Raises
    ------
    DataError : there is no such file, or its suffix is not of `SUFFIXES`.
    """
    for path in map(Path, paths):
        if path.is_dir():
            yield from sorted(file for file in path.iterdir() if file.suffix in SUFFIXES)
        elif not path.is_file():
            raise DataError(f"{path}: no such file or folder")
        elif path.suffix not in SUFFIXES:
            found = path.suffix or "no extension"
            raise DataError(f"{path}: {found} is no labelled data that I read ({' '.join(SUFFIXES)}); save it as CSV")
        else:
            yield path


def read_labelled(path: Path, faults: list[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The labelled records of a file, each with its place; what is wrong is added to `faults`."""
    try:
        yield from to_records(path.name, _rows(path), faults)
    except DataError as error:
        faults.append(f"{path.name}: {error}")


def to_records(name: str, rows: Iterable[Placed], faults: list[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Rows as records of `corpus`, without those that nobody has labelled.

    Raises
    ------
    DataError : there are rows, but nobody has labelled any.
    """
    passed = taken = 0
    for where, row in rows:
        try:
            record = _to_record(row)
        except DataError as error:
            faults.append(f"{where}: {error}")
            taken += 1
            continue
        if record is None:
            passed += 1
        else:
            if record.get("reviewed") and record.get("author") is None:
                record["author"] = f"reviewed, {name}, {taken // BATCH + 1}"
            taken += 1
            yield where, record
    if passed and not taken:
        raise DataError(
            f"none of {passed} records is labelled: reviewers write {KNOWN_REVIEWS} into a column "
            '"reviewed", annotators submit tasks without cancelling them'
        )


def _rows(path: Path) -> Iterator[Placed]:
    if path.suffix == ".parquet":
        return _parquet_rows(path)
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            text = file.read()
    except UnicodeDecodeError as error:
        raise DataError(f"not UTF-8 ({error.reason} at byte {error.start}); save it as UTF-8") from error
    if path.suffix == ".json":
        return _tasks(path.name, text)
    return _json_rows(path.name, text) if path.suffix == ".jsonl" else _table_rows(path.name, text)


def _json_rows(name: str, text: str) -> Iterator[Placed]:
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            try:
                yield f"{name}:{number}", json.loads(line)
            except (ValueError, RecursionError) as error:
                yield f"{name}:{number}", DataError(f"not JSON: {error}")


def _tasks(name: str, text: str) -> Iterator[Placed]:
    try:
        tasks = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise DataError(f"not JSON: {error}") from error
    if not isinstance(tasks, list):
        raise DataError(f"expected a list of tasks, as Label Studio exports as JSON, got {type(tasks).__name__}")
    for number, task in enumerate(tasks, 1):
        named = task.get("id", number) if isinstance(task, Mapping) else number
        yield f"{name}: task {named}", task


def _table_rows(name: str, text: str) -> Iterator[Placed]:
    """The rows of a table; what separates its cells is read off its heads."""
    csv.field_size_limit(LONGEST_LINE)
    heads = text.split("\n", 1)[0]
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=max(",;\t", key=heads.count), strict=True)
    line = 1
    try:
        names = [head.strip() for head in next(rows, [])]
        _check_heads(names)
        line = rows.line_num + 1
        for row in rows:
            if row:
                yield f"{name}:{line}", _cells(names, row)
            line = rows.line_num + 1
    except csv.Error as error:
        yield f"{name}:{line}", DataError(f'not readable as CSV: {error}; a text with " in it doubles them: ""')


def _check_heads(names: Sequence[str]) -> None:
    for one_of in (("label", "labels", "reviewed"), ("text", "turns", "data")):
        if not set(one_of) & set(names):
            raise DataError(f'no column "{one_of[0]}"; columns are {listed(names)}; rename one')


def _cells(names: Sequence[str], row: Sequence[str]) -> dict[str, str | None] | DataError:
    if len(row) != len(names):
        return DataError(
            f"the row has {len(row)} cells, the head {len(names)}; put texts with separators or line breaks into quotes"
        )
    return {name: cell or None for name, cell in zip(names, row, strict=True) if name}


def _parquet_rows(path: Path) -> Iterator[Placed]:
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError as error:
        raise DataError("Parquet needs pyarrow; install scamtext[parquet]") from error
    try:
        rows = parquet.read_table(path).to_pylist()
    except (pyarrow.ArrowException, OSError) as error:
        raise DataError(f"not readable as Parquet: {error}") from error
    return ((f"{path.name}:{number}", row) for number, row in enumerate(rows, 1))


def _to_record(row: Any) -> dict[str, Any] | None:
    """A row as a record of `corpus`; None if nobody has labelled it."""
    if isinstance(row, DataError):
        raise row
    if not isinstance(row, Mapping):
        raise DataError(f"expected an object, got {type(row).__name__}")
    if row.get("error") and not {"label", "text", "turns"} & row.keys():
        return None  # what classify has set aside
    given: Mapping[str, Any] | None
    if "annotations" in row:
        given = from_label_studio(row)
    else:
        given = {name: None if _is_blank(value) else value for name, value in row.items()}
        if "reviewed" in row or {"risk", "probability"} <= row.keys():
            given = from_review(given)
    return None if given is None else _in_our_words(given)


def _is_blank(value: Any) -> bool:
    """No value: an empty cell, or a data frame's NaN."""
    if isinstance(value, float):
        return math.isnan(value)
    return isinstance(value, str) and not value.strip()


def _in_our_words(row: Mapping[str, Any]) -> dict[str, Any]:
    record = dict(row)
    for theirs, ours in ALIASES.items():
        if theirs in record and record.get(ours) is None:
            record[ours] = record.pop(theirs)
    if isinstance(record.get("label"), list):
        record["label"], kind = choose_field(record["label"])
        record["type"] = record.get("type") or kind
    record["label"] = LABELS.get(plain_name(record.get("label")), record.get("label"))
    if record.get("type") is not None:
        record["legit_kind" if record["label"] == LEGIT else "scam_type"] = record.pop("type")
    if record.get("author") is not None:
        record["author"] = str(record["author"])
    return record | _spoken(record)


def _spoken(record: Mapping[str, Any]) -> dict[str, Any]:
    """The transcript of a record, as turns where it says who speaks."""
    if record.get("turns") is not None:
        return {"turns": _turns(record["turns"])}
    if "text" not in record:
        return {}
    text = "" if record["text"] is None else record["text"]
    turns = plain_text(text) if isinstance(text, str) else []
    if turns and turns[0].speaker:
        return {"turns": [{"speaker": turn.speaker, "text": turn.text} for turn in turns]}
    return {"text": text}


def _turns(turns: Any) -> Any:
    if isinstance(turns, np.ndarray):  # pandas.read_parquet gives lists so
        return turns.tolist()
    if not isinstance(turns, str):
        return turns
    try:
        return json.loads(turns)
    except (ValueError, RecursionError) as error:
        raise DataError(
            f'field "turns": not JSON ({error}); write [{{"speaker": "caller", "text": "..."}}, ...]'
        ) from error
