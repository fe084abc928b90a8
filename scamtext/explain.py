"""Why: the linear model's contributions, laid back onto the words that made them.

The logit is bias + sum of coefficient * value over the n-grams of a call, so each n-gram's
share can be split over its occurrences and their syllables without any approximation.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from scamtext.features import Reading
from scamtext.results import WORDING, Evidence
from scamtext.scorer import Grams, Values

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
        place = np.repeat(column.first.take(cell) - np.cumsum(sizes) + sizes, sizes) + np.arange(sizes.sum())
        result.syllables[:] += np.bincount(place, np.repeat(weight / sizes, sizes), len(result.syllables))
    return result


def _shares(grams: Mapping[str, Grams], values: Values, parts: Array) -> dict[str, Array]:
    """For each occurrence of an n-gram, what each of its tokens gets."""
    features = 1 + int(values.feature.max(initial=0))
    keys = values.text * features + values.feature
    at = {name: np.searchsorted(keys, found.text * features + found.feature) for name, found in grams.items()}
    counts = np.bincount(np.concatenate(list(at.values())), minlength=len(keys))
    return {name: parts.take(at[name]) / counts.take(at[name]) / found.length for name, found in grams.items()}


def evidence(
    reading: Reading, call: int, quotes: Sequence[Quote], weights: Spread
) -> tuple[list[Evidence], list[Evidence], float]:
    """The cues of one call in reading order, all evidence strongest first, and the log-odds of what is not in it.

    Parameters
    ----------
    quotes : the cues to tell of.
    weights : what the scam head says of the batch, spread.
    """
    tokens = reading.tokens
    start, end = tokens.bounds(call)
    left = weights.syllables[start:end].copy()
    free = np.ones(len(left), dtype=bool)
    total = left.sum() + weights.other[call] + sum(weights.marks[find] for find in reading.finds_of(call))
    items: list[Evidence] = []
    shortest = sorted(quotes, key=lambda quote: int(tokens.end[quote.last - 1] - tokens.start[quote.first]))
    # Where quotes overlap, the shorter one is to the point and takes the words they share.
    for quote in shortest:
        inside = slice(quote.first - start, quote.last - start)
        weight = left[inside][free[inside]].sum() + (weights.marks[quote.find] if quote.find >= 0 else 0.0)
        free[inside] = False
        items.append(_evidence(reading, call, quote, float(weight)))
    told = dict(zip(shortest, items, strict=True))
    cues = [told[quote] for quote in sorted(quotes, key=lambda quote: quote.first)]
    items += _wordings(reading, call, left, free)
    other = float(total) - sum(item.weight for item in items)
    return cues, sorted(items, key=lambda item: -abs(item.weight)), other


def _wordings(reading: Reading, call: int, weights: Array, free: NDArray[np.bool_]) -> list[Evidence]:
    """The strongest runs of neighbouring syllables of a turn, outside of quotes, whose weights have one sign."""
    tokens = reading.tokens
    start, end = tokens.bounds(call)
    place = np.flatnonzero(free)
    if not len(place):
        return []
    sign, turn = weights.take(place) > 0, tokens.turn[start:end].take(place)
    breaks = (np.diff(place) > 1) | (sign[1:] != sign[:-1]) | (turn[1:] != turn[:-1])
    firsts = np.concatenate([[0], np.flatnonzero(breaks) + 1])
    sums = np.add.reduceat(weights.take(place), firsts)
    lasts = np.append(firsts[1:], len(place)) - 1
    strongest = [
        run for run in np.argsort(-np.abs(sums), kind="stable")[:MOST_WORDINGS] if abs(sums[run]) >= LEAST_WEIGHT
    ]
    return [
        _evidence(
            reading,
            call,
            Quote(WORDING, start + int(place[firsts[run]]), start + int(place[lasts[run]]) + 1),
            float(sums[run]),
        )
        for run in strongest
    ]


def _evidence(reading: Reading, call: int, quote: Quote, weight: float) -> Evidence:
    tokens = reading.tokens
    number = int(tokens.turn[quote.first])
    place = number - int(np.searchsorted(tokens.turn_call, call))
    turn = tokens.calls[call].turns[place]
    start, end = int(tokens.start[quote.first]), int(tokens.end[quote.last - 1])
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
