"""Cuts calls into syllables and words, many calls at once."""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate, chain
from typing import Any

import numpy as np

from scamtext._typing import Array
from scamtext.calls import CALLEE, Call
from scamtext.text.normalization import as_given, normalise
from scamtext.text.segmentation import Segmenter
from scamtext.text.spans import cut, place_words
from scamtext.text.syllables import LONGEST, could_be_vietnamese, fold
from scamtext.text.tokens import FLAGS, Tokens
from scamtext.text.vocabulary import Number, Pieces

BREAK = "\n"  # ends a line, and a sentence


LONGEST_WORD = 16  # tokens that are joined; the segmenter makes a word of any number of "vũ", but none so long counts


_DIGIT = re.compile(r"\d")


# One classifier may serve many threads, and reading calls changes what is remembered.
_LOCK = threading.Lock()
if hasattr(os, "register_at_fork"):  # a fork while another thread reads would copy the lock taken, and half of a change
    os.register_at_fork(before=_LOCK.acquire, after_in_parent=_LOCK.release, after_in_child=_LOCK.release)


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
    phrase_numbers : the numbers of a spelt syllable in the phrases of a lexicon (`Lexicon.numbers`).
    segmenter : knows where words begin.
    """

    def __init__(
        self,
        folded_number: Number,
        word_number: Number,
        phrase_numbers: Callable[[str], tuple[int, int]],
        segmenter: Segmenter,
    ) -> None:
        self._folded_number, self._phrase_numbers, self._segmenter = folded_number, phrase_numbers, segmenter
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
        if odd := [(number, normal[number][0], int(base[number])) for number in whole]:
            placed = _merge(placed, [row for one in odd for row in self._whole_syllables(*one)])
            words = _merge(words, [row for one in odd for row in self._whole_words(*one)])
        (word, word_start, word_end, word_turn), (syllable, start, end, spots, stops, turn) = words, placed
        before = np.cumsum(np.bincount(spots + 1, minlength=int(room.sum()) + 1))
        first = np.searchsorted(turn, np.arange(len(turns) + 1))
        _to_given_text(start, end, first, [offsets for _, offsets in normal])
        return Tokens(
            calls,
            turn_call=np.arange(len(calls)).repeat([len(call.turns) for call in calls]),
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
            *self._phrase_numbers(form),
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


def _to_given_text(start: Array, end: Array, first: Array, offsets: Sequence[Any]) -> None:
    """Move spans of normalised turns, in place, to where they stand in the turns as given."""
    for number, moved in enumerate(offsets):
        if moved is not None:
            own = slice(first[number], first[number + 1])
            spans = zip(start[own].tolist(), end[own].tolist(), strict=True)
            given = [as_given(moved, *span) for span in spans]
            start[own], end[own] = np.array(given, int).reshape(-1, 2).T
