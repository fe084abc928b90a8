"""Why: the linear model's contributions, laid back onto the words that made them.

The logit is bias + sum of coefficient * value over the n-grams of a call, so each n-gram's
share can be split over its occurrences and their syllables without any approximation.
"""

from __future__ import annotations

import itertools
import math
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from scamtext.calls import Call
from scamtext.features import COLUMNS, START, Placed, Reading, mark, ngrams
from scamtext.results import WORDING, Evidence

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

MOST_WORDINGS = 8
LEAST_WEIGHT = 0.05  # log-odds; weaker stretches are left to `other`


def explain(
    call: Call, reading: Reading, cues: Sequence[Evidence], pipeline: Pipeline, features: Any
) -> tuple[tuple[Evidence, ...], float]:
    """Evidence for one call, strongest first, and the log-odds of everything that is not in it.

    Parameters
    ----------
    call, reading : the call and what `features.read_call` made of it.
    cues : the cues to tell of, each a stretch of the call.
    pipeline : the fitted pipeline.
    features : the call's row of TF-IDF values, sparse, shape (1, n_features).
    """
    shares = features.multiply(pipeline["scam"].coef_)
    weights, marks, other = _spread(reading, pipeline, shares)
    left = dict(enumerate(weights))
    spots = _spots(reading)
    evidence = []
    # Where quotes overlap, the shorter one is to the point and takes the words they share.
    for cue in sorted(cues, key=lambda cue: cue.end - cue.start):
        weight = marks.pop((cue.turn, cue.start, mark(cue)), 0.0)
        inside = range(bisect_left(spots, (cue.turn, cue.start)), bisect_left(spots, (cue.turn, cue.end)))
        evidence.append(replace(cue, weight=weight + sum(left.pop(position, 0.0) for position in inside)))
    runs = [(sum(left[position] for position in run), run) for run in _runs(left, reading.syllables)]
    other += sum(marks.values()) + sum(left.values())
    for weight, run in sorted(runs, key=lambda item: -abs(item[0]))[:MOST_WORDINGS]:
        if abs(weight) >= LEAST_WEIGHT:
            other -= weight
            evidence.append(_quote(call, WORDING, reading.syllables[run[0]], reading.syllables[run[-1]], weight))
    return tuple(sorted(evidence, key=lambda item: -abs(item.weight))), other


def locate(call: Call, turn: Reading, kind: str, pipeline: Pipeline, shares: Any) -> list[Evidence]:
    """The words of a turn that speak for a cue; none in an empty turn.

    They are the run of syllables with the highest sum over the turn's average strength, so that
    a long turn is not quoted whole.

    Parameters
    ----------
    turn : the reading of a turn (`Reading.by_turn`).
    shares : the turn's row of values times the kind's coefficients, sparse, shape (1, n_features).
    """
    weights, _, _ = _spread(turn, pipeline, shares)
    if not weights:
        return []
    usual = sum(map(abs, weights)) / len(weights)
    best, first, last, start, total = -math.inf, 0, 0, 0, 0.0
    for position, weight in enumerate(weights):  # Kadane's scan for the highest sum
        if total < 0:
            start, total = position, 0.0
        total += weight - usual
        if total > best:
            best, first, last = total, start, position
    if max(weights) <= 0:  # no single word speaks for it; the turn as a whole was heard
        first, last = 0, len(weights) - 1
    return [_quote(call, kind, turn.syllables[first], turn.syllables[last])]


def _quote(call: Call, kind: str, first: Placed, last: Placed, weight: float = 0.0) -> Evidence:
    turn = call.turns[first.turn]
    return Evidence(kind, first.turn, turn.speaker, first.start, last.end, turn.text[first.start : last.end], weight)


def _spots(reading: Reading) -> list[tuple[int, int]]:
    """Where each syllable stands: its turn, and its start there; in order."""
    return [(token.turn, token.start) for token in reading.syllables]


def _spread(
    reading: Reading, pipeline: Pipeline, shares: Any
) -> tuple[list[float], dict[tuple[int, int, str], float], float]:
    """The n-grams' parts of a logit, laid onto syllables and cue marks, and the rest that stands for no words."""
    by_feature = dict(zip(shares.tocoo().col.tolist(), shares.data.tolist(), strict=True))
    spots = _spots(reading)
    weights = [0.0] * len(spots)
    marks: dict[tuple[int, int, str], float] = {}
    other = 0.0
    for name, token, weight in _token_weights(reading, pipeline, by_feature):
        first = bisect_left(spots, (token.turn, token.start))
        last = bisect_left(spots, (token.turn, token.end))
        if token is START or first == last:
            other += weight
        elif name == "cues":
            place = (token.turn, token.start, token.form)
            marks[place] = marks.get(place, 0.0) + weight
        else:
            for position in range(first, last):
                weights[position] += weight / (last - first)
    return weights, marks, other


def _token_weights(
    reading: Reading, pipeline: Pipeline, shares: dict[int, float]
) -> Iterator[tuple[str, Placed, float]]:
    """Every token of every column with its part of the logit."""
    offset = 0
    for name, tfidf, _ in pipeline["columns"].transformers_:
        vocabulary = tfidf.vocabulary_
        occurrences: dict[int, list[Sequence[Placed]]] = {}
        for gram, tokens in ngrams(reading.columns[name], COLUMNS[name].longest):
            if gram in vocabulary:
                occurrences.setdefault(vocabulary[gram] + offset, []).append(tokens)
        for feature, places in occurrences.items():
            for tokens in places:
                for token in tokens:
                    yield name, token, shares.get(feature, 0.0) / len(places) / len(tokens)
        offset += len(vocabulary)


def _runs(left: dict[int, float], syllables: Sequence[Placed]) -> Iterator[list[int]]:
    """Neighbouring syllables of one turn whose weights have one sign."""

    def run_key(item: tuple[int, int]) -> tuple[int, int, bool]:
        order, position = item
        return position - order, syllables[position].turn, left[position] > 0

    for _, group in itertools.groupby(enumerate(sorted(left)), key=run_key):
        yield [position for _, position in group]
