"""Labelled calls as others write them, turned into records as `corpus` describes them.

Read are tables (CSV, TSV, Parquet), JSON lines (doccano's too), Label Studio's JSON, and what `classify --full`
wrote when reviewers have added a column `reviewed`.
"""

from __future__ import annotations

import csv
import io
import json
import math
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from scamtext.errors import DataError, listed, shown
from scamtext.formats import LONGEST_LINE, plain_text
from scamtext.results import LEGIT, SCAM

SUFFIXES = (".jsonl", ".csv", ".tsv", ".json", ".parquet")
# What people call the two labels; told apart without case.
LABELS = {
    **dict.fromkeys((SCAM, "1", "1.0", "true", "spam", "fraud", "lừa đảo", "lua dao"), SCAM),
    **dict.fromkeys((LEGIT, "0", "0.0", "false", "ham", "normal", "safe", "not a scam", "not scam"), LEGIT),
    **dict.fromkeys(("bình thường", "binh thuong", "không lừa đảo", "không phải lừa đảo", "an toàn"), LEGIT),
}
KNOWN_LABELS = "scam or legit (also 1/0, true/false, spam/ham, lừa đảo/bình thường)"
RIGHT, NOT_SCAM, MISSED = "right", "not a scam", "missed"
REVIEWS = {
    **dict.fromkeys((RIGHT, "correct", "đúng", "dung"), RIGHT),
    **dict.fromkeys((NOT_SCAM, "không phải lừa đảo", "khong phai lua dao"), NOT_SCAM),
    **dict.fromkeys((MISSED, "bỏ sót", "bo sot"), MISSED),
}
KNOWN_REVIEWS = "right, not a scam, missed (đúng, không phải lừa đảo, bỏ sót)"
BATCH = 40  # reviewed calls that make a group: each counted as an author alone, they spoil what authors agree on
ALIASES = {"data": "text", "labels": "label", "group": "author"}  # their name of a field -> ours
ASIDE = ("id", "type", "scam_type", "legit_kind", "group", "author", "pair", "region", "form", "label")

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
        given = _of_label_studio(row)
    else:
        given = {name: None if _is_blank(value) else value for name, value in row.items()}
        if "reviewed" in row or {"risk", "probability"} <= row.keys():
            given = _of_reviewer(given)
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
        record["label"], kind = _choose(record["label"])
        record["type"] = record.get("type") or kind
    record["label"] = LABELS.get(_plain(record.get("label")), record.get("label"))
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


def _plain(word: Any) -> str:
    """A word as the tables above have it.

    >>> _plain(" Not_a  scam"), _plain(True), _plain(1)
    ('not a scam', 'true', '1')
    """
    return " ".join(unicodedata.normalize("NFC", str(word)).casefold().replace("_", " ").split())


def _choose(words: Sequence[Any]) -> tuple[Any, Any]:
    """The label among the words that an annotator chose, and the type if there is one more.

    >>> _choose(["bank", "lừa đảo"])
    ('lừa đảo', 'bank')
    """
    if not words:
        raise DataError('field "label": no choice is made; label it, or leave it out of the export')
    labels = [word for word in words if _plain(word) in LABELS]
    others = [word for word in words if _plain(word) not in LABELS]
    if len(words) == 1:
        return words[0], None
    if len(labels) != 1 or len(others) != 1:
        raise DataError(
            f'field "label": {listed(words)} chosen; choose one label, {KNOWN_LABELS}, and at most one type with it'
        )
    return labels[0], others[0]


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


def _of_label_studio(task: Mapping[str, Any]) -> dict[str, Any] | None:
    """What a task of Label Studio says; None if every annotator has cancelled it."""
    try:
        valid = [annotation for annotation in task["annotations"] if not annotation.get("was_cancelled")]
        chosen = [list(_choices(annotation)) for annotation in valid]
        data = dict(task["data"])
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise DataError(f"not a task as Label Studio exports it as JSON: {type(error).__name__} {error}") from error
    if task["annotations"] and not valid:
        return None
    told = [_choose(words) for words in chosen or [[]]]
    meant = {(LABELS.get(_plain(label), label), kind) for label, kind in told}
    if len(meant) > 1:
        raise DataError(
            f'field "annotations": the annotators disagree: {" against ".join(map(listed, chosen))}; '
            "settle it in Label Studio (cancel or correct one) and export again"
        )
    label, kind = told[0]
    return {"id": task.get("id"), **_named_text(data), "label": label} | ({"type": kind} if kind else {})


def _choices(annotation: Mapping[str, Any]) -> Iterator[str]:
    for part in annotation["result"]:
        yield from map(str, part.get("value", {}).get("choices", ()))


def _named_text(data: dict[str, Any]) -> dict[str, Any]:
    """The data of a task with its transcript under "text", or under "turns" if it is a list."""
    if "turns" not in data and "text" not in data:
        others = [name for name, value in data.items() if isinstance(value, str | list) and name not in ASIDE]
        if len(others) != 1:
            found = " and ".join(map(shown, others)) or "nothing"
            raise DataError(f'field "data": no "text", and {found} could be it; name the transcript "text"')
        data["text"] = data.pop(others[0])
    if isinstance(data.get("text"), list):
        data["turns"] = data.pop("text")
    return data


def _of_reviewer(row: Mapping[str, Any]) -> dict[str, Any] | None:
    """What a reviewer says of a call that `classify` wrote; None if she has not looked at it."""
    said, label = row.get("reviewed"), row.get("label")
    if said is None:
        return None
    review = REVIEWS.get(_plain(said))
    if review is None:
        raise DataError(
            f'field "reviewed": {shown(said)} is not one of {KNOWN_REVIEWS}; leave it empty where nobody looked'
        )
    if row.get("turns") is None and row.get("text") is None:
        raise DataError(
            f'field "turns": missing, so {shown(said)} says nothing; classify with --full, then review that'
        )
    if review == RIGHT and label not in (SCAM, LEGIT):
        raise DataError(
            f'field "reviewed": {shown(said)} on a call labelled {shown(label)}; write "not a scam" or "missed"'
        )
    if review == MISSED and label == SCAM:
        raise DataError(
            f'field "reviewed": {shown(said)}, but the label is already scam; write "right" or "not a scam"'
        )
    label = label if review == RIGHT else SCAM if review == MISSED else LEGIT
    kind = row.get("reviewed_type") or (row.get("scam_type") if label == SCAM else None)
    names = ("id", "text", "turns", "group", "author")
    return {name: row[name] for name in names if name in row} | {"label": label, "type": kind, "reviewed": True}
