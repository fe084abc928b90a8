"""Many calls at once as arrays of syllables and words that remember where they stand in the text as given.

Text in its normal form is cut at white space, but not behind digits, as amounts and phone numbers may hold some.
What a piece consists of is looked up, so that a syllable heard before costs one look. Odd texts are cut by
`text.cut` and `text.place_words` as a whole.
"""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, chain, repeat
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scamtext.calls import CALLEE, Call
from scamtext.lexicon import Lexicon
from scamtext.normal import as_given, normalise
from scamtext.pieces import Number, Pieces
from scamtext.segment import Segmenter
from scamtext.syllable import LONGEST, could_be_vietnamese, fold
from scamtext.text import cut, place_words

Array = NDArray[Any]

BREAK = "\n"  # ends a line, and a sentence
LONGEST_WORD = 16  # tokens that are joined; the segmenter makes a word of any number of "vũ", but none so long counts
FLAGS = LETTERS, DIACRITICS, VIETNAMESE = 1, 2, 4  # of a syllable; the last two only with letters
_DIGIT = re.compile(r"\d")
# One classifier may serve many threads, and reading calls changes what is remembered.
_LOCK = threading.Lock()
if hasattr(os, "register_at_fork"):  # a fork while another thread reads would copy the lock taken, and half of a change
    os.register_at_fork(before=_LOCK.acquire, after_in_parent=_LOCK.release, after_in_child=_LOCK.release)


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


def _before(sizes: Array, counts: Array) -> Array:
    """For parts of turns, `counts` in each turn, the sum of the sizes of the parts before it in its turn."""
    before = sizes.cumsum() - sizes
    firsts = np.repeat(counts.cumsum() - counts, counts)
    return np.asarray(before - before.take(firsts))


def _pieces(text: str) -> list[str]:
    """Pieces, which can be cut one by one, and `BREAK` between lines; none if the text must be cut as a whole."""
    line = text.replace(BREAK, " ")
    # All white space but the plain space counts as not printable.
    if not line.isprintable() or "  " in line or line.strip(" ") != line or not line:
        return []
    return text.replace(BREAK, f" {BREAK} ").split(" ")


