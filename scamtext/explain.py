"""Why: the linear model's contributions, laid back onto the words that made them.

The logit is bias + sum of coefficient * value over the n-grams of a call, so each n-gram's
share can be split over its occurrences and their syllables without any approximation.
"""

from __future__ import annotations

import itertools
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from scamtext.calls import Call
from scamtext.features import COLUMNS, START, Placed, Reading, ngrams
from scamtext.results import WORDING, Evidence

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

MOST_WORDINGS = 8
LEAST_WEIGHT = 0.05  # log-odds; weaker stretches are left to `other`


def explain(call: Call, reading: Reading, pipeline: Pipeline, features: Any) -> tuple[tuple[Evidence, ...], float]:
    """Evidence for one call, strongest first, and the log-odds of everything that is not in it.

    Parameters
    ----------
    call, reading : the call and what `features.read_call` made of it.
    pipeline : the fitted pipeline.
    features : the call's row of TF-IDF values, sparse, shape (1, n_features).
    """
    shares = dict(
        zip(features.indices, (features.data * pipeline["scam"].coef_[0, features.indices]).tolist(), strict=True)
    )
    spots = _spots(reading)
    weights = [0.0] * len(spots)
    cue_weights: dict[tuple[int, int, str], float] = {}
    other = 0.0
    for name, token, weight in _token_weights(reading, pipeline, shares):
        if name == "cues" and token is not START:
            place = (token.turn, token.start, token.form)
            cue_weights[place] = cue_weights.get(place, 0.0) + weight
            continue
        first = bisect_left(spots, (token.turn, token.start))
        last = bisect_left(spots, (token.turn, token.end))
        if token is START or first == last:
            other += weight  # stands for no words
            continue
        for position in range(first, last):
            weights[position] += weight / (last - first)
    evidence, rest = _gather(call, reading, weights, cue_weights)
    return evidence, other + rest


def _spots(reading: Reading) -> list[tuple[int, int]]:
    """Where each syllable stands: its turn, and its start there; in order."""
    return [(token.turn, token.start) for token in reading.syllables]


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


def _gather(
    call: Call, reading: Reading, weights: list[float], cue_weights: dict[tuple[int, int, str], float]
) -> tuple[tuple[Evidence, ...], float]:
    """Cues with the weight of their words, the strongest runs of other words, and what is left."""
    left = dict(enumerate(weights))
    spots = _spots(reading)
    evidence = []
    for cue, mark in zip(reading.cues, reading.columns["cues"], strict=True):
        weight = cue_weights.pop((mark.turn, mark.start, mark.form), 0.0)
        inside = range(bisect_left(spots, (cue.turn, cue.start)), bisect_left(spots, (cue.turn, cue.end)))
        evidence.append(replace(cue, weight=weight + sum(left.pop(position, 0.0) for position in inside)))
    runs = [(sum(left[position] for position in run), run) for run in _runs(left, reading.syllables)]
    rest = sum(left.values())
    strongest = sorted(runs, key=lambda item: -abs(item[0]))[:MOST_WORDINGS]
    for weight, run in strongest:
        if abs(weight) >= LEAST_WEIGHT:
            first, last = reading.syllables[run[0]], reading.syllables[run[-1]]
            turn = call.turns[first.turn]
            quote = turn.text[first.start : last.end]
            rest -= weight
            evidence.append(Evidence(WORDING, first.turn, turn.speaker, first.start, last.end, quote, weight))
    return tuple(sorted(evidence, key=lambda item: -abs(item.weight))), rest


def _runs(left: dict[int, float], syllables: Sequence[Placed]) -> Iterator[list[int]]:
    """Neighbouring syllables of one turn whose weights have one sign."""

    def run_key(item: tuple[int, int]) -> tuple[int, int, bool]:
        order, position = item
        return position - order, syllables[position].turn, left[position] > 0

    for _, group in itertools.groupby(enumerate(sorted(left)), key=run_key):
        yield [position for _, position in group]
