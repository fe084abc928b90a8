"""Which cues a call has, and the words to quote for each."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scamtext.features.columns import Reading
from scamtext.inference.explanation import Quote, locate, spread
from scamtext.inference.ngrams import Grams, Values
from scamtext.inference.scorer import CALL_CUES, TURN_CUES, Scorer
from scamtext.labels import CUE_KINDS


def quote_cues(scorer: Scorer, reading: Reading, values: Values, thresholds: NDArray[np.float64]) -> list[list[Quote]]:
    """The cues of calls: where the heads detect one, the lexicon's words for it, else the words with the most weight.

    Without cue heads the lexicon alone decides. Its negated finds are always reported, marked as negated.

    Parameters
    ----------
    values : of the calls.
    thresholds : see `detect_cues`.
    """
    calls = reading.tokens.turn_call
    quotes: list[list[Quote]] = [[] for _ in range(values.size)]
    listed: dict[tuple[int, int], list[Quote]] = {}
    for number, find in enumerate(reading.finds):
        quote = Quote(CUE_KINDS[find.kind], find.first, find.last, find.negated, number)
        if find.negated or not scorer.has(TURN_CUES):
            quotes[calls[find.turn]].append(quote)
        else:
            listed.setdefault((find.turn, find.kind), []).append(quote)
    if not scorer.has(TURN_CUES):
        return quotes
    turn_values, grams = scorer.values(reading, by_turn=True)
    detected = detect_cues(scorer.decide(values, CALL_CUES), scorer.turn_cues(turn_values), calls, thresholds)
    detected[reading.tokens.first[:-1] == reading.tokens.first[1:]] = False  # nothing was said
    unlisted = detected.copy()
    for (turn, kind), own in listed.items():
        unlisted[turn, kind] = False
        quotes[calls[turn]] += own if detected[turn, kind] else []
    for turn, quote in _located(scorer, reading, turn_values, grams, unlisted):
        quotes[calls[turn]].append(quote)
    return quotes


def _located(
    scorer: Scorer, reading: Reading, values: Values, grams: Grams, detected: NDArray[np.bool_]
) -> Iterator[tuple[int, Quote]]:
    """For turns and kinds, shape (turns, kinds), the words that speak for the kind."""
    turns, kinds = np.nonzero(detected)
    if not len(turns):
        return
    first, last = reading.tokens.first.take(turns), reading.tokens.first.take(turns + 1)
    ends = np.cumsum(last - first)
    syllables = len(reading.tokens.start)
    grams = grams._replace(last=np.where(grams.last > syllables, grams.first, grams.last))  # not the finds
    grams = grams.of_texts(turns, ends - last)
    contributions = spread(grams, scorer.shares(values, grams, TURN_CUES, kinds), int(ends[-1]), 0, len(turns))
    spans = locate(contributions.syllables, ends - last + first)
    for turn, kind, shift, (start, end) in zip(
        turns.tolist(), kinds.tolist(), (last - ends).tolist(), spans, strict=True
    ):
        yield turn, Quote(CUE_KINDS[kind], shift + start, shift + end)


def detect_cues(
    calls: NDArray[np.float64], turns: NDArray[np.float64], turn_call: NDArray[Any], thresholds: NDArray[np.float64]
) -> NDArray[np.bool_]:
    """Which turns have which kinds: of each call that has the cue, its strongest turn, and all above the threshold.

    Parameters
    ----------
    calls, turns : scores of calls and of turns for each kind, shape (calls, kinds) and (turns, kinds).
    turn_call : the call of each turn.
    thresholds : the scores from which a call, and a turn, has a cue, shape (2, kinds).
    """
    detected: NDArray[np.bool_] = turns >= thresholds[1]
    starts = np.searchsorted(turn_call, np.arange(len(calls)))
    spoken = np.flatnonzero(np.bincount(turn_call, minlength=len(calls)))
    if not len(spoken):
        return detected
    best = np.full(calls.shape, -np.inf)
    best[spoken] = np.maximum.reduceat(turns, starts[spoken])
    strongest = turns == best.take(turn_call, axis=0)
    # Of equals the first, as argmax has it.
    order = np.cumsum(strongest, axis=0)
    before = np.concatenate([np.zeros((1, order.shape[1]), int), order]).take(starts, axis=0)
    detected |= strongest & (order - before.take(turn_call, axis=0) == 1)
    has = calls + best >= thresholds[0]
    return np.asarray(detected & has.take(turn_call, axis=0))
