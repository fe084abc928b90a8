"""The conditional random field of underthesea's word segmentation, over arrays; see `segmentation` for how it works."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cached_property

import numpy as np

from scamtext._typing import Array

Template = tuple[str, int, int]  # kind ("" is the spelling), offset of the first token, number of tokens


SPELLINGS = ("", "lower")  # kinds of template that see the tokens themselves


REACH = 2  # how many tokens a template looks to either side


ROUNDS = 4  # over all tokens at once, after which one in a thousand still moves


GUARD = 1e-9  # wider than the rounding of sums, narrower than chance differences


BOS, EOS = -2, -1  # the last two weights of each template


_TEMPLATE = re.compile(r"T\[(-?\d)(?:,(-?\d))?\](?:\.(\w+))?")


EDGES = {"BOS": BOS, "EOS": EOS}


CONSTANTS = {"False": 0, "True": 1, **EDGES}


WIDTHS = {1: "token", 2: "pair", 3: "triple"}


class ConditionalRandomField:
    """The conditional random field, over rows of tokens."""

    def __init__(self, tables: Mapping[str, Array]) -> None:
        parts = ("base", "owner", "row")
        self._trie = {width: [tables[f"{WIDTHS[width]}_{part}"] for part in parts] for width in (2, 3)}
        (bb, bi), (ib, ii) = self._transitions = tables["transitions"].tolist()
        self._c, self._lo, self._hi = ib - bi, bb - bi, ib - ii
        self._middle, self._half = (ib - bb + ii - bi) / 2, (ib - bb - ii + bi) / 2
        size = len(tables["lower"])  # rows as in _Rows
        self._cased = np.concatenate([np.arange(size), np.zeros(2 * size + 2, int)])
        self._lower = np.concatenate([tables["lower"], np.arange(size).repeat(2), [0, 0]])
        self._title = np.concatenate([tables["title"], np.arange(2 * size) % 2 > 0, [True, False]])
        self._number = np.concatenate([tables["number"], np.zeros(2 * size, bool), [True, False]])
        self._listed = {width: tables[f"{name}_listed"].astype(int) for width, name in WIDTHS.items()}
        self._templates = [parse_template(name) for name in decode_text(tables["templates"]).split("\n")]
        self._entries = [tables[f"weight{part}"] for part in ("_template", "_value", "")]
        self._fold()

    def _spread(self, weights: Array) -> Iterator[Array]:
        """For each template the weight of each value, zero where the model has none."""
        owners, values, _ = self._entries
        bounds = np.searchsorted(owners, np.arange(len(self._templates) + 1))
        for i, (kind, _, width) in enumerate(self._templates):
            size = len(self._listed[width]) + len(EDGES) if kind in SPELLINGS else len(CONSTANTS)
            spread = np.zeros((size, *weights.shape[1:]))
            spread[values[bounds[i] : bounds[i + 1]]] = weights[bounds[i] : bounds[i + 1]]
            yield spread

    @cached_property
    def _weights(self) -> list[Array]:
        return list(self._spread(self._entries[2]))

    def _fold(self) -> None:
        """Sum up the templates by width and place; pairs and triples as differences to an unknown one."""
        seen = self._singles(np.arange(len(self._cased)))
        shapes = {1: len(self._cased), 2: len(self._listed[2]), 3: len(self._listed[3])}
        sums = [{width: np.zeros((2 * REACH + 1, size)) for width, size in shapes.items()} for _ in range(2)]
        self._spelt, self._lowered = sums
        self._titles: list[tuple[int, int, float]] = []
        usual, edge = 0.0, np.zeros(2 * REACH + 1)
        b, i = self._entries[2].T
        for (kind, offset, width), weight in zip(self._templates, self._spread(b - i), strict=True):
            place, last, unknown = offset + REACH, offset + width - 1, weight[0] * (width > 1)
            usual += unknown
            edge[place] += (weight[BOS] - unknown) * (offset < 0)
            edge[last + REACH] += (weight[EOS] - unknown) * (last > 0)  # never both: one token alone needs no label
            if width == 1:
                self._spelt[1][place] += weight[seen[kind]]
            elif kind == "istitle":
                self._titles.append((offset, width, weight[1] - unknown))
            elif kind == "is_in_dict":
                self._lowered[width][place] += weight[self._listed[width]] - unknown
            else:
                (self._lowered if kind else self._spelt)[width][place] += weight[:BOS]
        self._spelt[1][REACH] += usual
        self._spelt[1][:, -1] = edge
        self._both = {width: self._spelt[width] + self._lowered[width] for width in (2, 3)}

    def begins(self, rows: Array, edges: Array, starts: Array, ends: Array) -> Array:
        """Whether each row begins a word; texts go from `starts` to `ends` and have two edges around them."""
        scores = self._scores(rows)
        d = self._forward(scores, edges)
        last = ends[ends > starts] - 1
        over = np.abs(d - self._middle) - self._half
        labels: Array = d > self._middle  # true is B
        between = over < 0
        labels[last] = d[last] >= 0
        between[last] = between[edges] = False
        at, sure = np.flatnonzero(between), np.flatnonzero(~between)
        following = sure[np.cumsum(~between)[at]]
        labels[at] = labels[following] ^ ((following - at) % 2 == 1)
        guard = GUARD * (1 + len(rows) / 10_000)  # underthesea's sums grow with the text, and their rounding
        close = np.abs(over) < guard
        close[last] |= np.abs(d[last]) < guard
        for text in set((np.searchsorted(starts, np.flatnonzero(close), "right") - 1).tolist()):
            labels[starts[text] : ends[text]] = self._replay(rows[starts[text] : ends[text]])
        labels[starts] = True
        return labels

    def _scores(self, rows: Array) -> Array:
        """e(t) for every row."""
        scores = np.zeros(len(rows))
        for place, weights in enumerate(self._spelt[1]):
            _add(scores, weights.take(rows), place - REACH)
        title = self._title.take(rows)
        for offset, width, weight in self._titles:
            _add(scores, _all(title, width) * weight, offset)
        cased, lower = self._cased.take(rows), self._lower.take(rows)
        apart, together = [(cased, self._spelt), (lower, self._lowered)], [(lower, self._both)]
        for ids, sums in together if np.array_equal(cased, lower) else apart:
            nodes, pairs = self._pairs(ids)
            for place in range(4):
                _add(scores, sums[2][place].take(pairs), place - REACH)
            at, triples = self._triples(ids, nodes)
            for place in range(3):
                scores[at + REACH - place] += sums[3][place].take(triples)
        return scores

    def _pairs(self, ids: Array) -> tuple[Array, Array]:
        """Trie node and weight row of the pair that begins at each token but the last; 0 if unknown."""
        base, owner, row = self._trie[2]
        nodes = base.take(ids[:-1]) + ids[1:]
        nodes *= owner.take(nodes) == ids[:-1]
        return nodes, row.take(nodes)

    def _triples(self, ids: Array, nodes: Array) -> tuple[Array, Array]:
        """Where known triples begin, and their weight rows."""
        base, owner, row = self._trie[3]
        at = np.flatnonzero(base.take(nodes[:-1]))
        parents = nodes.take(at)
        places = base.take(parents) + ids.take(at + 2)
        known = owner.take(places) == parents
        return at[known], row.take(places[known])

    def _forward(self, scores: Array, edges: Array) -> Array:
        """d(t) for every row; C at edges, so that the first token of a text sees a clip of zero."""
        before = d = scores
        for _ in range(ROUNDS):
            before, d = d, scores.copy()
            d[1:] += np.minimum(np.maximum(self._c - before[:-1], self._lo), self._hi)
            d[edges] = self._c
        is_edge = np.zeros(len(d), bool)
        is_edge[edges] = True
        # One by one behind the few still moving: a run of unknown tokens takes as many rounds as it is long.
        for moved in np.flatnonzero(d != before).tolist():
            t = moved + 1
            while not is_edge[t] and d[t] != (now := scores[t] + min(max(self._c - d[t - 1], self._lo), self._hi)):
                d[t] = now
                t += 1
        return d

    def _replay(self, rows: Array) -> list[bool]:
        """The labels of one text (True is B), with underthesea's additions in underthesea's order."""
        seen, sums = self._seen(rows), np.zeros((len(rows), 2))
        for (kind, offset, width), weights in zip(self._templates, self._weights, strict=True):
            begin = np.arange(offset, offset + len(rows))
            value = np.where(begin < 0, BOS, EOS)
            inside = (begin >= 0) & (begin + width <= len(rows))
            value[inside] = seen[kind, width][begin[inside]]
            sums += weights[value]
        (bb, bi), (ib, ii) = self._transitions
        (b, i), *others = sums.tolist()
        choices = []
        for to_b, to_i in others:
            choices.append((b + bb >= i + ib, b + bi >= i + ii))
            b, i = max(b + bb, i + ib) + to_b, max(b + bi, i + ii) + to_i
        labels = [b >= i]
        for choice in reversed(choices):
            labels.append(choice[0] if labels[-1] else choice[1])
        return labels[::-1]

    def _seen(self, rows: Array) -> dict[tuple[str, int], Array]:
        """What templates see from each token on, by kind and width."""
        seen = {(kind, 1): values for kind, values in self._singles(rows).items()}
        for kind in SPELLINGS:
            nodes, seen[kind, 2] = self._pairs(seen[kind, 1])
            at, triples = self._triples(seen[kind, 1], nodes)
            seen[kind, 3] = np.zeros(len(rows), int)
            seen[kind, 3][at] = triples
        for width in (2, 3):
            seen["istitle", width] = _all(seen["istitle", 1], width)
            seen["is_in_dict", width] = self._listed[width].take(seen["lower", width])
        return seen

    def _singles(self, rows: Array) -> dict[str, Array]:
        lower, title, number = self._lower.take(rows), self._title.take(rows), self._number.take(rows)
        flags = {"istitle": title.astype(int), "isdigit": number.astype(int), "is_in_dict": self._listed[1].take(lower)}
        return {"": self._cased.take(rows), "lower": lower, **flags}


def parse_template(name: str) -> Template:
    """A feature template from its name, "T[-1,1].lower"."""
    match = _TEMPLATE.fullmatch(name)
    if match is None:
        raise ValueError(f"unknown feature template {name}")
    first, last, kind = match.groups()
    return kind or "", int(first), int(last or first) - int(first) + 1


def _add(scores: Array, values: Array, offset: int) -> None:
    """Add to each score the value that stands `offset` further on."""
    start, stop = max(0, -offset), min(len(scores), len(values) - offset)
    scores[start:stop] += values[start + offset : stop + offset]


def _all(flags: Array, width: int) -> Array:
    """Whether `width` neighbours have the flag, from each position on."""
    every = flags[: len(flags) - width + 1].copy()
    for step in range(1, width):
        every &= flags[step : step + len(every)]
    return every


def decode_text(array: Array) -> str:
    """Return the UTF-8 text that an array of bytes holds."""
    return array.tobytes().decode()
