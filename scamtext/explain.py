"""Why: the linear model's contributions, laid back onto the words that made them.

The logit is bias + sum of coefficient * value over the n-grams of a call, so each n-gram's
share can be split over its occurrences and their syllables without any approximation.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from scamtext.features import Reading
from scamtext.results import WORDING, Evidence
from scamtext.scorer import Grams, Values
from scamtext.trie import ranges

Array = NDArray[Any]

MOST_WORDINGS = 8
LEAST_WEIGHT = 0.05  # log-odds; weaker stretches are left to `other`


class Spread(NamedTuple):
    """A sum by where its parts stand: on each syllable, on each find's mark, or (by text) on no word."""

    syllables: Array
    marks: Array
    other: Array


class Quote(NamedTuple):
    """A cue to tell of: its kind, the syllables it covers (half open), whether it is denied, its find or -1."""

    kind: str
    first: int
    last: int
    negated: bool = False
    find: int = -1


def spread(reading: Reading, grams: Mapping[str, Grams], values: Values, parts: Array) -> Spread:
    """Lay the part of each value onto the occurrences of its n-gram, and these onto their syllables.

    Parameters
    ----------
    grams, values : n-grams of texts, and their values (`Scorer`).
    parts : of each value, its part of the sum (`Scorer.weigh`).
    """
    result = Spread(np.zeros(len(reading.tokens.start)), np.zeros(len(reading.finds)), np.zeros(values.size))
    for name, share in _shares(grams, values, parts).items():
        found, column = grams[name], reading.columns[name]
        weights = np.zeros(len(found.cells))
        for step in range(int(found.length.max(initial=0))):
            longer = found.length > step
            weights += np.bincount(found.token[longer] + step, share[longer], len(weights))
        token = np.flatnonzero(weights)
        cell, weight, text = found.cells.take(token), weights.take(token), found.texts.take(token)
        at_start = cell < 0
        sizes = (
            np.where(at_start, 0, (column.last - column.first).take(cell, mode="wrap"))
            if len(column.form)
            else 0 * cell
        )
        stands = sizes > 0
        np.add.at(result.other, text[~stands], weight[~stands])
        cell, weight, sizes = cell[stands], weight[stands], sizes[stands]
        if name == "cues":
            result.marks[cell] += weight
            continue
        which, place = ranges(column.first.take(cell), sizes)
        result.syllables[:] += np.bincount(place, (weight / sizes).take(which), len(result.syllables))
    return result


def _shares(grams: Mapping[str, Grams], values: Values, parts: Array) -> dict[str, Array]:
    """For each occurrence of an n-gram, what each of its tokens gets."""
    features = 1 + int(values.feature.max(initial=0))
    keys = values.text * features + values.feature
    at = {name: np.searchsorted(keys, found.text * features + found.feature) for name, found in grams.items()}
    counts = np.bincount(np.concatenate(list(at.values())), minlength=len(keys))
    return {name: parts.take(at[name]) / counts.take(at[name]) / found.length for name, found in grams.items()}


def evidence(
    reading: Reading, quotes: Sequence[Sequence[Quote]], weights: Spread
) -> Iterator[tuple[list[Evidence], list[Evidence], float]]:
    """For each call its cues in reading order, all its evidence strongest first, and the log-odds of what is not in it.

    Parameters
    ----------
    quotes : for each call the cues to tell of.
    weights : what the scam head says of the calls, spread.
    """
    tokens = reading.tokens
    turns = tokens.call_turns
    bounds = tokens.first.take(turns).tolist()
    marks = np.zeros(len(quotes))
    np.add.at(marks, tokens.turn_call.take([find.turn for find in reading.finds]), weights.marks)
    for number, (first_turn, start, end) in enumerate(zip(turns.tolist(), bounds, bounds[1:], strict=False)):
        stretch = _Stretch(reading, number, first_turn, start, weights.syllables[start:end])
        shortest = sorted(quotes[number], key=stretch.length)
        # Where quotes overlap, the shorter one is to the point and takes the words they share.
        told = {q: stretch.take(q, float(weights.marks[q.find]) if q.find >= 0 else 0.0) for q in shortest}
        items = [*told.values(), *stretch.wordings()]
        other = float(stretch.weights.sum() + weights.other[number] + marks[number]) - sum(i.weight for i in items)
        cues = [told[quote] for quote in sorted(quotes[number], key=lambda quote: quote.first)]
        yield cues, sorted(items, key=lambda item: -abs(item.weight)), other


class _Stretch:
    """The syllables of one call, their weights, and which of them no quote has taken."""

    def __init__(self, reading: Reading, call: int, first_turn: int, start: int, weights: Array) -> None:
        self._tokens, self._call = reading.tokens, reading.tokens.calls[call]
        self._first_turn, self._start = first_turn, start
        self.weights, self._free = weights, np.ones(len(weights), dtype=bool)

    def length(self, quote: Quote) -> int:
        """How many characters a quote has."""
        return int(self._tokens.end[quote.last - 1] - self._tokens.start[quote.first])

    def take(self, quote: Quote, mark: float) -> Evidence:
        """A quote as evidence, with the weight of its syllables that are free and of its mark."""
        inside = slice(quote.first - self._start, quote.last - self._start)
        weight = float(self.weights[inside] @ self._free[inside])
        self._free[inside] = False
        return self._evidence(quote, weight + mark)

    def wordings(self) -> list[Evidence]:
        """The strongest runs of free syllables, neighbours in a turn, whose weights have one sign."""
        place = np.flatnonzero(self._free)
        if not len(place):
            return []
        weights, turn = self.weights.take(place), self._tokens.turn.take(place + self._start)
        sign = weights > 0
        breaks = (place[1:] - place[:-1] > 1) | (sign[1:] != sign[:-1]) | (turn[1:] != turn[:-1])
        firsts = np.append(0, np.flatnonzero(breaks) + 1)
        sums = np.add.reduceat(weights, firsts)
        lasts = np.append(firsts[1:], len(place)) - 1
        strongest = np.argsort(-np.abs(sums), kind="stable")[:MOST_WORDINGS]
        strongest = strongest[np.abs(sums[strongest]) >= LEAST_WEIGHT]
        runs = (place[np.stack([firsts, lasts])[:, strongest]] + self._start).T.tolist()
        return [
            self._evidence(Quote(WORDING, first, last + 1), weight)
            for (first, last), weight in zip(runs, sums[strongest].tolist(), strict=True)
        ]

    def _evidence(self, quote: Quote, weight: float) -> Evidence:
        place = int(self._tokens.turn[quote.first]) - self._first_turn
        turn = self._call.turns[place]
        start, end = int(self._tokens.start[quote.first]), int(self._tokens.end[quote.last - 1])
        return Evidence(quote.kind, place, turn.speaker, start, end, turn.text[start:end], weight, quote.negated)


def locate(weights: Array) -> tuple[int, int]:
    """The syllables of a turn that speak for a cue (half open): the run with the highest sum over the turn's
    average strength, so that a long turn is not quoted whole.

    Parameters
    ----------
    weights : what the cue's head says of the turn, by syllable; not empty.
    """
    usual = float(np.abs(weights).mean())
    best, first, last, start, total = -math.inf, 0, 0, 0, 0.0
    for position, weight in enumerate(weights.tolist()):  # Kadane's scan for the highest sum
        if total < 0:
            start, total = position, 0.0
        total += weight - usual
        if total > best:
            best, first, last = total, start, position
    if weights.max() <= 0:  # no single word speaks for it; the turn as a whole was heard
        return 0, len(weights)
    return first, last + 1
