"""Labelled calls that are tokenised and checked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scamtext.errors import DataError, listed
from scamtext.features.table import Table
from scamtext.labels import LEGIT, SCAM

CallCues = Sequence[frozenset[str]]  # the kinds of cue in each turn of a call


@dataclass(frozen=True, slots=True)
class Examples:
    """Labelled calls, tokenised: n labels, groups, types and cues (None where not known), and which were reviewed."""

    table: Table
    labels: NDArray[np.str_]
    groups: NDArray[Any]
    types: NDArray[np.object_]
    cues: NDArray[np.object_]
    reviewed: NDArray[np.bool_]

    @classmethod
    def of(
        cls,
        table: Table,
        y: Sequence[str],
        scam_type: Sequence[str | None] | None,
        groups: Sequence[str] | None,
        cues: Sequence[CallCues | None] | None,
        reviewed: Sequence[bool] | None,
    ) -> Examples:
        """Checked examples; without groups every call is a group of its own."""
        size = len(table)
        columns = {
            "labels": y,
            "types": scam_type,
            "groups": groups,
            "sets of cues": cues,
            "reviewed marks": reviewed,
        }
        for name, given in columns.items():
            if given is not None and len(given) != size:
                raise DataError(f"{size} calls but {len(given)} {name}")
        labels = np.asarray(y)
        if set(labels) != {SCAM, LEGIT}:
            raise DataError(
                f'labels must be "scam" and "legit", both present; found {listed(sorted(map(str, set(labels))))}'
            )
        for number, (turns, kinds) in enumerate(zip(table.sizes, [None] * size if cues is None else cues, strict=True)):
            if kinds is not None and len(kinds) != turns:
                raise DataError(f"call {number}: cues of {len(kinds)} turns, but it has {turns}")
        members = np.arange(size) if groups is None else np.asarray(groups)
        marks = np.zeros(size, bool) if reviewed is None else np.asarray(reviewed, bool)
        return cls(table, labels, members, _objects(scam_type, size), _objects(cues, size), marks)

    def take(self, rows: NDArray[Any]) -> Examples:
        """The calls at these positions, or where this mask is true."""
        columns = (self.labels, self.groups, self.types, self.cues, self.reviewed)
        return Examples(self.table.take(rows), *(column[rows] for column in columns))

    @property
    def is_scam(self) -> NDArray[np.bool_]:
        """Which calls are scams, shape (n,)."""
        return np.asarray(self.labels == SCAM)

    @property
    def annotated(self) -> NDArray[np.bool_]:
        """Which calls have cue annotations, shape (n,)."""
        return np.array([kinds is not None for kinds in self.cues])


def _objects(values: Sequence[Any] | None, size: int) -> NDArray[np.object_]:
    column = np.empty(size, dtype=object)
    for number, value in enumerate(() if values is None else values):
        column[number] = None if isinstance(value, float) else value  # NaN is a frame's None
    return column
