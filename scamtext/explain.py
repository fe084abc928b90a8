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
from scamtext.scorer import Grams
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


def spread(grams: Mapping[str, Grams], shares: Mapping[str, Array], syllables: int, finds: int, texts: int) -> Spread:
    """Lay the shares of n-grams (`Scorer.shares`) onto so many syllables and finds that their tokens stand for."""
    result = Spread(np.zeros(syllables), np.zeros(finds), np.zeros(texts))
    for family, found in grams.items():
        share, size = shares[family], len(found.text)
        weights = np.bincount(found.token, share, size)
        for step in range(1, int(found.length.max(initial=0))):
            longer = np.flatnonzero(found.length > step)
            weights += np.bincount(found.token.take(longer) + step, share.take(longer), size)
        sizes_of = found.last - found.first
        nowhere, somewhere = np.flatnonzero((sizes_of == 0) & (weights != 0)), np.flatnonzero(sizes_of)
        result.other[:] += np.bincount(found.text.take(nowhere), weights.take(nowhere), len(result.other))
        first, sizes_of, weights = found.first.take(somewhere), sizes_of.take(somewhere), weights.take(somewhere)
        onto = result.marks if family == "cues" else result.syllables
        if sizes_of.max(initial=0) > 1:
            which, first = ranges(first, sizes_of)
            weights = (weights / sizes_of).take(which)
        onto[:] += np.bincount(first, weights, len(onto))
    return result


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
