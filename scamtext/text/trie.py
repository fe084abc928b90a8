"""Tries packed into arrays, so that many searches go one step further at once.

Child b of node a stands at place base[a] + b if the owner of that place is a.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

import numpy as np

from scamtext._typing import Array

STEP = 256  # bases that are tried at once


def pack(children: Mapping[int, Mapping[int, int]], parents: int, reach: int) -> dict[str, Array]:
    """Place each parent's children at the first base where all their places are free, large families first.

    Parameters
    ----------
    children : for each parent its children, by label, and what is kept of each.
    parents : how many parents may be asked for, 0 up.
    reach : how many labels may be asked for, 0 up.

    Returns
    -------
    Arrays `base` (by parent), `owner` and `row` (by place).
    """
    base = np.zeros(parents, np.int32)
    owner, row = np.full(reach, -1, np.int32), np.zeros(reach, np.int32)
    front: defaultdict[int, int] = defaultdict(lambda: 1)  # families as large found no base before
    families = sorted(children, key=lambda parent: (-len(children[parent]), parent))
    for parent in (parent for parent in families if len(children[parent]) > 1):
        own = np.array(sorted(children[parent]))
        start = front[len(own)] - STEP
        fits = np.zeros(STEP, dtype=bool)
        while not fits.any():
            start += STEP
            if len(owner) < start + STEP + reach:
                owner = np.concatenate([owner, np.full(len(owner) + STEP + reach, -1, np.int32)])
                row = np.concatenate([row, np.zeros(len(row) + STEP + reach, np.int32)])
            fits = (owner[start + np.arange(STEP)[:, None] + own] < 0).all(axis=1)
        base[parent] = front[len(own)] = start = start + int(fits.argmax())
        owner[start + own] = parent
        row[start + own] = [children[parent][child] for child in own.tolist()]
    single = (parent for parent in families if len(children[parent]) == 1)
    only = sorted((*next(iter(children[parent].items())), parent) for parent in single)
    owner, row = _fill_gaps(only, base, owner, row, reach)
    end = int(base.max()) + reach  # any label may be asked for
    return {"base": base, "owner": owner[:end], "row": row[:end]}


def _fill_gaps(
    only: Sequence[tuple[int, int, int]], base: Array, owner: Array, row: Array, reach: int
) -> tuple[Array, Array]:
    """Place only children (label, what is kept, parent; sorted by label) where places are free; set `base`."""
    free = np.flatnonzero(np.append(owner, np.full(len(only) + reach + 1, -1)) < 0).tolist()
    owner = np.append(owner, np.full(len(only) + 2 * reach + 1, -1, np.int32))
    row = np.append(row, np.zeros(len(only) + 2 * reach + 1, np.int32))
    at = 0
    for label, kept, parent in only:
        while free[at] <= label:
            at += 1
        base[parent], owner[free[at]], row[free[at]] = free[at] - label, parent, kept
        at += 1
    return owner, row


def ranges(starts: Array, sizes: Array) -> tuple[Array, Array]:
    """Ranges of these sizes in a row: for each number in them, which range it is of, and the number.

    >>> ranges(np.array([7, 2]), np.array([2, 3]))
    (array([0, 0, 1, 1, 1]), array([7, 8, 2, 3, 4]))
    """
    owner = np.arange(len(sizes)).repeat(sizes)
    return owner, np.arange(len(owner)) + (starts - sizes.cumsum() + sizes).take(owner)


def step(trie: tuple[Array, Array, Array], nodes: Array, labels: Array) -> tuple[Array, Array]:
    """Which nodes have a child by their label, and what is kept of each such child."""
    base, owner, row = trie
    places = base.take(nodes) + labels
    here = (owner.take(places) == nodes).nonzero()[0]
    return here, row.take(places.take(here))
