"""Many calls at once as arrays of syllables and words that remember where they stand in the text as given.

Text is cut at white space, but not behind digits, as amounts and phone numbers may hold some. What a
piece consists of is looked up, so that a syllable heard before costs one look. Turns whose normal form
moves characters, and odd ones, are cut by `text.syllables` and `text.words` as a whole.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, repeat
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scamtext.calls import CALLEE, Call, Turn
from scamtext.lexicon import Lexicon
from scamtext.text import LONGEST, could_be_vietnamese, fold, normalise, place_words, syllables, word_form
from scamtext.trie import ranges

Array = NDArray[Any]
Number = Callable[[str], int]
Segment = Callable[[Sequence[str]], list[list[str]]]

CACHED = 1 << 17  # pieces of text, and words, that are remembered; then memory starts anew
BREAK = "\n"  # ends a line, and a sentence
FLAGS = LETTERS, DIACRITICS, VIETNAMESE = 1, 2, 4  # of a syllable; the last two only with letters
_DIGIT = re.compile(r"\d")
_PIECE = re.compile(r"\n|(?:\S*\d\S*\s)*\S+")
# One classifier may serve many threads, and reading calls changes what is remembered.
_LOCK = threading.Lock()


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
    before = np.cumsum(sizes) - sizes
    firsts = np.repeat(np.cumsum(counts) - counts, counts)
    return np.asarray(before - before.take(firsts))


def _solid(text: str) -> int:
    """How many characters are not white space, if there is no other than spaces and line breaks."""
    return len(text) - text.count(" ") - text.count(BREAK)


def _pieces(text: str) -> list[str]:
    """Pieces that can be cut one by one, and `BREAK` between lines; none if the text must be cut as a whole."""
    pieces = text.split()
    if " ".join(pieces) != text.replace(BREAK, " "):
        return []
    if BREAK in text or _DIGIT.search(text):
        pieces = _PIECE.findall(text)
    return pieces if max(map(len, pieces), default=0) <= LONGEST else []


class _Table:
    """Numbers for strings; each stands for one or more rows of an array."""

    def __init__(self, describe: Callable[[str], Sequence[tuple[int, ...]]], width: int) -> None:
        self._describe, self._width = describe, width
        self._clear()

    def _clear(self) -> None:
        self._numbers: dict[str, int] = {}
        self._count = self._size = 0  # numbers given, and rows in use
        self._rows = np.zeros((1024, self._width), int)
        self._strings = np.zeros((1024, 4), int)  # of each number: its first row, how many, length, white space

    def make_room(self) -> None:
        """Forget everything if it is much; numbers given before are void then."""
        if max(self._size, self._count) > CACHED:
            self._clear()

    def numbers(self, strings: Sequence[str]) -> list[int]:
        """The number of each string."""
        found = list(map(self._numbers.get, strings))
        if None in found:
            new = set(strings).difference(self._numbers)
            for string in new:
                self._add(string)
            found = list(map(self._numbers.get, strings))
            for string in new:
                if len(string) > LONGEST:  # seldom met again
                    del self._numbers[string]
        return found  # type: ignore[return-value]

    def _add(self, string: str) -> None:
        rows, number = self._describe(string), self._count
        self._rows = _with_room(self._rows, self._size + len(rows))
        self._strings = _with_room(self._strings, number + 1)
        self._rows[self._size : self._size + len(rows)] = rows or 0
        white = string.count(" ") + string.count(BREAK)
        self._strings[number] = self._size, len(rows), len(string), white
        self._size += len(rows)
        self._count += 1
        self._numbers[string] = number

    def sizes(self, numbers: Array) -> tuple[Array, Array]:
        """How many characters each string has with the white space behind it, and how much of that is white."""
        length, white = self._strings[:, 2:].take(numbers, axis=0).T
        is_break = (length == 1) & (white == 1)
        return np.where(is_break, 0, length + 1), np.where(is_break, 0, white + 1)

    def rows(self, numbers: Array) -> tuple[Array, Array]:
        """The rows of all numbers in order, and for each the position in `numbers` that it comes from."""
        owner, places = ranges(*self._strings[:, :2].take(numbers, axis=0).T)
        return self._rows.take(places, axis=0), owner


def _with_room(array: Array, size: int) -> Array:
    """The array, twice as long if it is too short."""
    while len(array) < size:
        array = np.concatenate([array, np.zeros_like(array)])
    return array


class Tokeniser:
    """Cuts calls into syllables and words.

    Parameters
    ----------
    folded_number, word_number : the number of a folded syllable, and of a word's form.
    lexicon : numbers syllables as its phrases have them.
    segment : texts to lists of words, as underthesea's `word_tokenize` does it.
    """

    def __init__(self, folded_number: Number, word_number: Number, lexicon: Lexicon, segment: Segment) -> None:
        self._folded_number, self._word_number = folded_number, word_number
        self._lexicon, self._segment = lexicon, segment
        self._pieces = _Table(self._cut, 8)
        self._words = _Table(self._weigh, 3)

    def read(self, calls: Sequence[Call]) -> Tokens:
        """Tokenise calls."""
        with _LOCK:
            return self._read(calls)

    def _read(self, calls: Sequence[Call]) -> Tokens:
        self._pieces.make_room()
        self._words.make_room()
        turns = [turn for call in calls for turn in call.turns]
        normal = [normalise(turn.text) for turn in turns]
        segmented = self._segment([text for text, _ in normal])
        parts = [_pieces(text) if offsets is None else [] for text, offsets in normal]
        weighed, word_turn = self._weigh_all(segmented)
        # Where words have other characters than the text, they are placed one by one.
        whole = np.bincount(word_turn, weighed[:, 1], len(turns)) != [_solid(text) for text, _ in normal]
        whole |= np.array([not pieces for pieces in parts], dtype=bool)
        syllable, turn = self._place_syllables(turns, parts, whole)
        placed = self._place_words(normal, segmented, whole, weighed, word_turn)
        spots, reach = syllable[:, 6], 1 + max([len(turn.text) for turn in turns], default=0)
        at = turn * reach + spots
        return Tokens(
            calls,
            turn_call=np.repeat(np.arange(len(calls)), [len(call.turns) for call in calls]),
            is_callee=np.array([turn.speaker == CALLEE for turn in turns], dtype=bool),
            first=np.searchsorted(turn, np.arange(len(turns) + 1)),
            turn=turn,
            syllable=syllable[:, :4],
            start=syllable[:, 4],
            end=syllable[:, 5],
            stops=syllable[:, 7],
            word=placed[:, 0],
            word_turn=placed[:, 1],
            word_first=np.searchsorted(at, placed[:, 1] * reach + placed[:, 2]),
            word_last=np.searchsorted(at, placed[:, 1] * reach + placed[:, 3]),
        )

    def _weigh_all(self, segmented: Sequence[Sequence[str]]) -> tuple[Array, Array]:
        """What `_weigh` says of every word, and its turn."""
        numbers = self._words.numbers(list(chain.from_iterable(segmented)))
        weighed, _ = self._words.rows(np.array(numbers, dtype=int))
        return weighed, np.repeat(np.arange(len(segmented)), list(map(len, segmented)))

    def _place_syllables(
        self, turns: Sequence[Turn], parts: Sequence[Sequence[str]], whole: Array
    ) -> tuple[Array, Array]:
        """A row for each syllable: what is known of it, start, end, its spot among the characters that are
        not white space (in whole turns its start), and how many sentence marks stand before; and its turn.
        """
        cut = [[] if is_whole else pieces for pieces, is_whole in zip(parts, whole, strict=True)]
        numbers = np.array(self._pieces.numbers(list(chain.from_iterable(cut))), dtype=int)
        counts = np.array(list(map(len, cut)), dtype=int)
        turn = np.repeat(np.arange(len(turns)), counts)
        # One white space stands behind each piece (a break is that of the piece before it), and some within.
        lengths, white = self._pieces.sizes(numbers)
        begin, gaps = _before(lengths, counts), _before(white, counts)
        rows, owner = self._pieces.rows(numbers)
        is_stop = rows[:, 7] == 1
        stops = np.cumsum(is_stop)[~is_stop]
        rows, owner = rows[~is_stop], owner[~is_stop]
        start, end = rows[:, 4] + begin.take(owner), rows[:, 5] + begin.take(owner)
        plain = np.column_stack(
            [rows[:, :4], start, end, start - rows[:, 6] - gaps.take(owner), stops, turn.take(owner)]
        )
        others = list(
            chain.from_iterable(self._place_whole(turns[at].text, at) for at in np.flatnonzero(whole).tolist())
        )
        table = np.concatenate([plain, np.array(others, dtype=int).reshape(-1, 9)])
        table = table[np.argsort(table[:, 8], kind="stable")]
        return table[:, :8], table[:, 8]

    def _place_whole(self, text: str, turn: int) -> Iterator[tuple[int, ...]]:
        """The rows of `_place_syllables` for a turn that is cut as a whole."""
        stops = 0
        for *known, start, end, _, is_stop in self._cut(text):
            stops += is_stop
            if not is_stop:
                yield (*known, start, end, start, stops, turn)

    def _place_words(
        self,
        normal: Sequence[tuple[str, list[int] | None]],
        segmented: Sequence[Sequence[str]],
        whole: Array,
        weighed: Array,
        word_turn: Array,
    ) -> Array:
        """A row for each word: its form, turn, and half-open range on the scale of the syllables' spots."""
        start = _before(weighed[:, 1], np.bincount(word_turn, minlength=len(whole)))
        kept = (weighed[:, 2] == 1) & ~whole.take(word_turn)
        plain = np.column_stack([weighed[:, 0], word_turn, start, start + weighed[:, 1]])[kept]
        others = [
            (self._word_number(word.form), number, word.start, word.end)
            for number in np.flatnonzero(whole).tolist()
            for word in place_words(segmented[number], *normal[number])
        ]
        rows = np.concatenate([plain, np.array(others, dtype=int).reshape(-1, 4)])
        return rows[np.argsort(rows[:, 1], kind="stable")]

    def _cut(self, piece: str) -> list[tuple[int, ...]]:
        """Syllables of a piece: what is known of each, its place, the spaces before it, and 0; for marks
        that end a sentence zeros and 1.
        """
        line = syllables(piece)
        items: list[tuple[int, ...]] = [(0,) * 7 + (1,)] if 0 in line.stops else []
        spaces = last = 0
        for number, token in enumerate(line.syllables, 1):
            spaces += piece.count(" ", last, token.start) + piece.count(BREAK, last, token.start)
            last = token.start
            items.append((*self._describe(token.form), token.start, token.end, spaces, 0))
            items += [(0,) * 7 + (1,)] if number in line.stops else []
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

    def _weigh(self, word: str) -> list[tuple[int, ...]]:
        """Of a word: the number of its form, how many characters it has, and whether it is more than punctuation."""
        solid = sum(not character.isspace() for character in word)
        return [(self._word_number(word_form(word)), solid, any(map(str.isalnum, word)))]