class Tokeniser:
    """Cuts calls into syllables and words.

    Parameters
    ----------
    folded_number, word_number : the number of a folded syllable, and of a word's form.
    lexicon : numbers syllables as its phrases have them.
    segmenter : knows where words begin.
    """

    def __init__(self, folded_number: Number, word_number: Number, lexicon: Lexicon, segmenter: Segmenter) -> None:
        self._folded_number, self._lexicon, self._segmenter = folded_number, lexicon, segmenter
        self._word_number, self._known = word_number, Pieces(word_number)

    def read(self, calls: Sequence[Call]) -> Tokens:
        """Tokenise calls."""
        with _LOCK:
            return self._read(calls)

    def _read(self, calls: Sequence[Call]) -> Tokens:
        if self._known.is_full:
            self._known = Pieces(self._word_number)
        turns = [turn for call in calls for turn in call.turns]
        normal = [normalise(turn.text) for turn in turns]
        parts = [_pieces(text) for text, _ in normal]
        pieces = list(chain.from_iterable(parts))
        counts = np.array(list(map(len, parts)), dtype=int)
        numbers = self._numbers(pieces)
        # Where syllables and words meet: the place among the characters of all turns that are not white space.
        solid = self._known.facts.rows[:, 1].take(numbers)
        whole = [number for number in (counts == 0).nonzero()[0].tolist() if normal[number][0].strip()]
        room = np.bincount(np.arange(len(turns)).repeat(counts), solid, len(turns)).astype(int)
        room[whole] = [len(normal[number][0]) + 1 for number in whole]
        base = room.cumsum() - room
        spots = np.repeat(base, counts) + _before(solid, counts)
        words = self._words(numbers, counts, spots)
        placed = self._syllables(*self._join_digits(pieces, numbers, counts, spots))
        if whole:
            odd = [(number, normal[number][0], int(base[number])) for number in whole]
            placed = _merge(placed, [row for one in odd for row in self._whole_syllables(*one)])
            words = _merge(words, [row for one in odd for row in self._whole_words(*one)])
        word, word_start, word_end, word_turn = words
        syllable, start, end, spots, stops, turn = placed
        before = np.cumsum(np.bincount(spots + 1, minlength=int(room.sum()) + 1))
        first = np.searchsorted(turn, np.arange(len(turns) + 1))
        for number, (_, offsets) in enumerate(normal):
            if offsets is not None:
                own = slice(first[number], first[number + 1])
                places = zip(start[own].tolist(), end[own].tolist(), strict=True)
                given = [as_given(offsets, *place) for place in places]
                start[own], end[own] = np.array(given, int).reshape(-1, 2).T
        return Tokens(
            calls,
            turn_call=np.repeat(np.arange(len(calls)), [len(call.turns) for call in calls]),
            is_callee=np.array([turn.speaker == CALLEE for turn in turns], dtype=bool),
            first=first,
            turn=turn,
            syllable=syllable,
            start=start,
            end=end,
            stops=stops,
            word=word,
            word_turn=word_turn,
            word_first=before.take(word_start),
            word_last=before.take(word_end),
        )

    def _numbers(self, pieces: Sequence[str]) -> Array:
        """The number of each piece."""
        known = self._known.numbers
        try:
            return np.fromiter(map(known.__getitem__, pieces), int, len(pieces))
        except KeyError:
            new = set(pieces).difference(known)
        for piece in new:
            self._learn(piece)
        numbers = np.fromiter(map(known.__getitem__, pieces), int, len(pieces))
        for piece in new:
            if len(piece) > LONGEST:  # seldom met again
                del known[piece]
        return numbers

    def _learn(self, piece: str) -> None:
        known = self._known
        known.numbers[piece] = len(known.facts)
        solid = len("".join(piece.split()))
        # A break is the white space behind the piece before it.
        known.facts.append([(len(piece) * (piece != BREAK), solid, _DIGIT.search(piece) is not None)])
        known.syllables.append(self._cut(piece))
        known.tokens.append(self._tokens(piece) if solid == len(piece) else [])

    def _cut(self, piece: str) -> list[tuple[int, ...]]:
        """The rows of a piece for `Pieces.syllables`."""
        line = cut(piece)
        is_stop = (0,) * 7 + (1,)
        items: list[tuple[int, ...]] = [is_stop] if 0 in line.stops else []
        spaces = last = 0
        for number, token in enumerate(line.syllables, 1):
            spaces += piece.count(" ", last, token.start) + piece.count(BREAK, last, token.start)
            last = token.start
            items.append((*self._describe(token.form), token.start, token.end, token.start - spaces, 0))
            items += [is_stop] if number in line.stops else []
        return items

    def _describe(self, form: str) -> tuple[int, int, int, int]:
        """What `Tokens.syllable` holds of a spelt syllable."""
        folded = fold(form)
        is_letters = not form.startswith("<")
        flags = (is_letters, is_letters and form != folded, is_letters and could_be_vietnamese(form))
        return (
            self._folded_number(folded),
            *self._lexicon.numbers(form),
            sum(f * has for f, has in zip(FLAGS, flags, strict=True)),
        )

    def _tokens(self, piece: str) -> list[tuple[int, ...]]:
        """The rows of a piece for `Pieces.tokens`."""
        tokens = self._segmenter.tokens(piece)
        ends = [min(end, len(piece)) for end in accumulate(self._segmenter.sizes(piece))]
        spellings = map(self._known.spellings.number, tokens)
        return list(zip(self._segmenter.rows(tokens).tolist(), [0, *ends], ends, spellings, strict=False))

    def _words(self, numbers: Array, counts: Array, spots: Array) -> list[Array]:
        """The words of turns with so many pieces: form, half-open range on the scale of the spots, turn."""
        rows, owner = self._known.tokens.take(numbers)
        turn = np.arange(len(counts)).repeat(counts).take(owner)
        first = np.flatnonzero(self._segmenter.begins(rows[:, 0], np.bincount(turn, minlength=len(counts))))
        last = np.append(first[1:], len(rows))[: len(first)] - 1
        spellings = self._known.spellings
        spelling = rows[:, 3].take(first)
        longer, step = (last > first).nonzero()[0], 1
        while len(longer) and step < LONGEST_WORD:
            spelling[longer] = spellings.join(spelling.take(longer), rows[:, 3].take(first.take(longer) + step))
            step += 1
            longer = longer[(last - first).take(longer) >= step]
        form, is_word = spellings.facts.rows.take(spelling, axis=0).T
        spots = spots.take(owner)
        columns = form, (spots + rows[:, 1]).take(first), (spots + rows[:, 2]).take(last), turn.take(first)
        return [column.take(is_word.nonzero()[0]) for column in columns]

    def _whole_words(self, turn: int, text: str, base: int) -> Iterator[tuple[int, ...]]:
        """A row for each word of a turn that is cut as a whole, as `_words` has them."""
        for word in place_words(self._segmenter.with_sizes(text), text):
            yield self._word_number(word.form), base + word.start, base + word.end, turn

    def _join_digits(self, pieces: list[str], numbers: Array, counts: Array, spots: Array) -> tuple[Array, ...]:
        """Pieces with digits joined to the next, as amounts and phone numbers may hold white space.

        Returns
        -------
        Of each piece then: number, turn, first character in its turn, spot.
        """
        turn = np.arange(len(counts)).repeat(counts)
        length, _, has_digit = self._known.facts.rows.take(numbers, axis=0).T
        is_break = numbers == self._known.numbers.get(BREAK, -1)
        begin = _before(length + ~is_break, counts)
        joins = has_digit == 1
        joins[:-1] &= turn[1:] == turn[:-1]
        joins[-1:] = False
        joins[1:] |= is_break[1:] & joins[:-1]
        first = (~np.append(False, joins[:-1])[: len(joins)]).nonzero()[0]
        if len(first) < len(numbers):
            last = np.append(first[1:], len(numbers))
            numbers, longer = numbers.take(first), (last - first > 1).nonzero()[0]
            bounds = zip(first.take(longer).tolist(), last.take(longer).tolist(), strict=True)
            joined = [" ".join(pieces[a:b]).replace(f" {BREAK} ", BREAK) for a, b in bounds]
            numbers[longer] = self._numbers(joined)
            turn, begin, spots = turn.take(first), begin.take(first), spots.take(first)
        return numbers, turn, begin, spots

    def _syllables(self, numbers: Array, turn: Array, begin: Array, spots: Array) -> list[Array]:
        """Of each syllable of pieces: what is known of it, shape (n, 4), start, end, spot, how many
        sentence marks stand before, turn.
        """
        rows, owner = self._known.syllables.take(numbers)
        is_stop = rows[:, 7] == 1
        kept = (~is_stop).nonzero()[0]
        stops = is_stop.cumsum().take(kept)
        rows, owner = rows.take(kept, axis=0), owner.take(kept)
        begin = begin.take(owner)
        columns = rows[:, 4] + begin, rows[:, 5] + begin, rows[:, 6] + spots.take(owner)
        return [rows[:, :4], *columns, stops, turn.take(owner)]

    def _whole_syllables(self, turn: int, text: str, base: int) -> Iterator[tuple[Any, ...]]:
        """A row for each syllable of a turn that is cut as a whole, as `_syllables` has them."""
        stops = 0
        for *known, start, end, _, is_stop in self._cut(text):
            stops += is_stop
            if not is_stop:
                yield known, start, end, base + start, stops, turn


def _merge(columns: Sequence[Array], rows: Sequence[tuple[Any, ...]]) -> list[Array]:
    """Columns with more rows; all in the order of the last column."""
    if not rows:
        return list(columns)
    joined = [np.concatenate([column, more]) for column, more in zip(columns, zip(*rows, strict=True), strict=True)]
    order = np.argsort(joined[-1], kind="stable")
    return [column.take(order, axis=0) for column in joined]
