"""Cues in calls: lexicon matches, then who speaks, then negation, reports and warnings."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from scamtext.calls import Call, Turn
from scamtext.cues.lexicon import Cue, Lexicon, Modifier
from scamtext.labels import CUE_KINDS
from scamtext.text.segmentation import segmenter
from scamtext.text.tokenizer import Tokeniser
from scamtext.text.tokens import Tokens

REACH = 60  # syllables; no modifier works from farther away (the widest scope is 40)
BARE = 0.25  # share of syllables with diacritics under which a call was typed without them; usual are three quarters


class Find(NamedTuple):
    """A cue phrase: the number of its kind, its turn, the syllables it covers (half open), whether it is denied."""

    kind: int
    turn: int
    first: int
    last: int
    negated: bool


class Match(NamedTuple):
    """An entry of the lexicon, and the syllables it covers (half open)."""

    entry: Cue | Modifier
    start: int
    end: int


def unmet_examples(lexicon: Lexicon) -> list[str]:
    """What lexicon entries promise and do not keep: examples that are not found, counterexamples that are."""
    tokeniser = Tokeniser(lambda _: 0, lambda _: 0, lexicon.numbers, segmenter())

    def denied(cue: Cue, text: str) -> list[bool]:
        """Whether each find of the cue's kind is."""
        finds = find_cues(tokeniser.read([Call((Turn(text),))]), lexicon)
        return [find.negated for find in finds if CUE_KINDS[find.kind] == cue.kind]

    missing = [(cue, text) for cue in lexicon.cues for text in cue.examples if all(denied(cue, text))]
    wrong = [(cue, text) for cue in lexicon.cues for text in cue.counterexamples if denied(cue, text)]
    return [f'{cue.kind}: "{text}" should be found' for cue, text in missing] + [
        f'{cue.kind}: "{text}" should not be found' for cue, text in wrong
    ]


def find_cues(tokens: Tokens, lexicon: Lexicon) -> list[Find]:
    """The cues of calls in reading order, denied or reported ones marked `negated`."""
    entry, start, end = _longest(tokens, lexicon)
    turns = tokens.turn.take(start).tolist()
    matches = [
        Match(lexicon.entries[e], s, t) for e, s, t in zip(entry.tolist(), start.tolist(), end.tolist(), strict=True)
    ]
    stops = tokens.stops.tolist()
    speakers = [turn.speaker for call in tokens.calls for turn in call.turns]
    found: list[Find] = []
    for turn, pairs in groupby(zip(turns, matches, strict=True), key=lambda pair: pair[0]):
        found += _in_turn(turn, [match for _, match in pairs], speakers[turn], stops)
    return found


def _longest(tokens: Tokens, lexicon: Lexicon) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """All entries found, the longest of each at a place; by place, longer ones first."""
    _, letters, diacritics, _ = tokens.counts()
    turn = tokens.turn
    is_bare = (diacritics < BARE * letters).take(tokens.turn_call.take(turn))
    ends = tokens.first[1:].take(turn)
    parts = [lexicon.by_key.find(np.where(is_bare, 0, tokens.syllable[:, 1]), ends)]
    if is_bare.any():
        parts.append(lexicon.by_fold.find(np.where(is_bare, tokens.syllable[:, 2], 0), ends))
    entry, start, end = map(np.concatenate, zip(*parts, strict=True))
    order = np.lexsort((entry, -end, start))
    entry, start, end = entry[order], start[order], end[order]
    kept = np.sort(np.unique(start * len(lexicon.entries) + entry, return_index=True)[1])
    return entry[kept], start[kept], end[kept]


def _in_turn(turn: int, matches: Sequence[Match], speaker: str | None, stops: Sequence[int]) -> Iterator[Find]:
    modifiers = [match for match in matches if isinstance(match.entry, Modifier)]
    starts = [modifier.start for modifier in modifiers]
    for match in _without_overlaps(matches, speaker):
        near = modifiers[bisect_left(starts, match.start - REACH) : bisect_left(starts, match.end + REACH)]
        negated = any(_reaches(modifier, match, near, stops) for modifier in near)
        yield Find(CUE_KINDS.index(match.entry.kind), turn, match.start, match.end, negated)  # type: ignore[union-attr]


def _without_overlaps(matches: Sequence[Match], speaker: str | None) -> list[Match]:
    """Cue matches that this speaker may make; of overlapping ones of a kind, the first."""
    kept: list[Match] = []
    ends: dict[str, int] = {}
    for match in matches:
        cue = match.entry
        if not isinstance(cue, Cue) or (cue.speaker and speaker and cue.speaker != speaker):
            continue
        if match.start >= ends.get(cue.kind, 0):
            kept.append(match)
            ends[cue.kind] = match.end
    return kept


def _reaches(modifier: Match, cue: Match, near: Sequence[Match], stops: Sequence[int]) -> bool:
    """Whether a modifier's scope takes in a cue (ConText: forward, backward, terminate)."""
    entry: Modifier = modifier.entry  # type: ignore[assignment]
    forward = entry.direction == "forward"
    first, last = (modifier.end, cue.start) if forward else (cue.end, modifier.start)
    if entry.direction == "terminate" or not 0 <= last - first <= entry.scope:
        return False
    if not entry.across_sentences and stops[last] > stops[first - 1]:
        return False
    return not any(
        other.entry.direction == "terminate" and first <= other.start < last  # type: ignore[union-attr]
        for other in near
    )
