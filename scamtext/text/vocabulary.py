"""What is known of pieces of text, words and syllables that were met before, so that each costs one look.

Pieces have numbers; what there is to know of them lies in arrays, which are asked for many at once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import chain

import numpy as np

from scamtext._typing import Array
from scamtext.text.spans import word_form
from scamtext.text.trie import ranges

Number = Callable[[str], int]

# Pieces of text, and words, that are remembered, and their characters; then the cache is cleared.
CACHED, CACHED_CHARACTERS = 1 << 17, 1 << 23


class Lists:
    """Lists of rows of numbers, one after the other in an array. New ones wait, to be put there together."""

    def __init__(self, width: int) -> None:
        self._rows, self._bounds = np.zeros((1024, width), int), np.zeros(1024, int)
        self._count = self._size = self._length = 0
        self._waiting: list[Sequence[tuple[int, ...]]] = []

    def append(self, rows: Sequence[tuple[int, ...]]) -> None:
        """Keep one more list."""
        self._waiting.append(rows)
        self._length += len(rows)

    def __len__(self) -> int:
        return self._length

    @property
    def rows(self) -> Array:
        """The rows of all lists, shape (at least their number, width)."""
        if self._waiting:
            ends = self._size + np.cumsum(list(map(len, self._waiting)))
            self._bounds = _with_room(self._bounds, self._count + len(ends) + 1)
            self._bounds[self._count + 1 : self._count + len(ends) + 1] = ends
            self._rows = _with_room(self._rows, self._length)
            if self._length > self._size:
                self._rows[self._size : self._length] = list(chain.from_iterable(self._waiting))
            self._count, self._size, self._waiting = self._count + len(ends), self._length, []
        return self._rows

    def take(self, lists: Array) -> tuple[Array, Array]:
        """The rows of some lists in order, and for each the position in `lists` that it comes from."""
        rows = self.rows
        first = self._bounds.take(lists)
        owner, places = ranges(first, self._bounds.take(lists + 1) - first)
        return rows.take(places, axis=0), owner


def _with_room(array: Array, size: int) -> Array:
    """The array, with zeros behind it if it is too short."""
    return array if size <= len(array) else np.concatenate([array, np.zeros((size, *array.shape[1:]), array.dtype)])


class Pieces:
    """What is known of pieces of text, which have numbers.

    Attributes
    ----------
    syllables : of each syllable what `Tokens.syllable` says of it, where it begins and ends, how many
        characters before it are not white space, and 0; for marks that end a sentence zeros and 1.
    tokens : of each token of the segmenter its row there, where it begins and ends among the characters
        that are not white space, and the number of its spelling.
    facts : of each piece how many characters it has, how many are not white space, and whether one is a digit.
    """

    def __init__(self, word_number: Number) -> None:
        self.numbers: dict[str, int] = {}
        self.syllables, self.tokens, self.facts = Lists(8), Lists(4), Lists(3)
        self.spellings = Spellings(word_number)

    @property
    def is_full(self) -> bool:
        """Whether the cache is full."""
        most = max(map(len, (self.syllables, self.tokens, self.facts, self.spellings.facts)))
        return most > CACHED or self.spellings.characters > CACHED_CHARACTERS


class Spellings:
    """What is known of the spellings of words, which have numbers.

    Attributes
    ----------
    facts : of each the number of its form as a word, and whether it is more than punctuation.
    characters : how many all of them have.
    """

    def __init__(self, word_number: Number) -> None:
        self._word_number = word_number
        self.facts, self.characters = Lists(2), 0
        self._words: list[str] = []
        self._numbers: dict[str, int] = {}
        self._joined: dict[int, int] = {}

    def number(self, word: str) -> int:
        """The number of a word."""
        if word not in self._numbers:
            self._numbers[word] = len(self._words)
            self._words.append(word)
            self.characters += len(word)
            self.facts.append([(self._word_number(word_form(word)), any(map(str.isalnum, word)))])
        return self._numbers[word]

    def join(self, first: Array, last: Array) -> Array:
        """The numbers of words of several tokens, by those of all tokens but the last, and of the last."""
        keys = (first << 32 | last).tolist()
        found = list(map(self._joined.get, keys))
        if None in found:
            for key in set(keys).difference(self._joined):
                self._joined[key] = self.number(f"{self._words[key >> 32]} {self._words[key & (1 << 32) - 1]}")
            found = list(map(self._joined.get, keys))
        return np.array(found, dtype=int)
