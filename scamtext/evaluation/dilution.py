"""Ways of talking around an ask, to measure how far they hide it: much honest talk, and phrases of safety."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from scamtext.calls import CALLEE, Turn
from scamtext.evaluation.corpus import LabelledCall
from scamtext.labels import PLAIN_KINDS

PADDING = 2000  # syllables
SAFETY_PHRASES = Path(__file__).with_name("safety_phrases.txt")
PHRASES = 2  # of safety, in a call

Dilution = Callable[[LabelledCall], LabelledCall]


def dilutions(calls: Sequence[LabelledCall]) -> dict[str, Dilution]:
    """What may be done to calls; their padding is everyday talk from the honest ones among them.

    Honest calls about what scams are about are left out of the padding if there are others: talk that hides
    an ask does not sound like another. What is done depends on the call alone, so that every run does the same.
    """
    honest = [call for call in calls if not call.is_scam]
    pool = [call for call in honest if call.legit_kind in PLAIN_KINDS] or honest
    return {
        "after honest talk": lambda call: _padded(call, _talk(call, pool), ()),
        "before honest talk": lambda call: _padded(call, (), _talk(call, pool)),
        "with safety phrases": reassuring,
    }


def _talk(call: LabelledCall, pool: Sequence[LabelledCall]) -> tuple[Turn, ...]:
    """Turns of calls by others, `PADDING` syllables or a little more; none where there are no others."""
    others = [other for other in pool if other.group != call.group]
    dice = random.Random(call.call.text)
    turns: list[Turn] = []
    room = PADDING
    while room > 0 and others:
        other = dice.choice(others)
        turns += other.call.turns
        room -= max(other.length, 1)
    return tuple(turns)


def _padded(call: LabelledCall, before: tuple[Turn, ...], after: tuple[Turn, ...]) -> LabelledCall:
    return replace(call, call=replace(call.call, turns=before + call.call.turns + after), cues=None)


def reassuring(call: LabelledCall) -> LabelledCall:
    """The call with phrases of safety at the ends of turns that are not the callee's."""
    dice = random.Random(call.call.text)
    turns = list(call.call.turns)
    spoken = [number for number, turn in enumerate(turns) if turn.speaker != CALLEE] or list(range(len(turns)))
    for phrase in dice.sample(phrases(), PHRASES):
        number = dice.choice(spoken)
        turns[number] = replace(turns[number], text=f"{turns[number].text} {phrase}")
    return replace(call, call=replace(call.call, turns=tuple(turns)))


def phrases() -> list[str]:
    """What honest callers say of safety, and scammers after them."""
    return SAFETY_PHRASES.read_text(encoding="utf-8").splitlines()
