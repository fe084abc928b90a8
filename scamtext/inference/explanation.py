"""Why: the linear model's contributions, laid back onto the words that made them.

The logit is bias + sum of coefficient * value over the n-grams of a call, so each n-gram's
share can be split over its occurrences and their syllables without any approximation.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import chain, compress, pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from scamtext._typing import Array
from scamtext.features.columns import Reading
from scamtext.inference.ngrams import Grams
from scamtext.labels import WORDING
from scamtext.text.trie import ranges
from scamtext.verdict.results import Evidence

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


def spread(grams: Grams, share: Array, syllables: int, finds: int, texts: int) -> Spread:
    """Lay the shares of n-grams (`Scorer.shares`) onto so many syllables and finds that their tokens stand for."""
    weights = np.bincount(grams.token, share, len(grams.text))
    for step in range(1, int(grams.length.max(initial=0))):
        longer = (grams.length > step).nonzero()[0]
        weights += np.bincount(grams.token.take(longer) + step, share.take(longer), len(weights))
    sizes = grams.last - grams.first
    nowhere, somewhere = ((sizes == 0) & (weights != 0)).nonzero()[0], sizes.nonzero()[0]
    other = np.bincount(grams.text.take(nowhere), weights.take(nowhere), texts)
    sizes = sizes.take(somewhere)
    which, place = ranges(grams.first.take(somewhere), sizes)
    told = np.bincount(place, (weights.take(somewhere) / sizes).take(which), syllables + finds)
    return Spread(told[:syllables], told[syllables:], other)


def evidence(
    reading: Reading, quotes: Sequence[Sequence[Quote]], weights: Spread
) -> Iterator[tuple[list[Evidence], list[Evidence], float]]:
    """For each call its cues in reading order, all its evidence strongest first, and the log-odds of what is not in it.

    Parameters
    ----------
    quotes : for each call the cues to tell of.
    weights : what the scam head says of the calls, spread.
    """
    calls = reading.tokens.turn_call
    marks = np.bincount(
        calls.take(np.array([find.turn for find in reading.finds], dtype=int)), weights.marks, len(quotes)
    )
    spoken = np.bincount(calls.take(reading.tokens.turn), weights.syllables, len(quotes))
    cited, free = _cite(reading, quotes, weights)
    worded = _wordings(reading, free.nonzero()[0], weights.syllables)
    totals = (marks + spoken + weights.other).tolist()
    for found, total in zip(_to_evidence(reading, [*cited, *worded], len(quotes)), totals, strict=True):
        cues = sorted((item for item in found if item.kind != WORDING), key=lambda item: (item.turn, item.start))
        yield cues, sorted(found, key=lambda item: -abs(item.weight)), total - sum(item.weight for item in found)


def _cite(
    reading: Reading, quotes: Sequence[Sequence[Quote]], weights: Spread
) -> tuple[list[tuple[Quote, float]], NDArray[np.bool_]]:
    """Quotes with their weights, and which syllables are in none.

    Where quotes overlap, the shorter one is to the point and takes the words they share.
    """
    cited = list(chain.from_iterable(quotes))
    start = reading.tokens.start.take(np.array([quote.first for quote in cited], dtype=int))
    length = reading.tokens.end.take(np.array([quote.last - 1 for quote in cited], dtype=int)) - start
    syllables, marks = weights.syllables.tolist(), weights.marks.tolist()
    free = bytearray(b"\1") * len(syllables)
    told = [0.0] * len(cited)
    for number in np.argsort(length, kind="stable").tolist():
        quote = cited[number]
        inside = slice(quote.first, quote.last)
        told[number] = sum(compress(syllables[inside], free[inside])) + (marks[quote.find] if quote.find >= 0 else 0.0)
        free[inside] = bytes(quote.last - quote.first)
    return list(zip(cited, told, strict=True)), np.frombuffer(free, bool)


def _wordings(reading: Reading, place: Array, syllables: Array) -> list[tuple[Quote, float]]:
    """The strongest runs of syllables at these places in each call, neighbours in a turn with weights of one sign."""
    if not len(place):
        return []
    weights, turn = syllables.take(place), reading.tokens.turn.take(place)
    sign = weights > 0
    breaks = (place[1:] - place[:-1] > 1) | (sign[1:] != sign[:-1]) | (turn[1:] != turn[:-1])
    firsts = np.append(0, breaks.nonzero()[0] + 1)
    lasts = np.append(firsts[1:], len(place)) - 1
    sums = np.add.reduceat(weights, firsts)
    strong = (np.abs(sums) >= LEAST_WEIGHT).nonzero()[0]
    call = reading.tokens.turn_call.take(turn.take(firsts.take(strong)))
    order = np.lexsort((-np.abs(sums.take(strong)), call))
    rank = np.arange(len(order)) - np.searchsorted(call, call)  # calls stand in order
    strongest = strong.take(order[rank < MOST_WORDINGS])
    first, last = place.take(firsts.take(strongest)).tolist(), place.take(lasts.take(strongest)).tolist()
    return [
        (Quote(WORDING, a, b + 1), weight)
        for a, b, weight in zip(first, last, sums.take(strongest).tolist(), strict=True)
    ]


def _to_evidence(reading: Reading, told: Sequence[tuple[Quote, float]], calls: int) -> list[list[Evidence]]:
    """Quotes with their weights as the evidence of each call."""
    tokens = reading.tokens
    found: list[list[Evidence]] = [[] for _ in range(calls)]
    first = np.array([quote.first for quote, _ in told], dtype=int)
    last = np.array([quote.last for quote, _ in told], dtype=int) - 1
    turn = tokens.turn.take(first)
    call = tokens.turn_call.take(turn)
    columns = call, turn - tokens.call_turns.take(call), tokens.start.take(first), tokens.end.take(last)
    for (quote, weight), number, place, start, end in zip(told, *(column.tolist() for column in columns), strict=True):
        spoken = tokens.calls[number].turns[place]
        text = spoken.text[start:end]
        found[number].append(Evidence(quote.kind, place, spoken.speaker, start, end, text, weight, quote.negated))
    return found


def locate(weights: Array, starts: Array) -> list[tuple[int, int]]:
    """The syllables of turns that speak for a cue (half open): the run with the highest sum over the turn's
    average strength, so that a long turn is not quoted whole.

    Parameters
    ----------
    weights : what the cue's head says of the turns, by syllable.
    starts : where each turn begins; none is empty.
    """
    sizes = np.diff(np.append(starts, len(weights)))
    over = weights - np.repeat(np.add.reduceat(np.abs(weights), starts) / sizes, sizes)
    is_over = over > 0
    is_first = np.append(True, is_over[1:] != is_over[:-1])
    is_first[starts] = True
    firsts = is_first.nonzero()[0]  # of runs that are over the average, or not
    sums, places = np.add.reduceat(over, firsts).tolist(), firsts.tolist()
    places.append(len(weights))
    bounds = np.searchsorted(firsts, np.append(starts, len(weights))).tolist()
    unsupported = (
        np.maximum.reduceat(weights, starts) <= 0
    )  # no single word speaks for it; the turn as a whole was heard
    found = []
    for number, (a, b) in enumerate(pairwise(bounds)):
        first, last = (a, b) if unsupported[number] else _highest(sums, a, b)
        found.append((places[first], places[last]))
    return found


def _highest(sums: Sequence[float], first: int, last: int) -> tuple[int, int]:
    """The neighbours among `sums[first:last]` with the highest sum (Kadane's scan)."""
    best, found, start, total = -math.inf, (first, last), first, 0.0
    for place in range(first, last):
        if total < 0:
            start, total = place, 0.0
        total += sums[place]
        if total > best:
            best, found = total, (start, place + 1)
    return found
