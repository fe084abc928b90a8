"""Many calls at once as arrays of syllables and words that remember where they stand in the text as given.

Text in its normal form is cut at white space, but not behind digits, as amounts and phone numbers may hold some.
What a piece consists of is looked up, so that a syllable heard before costs one look. Odd texts are cut by
`text.cut` and `text.place_words` as a whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import repeat

import numpy as np

from scamtext._typing import Array
from scamtext.calls import Call


@dataclass(frozen=True, slots=True)
class Tokens:
    """Calls, tokenised. Syllables, words and turns stand in one row each, call after call.

    Attributes
    ----------
    calls : n calls.
    turn_call, is_callee : of each turn, its call's number, and whether the callee speaks.
    first : where each turn's syllables begin, and a last entry for the end; shape (turns + 1,).
    turn : of each syllable.
    syllable : what is known of each syllable: number of its folded form, then of its key and of its
        folded form in the lexicon, and flags (`LETTERS`, ...); shape (syllables, 4).
    start, end : half-open offsets into the turn's text as given.
    stops : of each syllable a number that grows, within a turn, where a sentence ends before it.
    word : number of each word's form.
    word_turn, word_first, word_last : its turn, and the syllables it covers, half open.
    """

    calls: Sequence[Call]
    turn_call: Array
    is_callee: Array
    first: Array
    turn: Array
    syllable: Array
    start: Array
    end: Array
    stops: Array
    word: Array
    word_turn: Array
    word_first: Array
    word_last: Array

    @property
    def call_turns(self) -> Array:
        """Where the turns of each call begin, and a last entry for the end; shape (calls + 1,)."""
        return np.searchsorted(self.turn_call, np.arange(len(self.calls) + 1))

    def counts(self) -> tuple[Array, Array, Array, Array]:
        """How many syllables each call has, and how many with letters, diacritics, Vietnamese spelling."""
        call, flags = self.turn_call.take(self.turn), self.syllable[:, 3]
        total = np.bincount(call, minlength=len(self.calls))
        with_flag = (np.bincount(call[(flags & flag) > 0], minlength=len(self.calls)) for flag in FLAGS)
        return (total, *with_flag)  # type: ignore[return-value]

    @classmethod
    def join(cls, turns: Sequence[Tokens], call: Call) -> Tokens:
        """The tokens of a call from those of its turns, each tokenised as a call of its own."""
        first = np.cumsum([0, *(len(part.syllable) for part in turns)])

        def together(name: str, offsets: Iterable[int] = repeat(0)) -> Array:
            return np.concatenate([getattr(part, name) + add for part, add in zip(turns, offsets, strict=False)])

        numbers = range(len(turns))
        return cls(
            [call],
            turn_call=np.zeros(len(turns), int),
            is_callee=np.array([part.is_callee[0] for part in turns]),
            first=first,
            turn=together("turn", numbers),
            syllable=together("syllable"),
            start=together("start"),
            end=together("end"),
            stops=together("stops"),
            word=together("word"),
            word_turn=together("word_turn", numbers),
            word_first=together("word_first", first[:-1]),
            word_last=together("word_last", first[:-1]),
        )


FLAGS = LETTERS, DIACRITICS, VIETNAMESE = 1, 2, 4  # of a syllable; the last two only with letters
