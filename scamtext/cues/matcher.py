"""All phrases of a lexicon as one automaton over whole syllables, in arrays, for many turns at once.

A state is what has been read of a phrase. From a state one goes on by the next syllable, or over a gap
of up to n syllables. All turns are searched together: a step takes every open search one syllable
further, so the work is a few array operations for each syllable of the longest phrase.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from scamtext._typing import Array
from scamtext.text.trie import pack, ranges, step

Row = Sequence[str | int]  # a phrase: syllables, and gaps as their greatest length


class Found(NamedTuple):
    """Where phrases were found: entry, and syllables start..end (half open) of the joined turns."""

    entry: Array
    start: Array
    end: Array


def compile_automaton(rows: Iterable[tuple[Row, int]]) -> dict[str, Array]:
    """Arrays for `Automaton`.

    Parameters
    ----------
    rows : phrases, each with the number of the entry that it belongs to.
    """
    syllables: dict[str, int] = {}
    children: list[dict[int, int]] = [{}]
    gaps: list[dict[int, int]] = [{}]
    entries: list[list[int]] = [[]]

    def follow(edges: dict[int, int], label: int) -> int:
        if label not in edges:
            edges[label] = len(children)
            children.append({})
            gaps.append({})
            entries.append([])
        return edges[label]

    for row, entry in rows:
        state = 0
        for item in row:
            if isinstance(item, int):
                state = follow(gaps[state], item)
            else:
                state = follow(children[state], syllables.setdefault(item, len(syllables) + 1))
        entries[state].append(entry)
    family = {state: edges for state, edges in enumerate(children) if edges}
    return {
        "syllables": np.frombuffer("\n".join(syllables).encode(), np.uint8),
        **pack(family, len(children), len(syllables) + 1),
        **_lists("gap", [[part for edge in edges.items() for part in edge] for edges in gaps]),
        **_lists("entry", entries),
    }


def _lists(name: str, lists: Sequence[Sequence[int]]) -> dict[str, Array]:
    """Lists of different lengths as one array and where each begins."""
    starts = np.cumsum([0, *map(len, lists)])
    flat = [item for items in lists for item in items]
    return {f"{name}_starts": starts.astype(np.int32), name: np.array(flat, dtype=np.int32)}


class Automaton:
    """The phrases of `compile_automaton`, ready to be found."""

    def __init__(self, arrays: Mapping[str, Array]) -> None:
        self.arrays = arrays
        known = arrays["syllables"].tobytes().decode().split("\n")
        self.numbers = {syllable: number for number, syllable in enumerate(known, 1)}
        self._trie = arrays["base"], arrays["owner"], arrays["row"]
        self._gap_starts, self._gap = arrays["gap_starts"], arrays["gap"]
        self._has_gap = np.diff(self._gap_starts) > 0
        self._entry_starts, self._entry = arrays["entry_starts"], arrays["entry"]

    def find(self, ids: Array, ends: Array) -> Found:
        """All phrases in turns.

        Parameters
        ----------
        ids : numbers (`numbers`, 0 if not there) of the syllables of all turns in a row.
        ends : for each syllable where its turn ends.
        """
        start = position = ids.nonzero()[0]
        state = np.zeros(len(start), int)
        passed = [(start[:0], start[:0], start[:0])]
        while len(start):
            here, state = step(self._trie, state, ids.take(position))
            start, position = start.take(here), position.take(here) + 1
            passed.append((state, start, position))
            gapped = self._has_gap.take(state).nonzero()[0]
            if len(gapped):
                skipped, gap_state, skips = self._over_gaps(state.take(gapped))
                skipped = gapped.take(skipped)
                start = np.concatenate([start, start.take(skipped)])
                position = np.concatenate([position, position.take(skipped) + skips])
                state = np.concatenate([state, gap_state])
            inside = (position < ends.take(start)).nonzero()[0]
            start, state, position = start.take(inside), state.take(inside), position.take(inside)
        state, start, position = map(np.concatenate, zip(*passed, strict=True))
        owner, entry = _expand(self._entry_starts, self._entry, state)
        return Found(entry, start.take(owner), position.take(owner))

    def _over_gaps(self, state: Array) -> tuple[Array, Array, Array]:
        """For searches whose state has gaps: which search, the state behind the gap, and the syllables skipped."""
        owner, edges = _expand(self._gap_starts, self._gap, state)
        owner, lengths, targets = owner[::2], edges[::2], edges[1::2]
        which, skips = ranges(np.zeros_like(lengths), lengths + 1)
        return owner.take(which), targets.take(which), skips


def _expand(starts: Array, items: Array, wanted: Array) -> tuple[Array, Array]:
    """The items of all wanted lists in a row, and for each the position in `wanted` of its list."""
    first = starts.take(wanted)
    owner, places = ranges(first, starts.take(wanted + 1) - first)
    return owner, items.take(places)
