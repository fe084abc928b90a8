"""Cues in a turn: lexicon matches, then who speaks, then negation, reports and warnings."""

from __future__ import annotations

from bisect import bisect_left

from scamtext.calls import Turn
from scamtext.lexicon import Cue, Lexicon, Match, Modifier
from scamtext.results import Evidence
from scamtext.text import Line

REACH = 60  # syllables; no modifier works from farther away (the widest scope is 40)


def find_cues(number: int, turn: Turn, line: Line, lexicon: Lexicon, folded: bool) -> list[Evidence]:
    """The cues of a turn in reading order, denied or reported ones marked `negated`.

    Parameters
    ----------
    number, turn : the turn, and its place in the call.
    line : its syllables (`scamtext.text.syllables`).
    lexicon : the phrases to look for.
    folded : compare without diacritics, for calls that were typed without them.
    """
    matches = lexicon.find([token.form for token in line.syllables], folded)
    modifiers = [match for match in matches if isinstance(match.entry, Modifier)]
    starts = [modifier.start for modifier in modifiers]
    found: list[Evidence] = []
    for match in _without_overlaps(matches, turn.speaker):
        start, end = line.syllables[match.start].start, line.syllables[match.end - 1].end
        first, last = bisect_left(starts, match.start - REACH), bisect_left(starts, match.end + REACH)
        near = modifiers[first:last]
        negated = any(_reaches(modifier, match, near, line.stops) for modifier in near)
        kind: str = match.entry.kind  # type: ignore[union-attr]
        found.append(Evidence(kind, number, turn.speaker, start, end, turn.text[start:end], negated=negated))
    return found


def _without_overlaps(matches: list[Match], speaker: str | None) -> list[Match]:
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


def _reaches(modifier: Match, cue: Match, near: list[Match], stops: frozenset[int]) -> bool:
    """Whether a modifier's scope takes in a cue (ConText: forward, backward, terminate)."""
    entry: Modifier = modifier.entry  # type: ignore[assignment]
    forward = entry.direction == "forward"
    first, last = (modifier.end, cue.start) if forward else (cue.end, modifier.start)
    if entry.direction == "terminate" or not 0 <= last - first <= entry.scope:
        return False
    if not entry.across_sentences and any(position in stops for position in range(first, last + 1)):
        return False
    return not any(
        other.entry.direction == "terminate" and first <= other.start < last  # type: ignore[union-attr]
        for other in near
    )
