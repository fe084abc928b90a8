"""Labelled calls: their schema, its faults, and group splits.

A line of a corpus file is an input record (`id`, `turns` or `text`) with

    label       "scam" or "legit"
    scam_type   one of `SCAM_TYPES`, or a type of one's own, for a scam, else null (optional)
    legit_kind  one of `HARD_KINDS` or `PLAIN_KINDS`, or a kind of one's own, for an honest call (optional)
    author      who wrote it; all calls of one author stay on one side of a split (optional)
    pair        name of the twin pair, plot, region, form, partial (optional)
    turns[].cues  kinds of cue really present in the turn (optional)

Only label and text are needed to train on one's own calls; `exports` reads them from other people's formats.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scamtext.calls import Call
from scamtext.errors import DataError, shown
from scamtext.io.annotation_formats import KNOWN_LABELS
from scamtext.io.annotations import find_labelled, read_labelled, to_records
from scamtext.labels import CUE_KINDS, FORMS, HARD_KINDS, LEGIT, REGIONS, SCAM

CHOICES = {"form": FORMS, "region": REGIONS}
MARKS = ("partial", "reviewed", "in_loop")
LONGEST_NAME = 40  # characters of a type or a kind of one's own
NAME_RULE = f"write lower-case letters, digits and _ like card_swap, at most {LONGEST_NAME}"


@dataclass(frozen=True, slots=True)
class LabelledCall:
    """A call with what its author says of it; `cues` has one set of kinds for each turn."""

    call: Call
    label: str
    scam_type: str | None = None
    legit_kind: str | None = None
    author: str | None = None
    pair: str | None = None
    region: str | None = None
    form: str | None = None
    partial: bool = False
    reviewed: bool = False  # chosen because of a model's verdict (`reviewed` or `in_loop` in the record)
    cues: tuple[frozenset[str], ...] | None = None

    @property
    def is_scam(self) -> bool:
        """Whether the label says scam."""
        return self.label == SCAM

    @property
    def is_hard(self) -> bool:
        """An honest call about what scams are about."""
        return self.legit_kind in HARD_KINDS

    @property
    def group(self) -> str:
        """Calls of one group are never split: the author's, else the pair's, else its own."""
        return self.author or self.pair or str(self.call.id)

    @property
    def length(self) -> int:
        """Syllables, counted by white space."""
        return len(self.call.text.split())


def read_corpus(*paths: str | Path) -> list[LabelledCall]:
    """All labelled calls of files or folders of them, in order of file name.

    Read are JSONL, CSV, TSV and Parquet, exports of Label Studio (JSON) and doccano (JSONL), and what
    `scamtext classify --full` wrote with a column `reviewed` (see `reviewed`). A call without id gets its place.

    Raises
    ------
    DataError : lists every fault of every file, each with file, line and field.
    """
    faults: list[str] = []
    records = (placed for path in find_labelled(paths) for placed in read_labelled(path, faults))
    return _collect(records, faults, ", ".join(map(str, paths)))


def reviewed(source: str | Path | Iterable[Mapping[str, Any]]) -> list[LabelledCall]:
    """Verdicts that people have looked at, as labelled calls to train on.

    Parameters
    ----------
    source : what `scamtext classify --full` wrote: the file, or its records (`frame.to_dict("records")`). In the
        field `reviewed` it says "right", "not a scam" or "missed" ("đúng", "không phải lừa đảo", "bỏ sót"), and
        nothing where nobody looked; in `reviewed_type`, if at all, the type as it should have been.

    Returns
    -------
    Calls with `reviewed` true: they are learnt from, but set no thresholds (`ScamClassifier.fit`, `reviewed`). Those
    without a group of their own are put into groups of the size of an author.

    Raises
    ------
    DataError : lists every fault; nobody looked at any call.
    """
    if isinstance(source, str | Path):
        return read_corpus(source)
    faults: list[str] = []
    rows = ((f"record {number}", record) for number, record in enumerate(source, 1))
    return _collect(to_records("records", rows, faults), faults, "the records")


def _collect(records: Iterable[tuple[str, Mapping[str, Any]]], faults: list[str], name: str) -> list[LabelledCall]:
    """The calls of records in their order; `faults` are those found while the records are read."""
    calls: list[LabelledCall] = []
    seen: dict[str, str] = {}
    for where, record in records:
        found, call = _check({**record, "id": where} if record.get("id") is None else record)
        if call is not None and record.get("id") is not None:
            if call.call.id in seen:
                found.append(f'field "id": {shown(call.call.id)} is already used at {seen[call.call.id]}')
            seen.setdefault(str(call.call.id), where)
        faults.extend(f"{where}: {fault}" for fault in found)
        if call is not None and not found:
            calls.append(call)
    if faults:
        raise DataError(f"{len(faults)} faults in labelled data:\n" + "\n".join(faults))
    if not calls:
        raise DataError(f"no labelled calls in {name}")
    return calls


def counts(calls: Sequence[LabelledCall]) -> str:
    """How many calls there are by every field, as Markdown tables (the data card shows them)."""
    keys: dict[str, Callable[[LabelledCall], str | None]] = {
        "form": lambda call: call.form,
        "region": lambda call: call.region,
        "length in syllables": lambda call: f"{call.length // 100 * 100} to {call.length // 100 * 100 + 99}",
        "twin pair": lambda call: "in a pair" if call.pair else "alone",
        "partial": lambda call: "stops before the ask" if call.partial else "whole",
        "honest kind is hard": lambda call: None if call.is_scam else "hard" if call.is_hard else "plain",
        "scam type": lambda call: call.scam_type,
        "honest kind": lambda call: call.legit_kind,
        "author": lambda call: call.author,
    }
    scams = sum(call.is_scam for call in calls)
    lines = [f"{len(calls)} calls: {scams} scam, {len(calls) - scams} legit."]
    for name, key in keys.items():
        found = Counter((value, call.label) for call in calls if (value := key(call)))
        lines += ["", f"| {name} | scam | legit |", "|---|---|---|"]
        lines += [
            f"| {value} | {found[value, SCAM]} | {found[value, LEGIT]} |" for value in sorted({v for v, _ in found})
        ]
    turns = [kinds for call in calls for kinds in call.cues or ()]
    lines += ["", "| cue | turns | calls |", "|---|---|---|"]
    lines += [
        f"| {kind} | {sum(kind in kinds for kinds in turns)} "
        f"| {sum(any(kind in kinds for kinds in call.cues or ()) for call in calls)} |"
        for kind in CUE_KINDS
    ]
    return "\n".join(lines)


def digest(calls: Iterable[LabelledCall]) -> str:
    """SHA-256 over ids, labels and texts, whatever their order."""
    lines = sorted(json.dumps([c.call.to_dict(), c.label, c.scam_type], ensure_ascii=False) for c in calls)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def split_calls(calls: Iterable[LabelledCall], split: Path, part: str) -> list[LabelledCall]:
    """The "train" or "test" part (or "all") as `split` says: {"test_authors": [...], "test_digest"}.

    Raises
    ------
    DataError : the test calls are no longer the ones that were frozen.
    """
    frozen = json.loads(split.read_text(encoding="utf-8"))
    sides: dict[str, list[LabelledCall]] = {"train": [], "test": []}
    for call in calls:
        sides["test" if call.author in frozen["test_authors"] else "train"].append(call)
    found = digest(sides["test"])
    if found != frozen["test_digest"]:
        raise DataError(f"{split}: test calls have digest {found[:16]}, frozen was {frozen['test_digest'][:16]}")
    return [*sides["train"], *sides["test"]] if part == "all" else sides[part]


def _check(record: Mapping[str, Any]) -> tuple[list[str], LabelledCall | None]:
    """Faults of a record, and the call if it could be read at all."""
    faults: list[str] = []
    if record.get("label") not in (SCAM, LEGIT):
        faults.append(f'field "label": {shown(record.get("label"))} is no label that I know; write {KNOWN_LABELS}')
    for name, allowed in CHOICES.items():
        if record.get(name) not in (*allowed, None):
            faults.append(f'field "{name}": {shown(record.get(name))} is not one of {", ".join(allowed)}')
    for name in ("scam_type", "legit_kind"):
        if record.get(name) is not None and not _is_name(record[name]):
            faults.append(f'field "{name}": {shown(record[name])} is no name of a type; {NAME_RULE}')
    if record.get("label") == LEGIT and record.get("scam_type"):
        faults.append(f'field "scam_type": {shown(record["scam_type"])} on a legit call')
    if record.get("label") == SCAM and record.get("legit_kind"):
        faults.append(f'field "legit_kind": {shown(record["legit_kind"])} on a scam call')
    try:
        call = Call.from_record(record)
    except DataError as error:
        return [*faults, str(error)], None
    cues = _cues(record.get("turns") or (), faults)
    if faults:
        return faults, LabelledCall(call, str(record.get("label")))
    names = ("label", "scam_type", "legit_kind", "author", "pair", "region", "form")
    fields = {name: record.get(name) for name in names}
    partial, reviewed, in_loop = (str(record.get(name)).lower() in ("true", "1") for name in MARKS)
    return [], LabelledCall(call, cues=cues, partial=partial, reviewed=reviewed or in_loop, **fields)  # type: ignore[arg-type]


def _is_name(value: Any) -> bool:
    return isinstance(value, str) and value.isidentifier() and value == value.lower() and len(value) <= LONGEST_NAME


def _cues(turns: Iterable[Mapping[str, Any]], faults: list[str]) -> tuple[frozenset[str], ...] | None:
    """The cue kinds of each turn; None when no turn says."""
    given = [turn.get("cues") for turn in turns]
    if not given or all(kinds is None for kinds in given):
        return None
    for number, kinds in enumerate(given):
        for kind in kinds or ():
            if kind not in CUE_KINDS:
                faults.append(f'field "turns[{number}].cues": {shown(kind)} is not one of {", ".join(CUE_KINDS)}')
    return tuple(frozenset(kinds or ()) for kinds in given)
