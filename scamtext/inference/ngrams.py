"""N-grams of texts and their TF-IDF values, as arrays."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from scamtext._typing import Array
from scamtext.features.columns import Cells
from scamtext.text.trie import ranges

SORTED_AT_ONCE = 2048  # n-grams; more would not stay in the processor's nearest cache


class Grams(NamedTuple):
    """The n-grams that a model knows in n texts, by text, column and place.

    Tokens stand in one row: for each text, for each column, START, its tokens, and a gap.

    Attributes
    ----------
    token, length, feature : of each n-gram its first token, how many it has, and what it is.
    value : of each n-gram its number among `Values`.
    text : of each token its text.
    first, last : what each token stands for (`Cells`), half open; -1, -1 for START and gaps.
    """

    token: Array
    length: Array
    feature: Array
    value: Array
    text: Array
    first: Array
    last: Array

    def of_texts(self, texts: Array, shift: Array) -> Grams:
        """The n-grams of some texts, which get new numbers; what their tokens stand for is shifted."""
        bounds = np.searchsorted(self.text, np.append(texts, texts + 1)).reshape(2, -1)
        of_token, tokens = ranges(bounds[0], bounds[1] - bounds[0])
        starts, ends = np.searchsorted(self.token, bounds)
        of_gram, grams = ranges(starts, ends - starts)
        moved = np.cumsum(bounds[1] - bounds[0]) - bounds[1]
        shift = shift.take(of_token)
        return Grams(
            self.token.take(grams) + moved.take(of_gram),
            self.length.take(grams),
            self.feature.take(grams),
            self.value.take(grams),
            of_token,
            self.first.take(tokens) + shift,
            self.last.take(tokens) + shift,
        )


class Values(NamedTuple):
    """TF-IDF values of n texts, by text and n-gram: of which text, of which n-gram, how much, from how many places."""

    text: Array
    feature: Array
    value: Array
    places: Array
    size: int

    def within(self, texts: NDArray[np.bool_]) -> Values:
        """The values of some of the texts only."""
        kept = texts.take(self.text).nonzero()[0]
        text, feature, value, places = (array.take(kept) for array in self[:4])
        return Values(text, feature, value, places, self.size)


def previous_starts(key: Array, start: Array) -> Array:
    """Where what has the same key starts before, -1 if it does not; `start` rises for each key."""
    order = np.argsort(key, kind="stable")
    key = key.take(order)
    again = (key[1:] == key[:-1]).nonzero()[0]
    before = np.full(len(key), -1)
    before[order.take(again + 1)] = start.take(order.take(again))
    return before


def average_texts(values: Values, grams: Grams, many: int) -> tuple[Values, Grams]:
    """So many texts in a row as one text, which says to a linear head the mean of what they say."""
    averaged = values._replace(text=values.text // many, value=values.value / many, size=values.size // many)
    return averaged, grams._replace(text=grams.text // many)


def renumber_texts(values: Values, grams: Grams, number: Array) -> tuple[Values, Grams]:
    """Texts by their new numbers, those with -1 left out (their tokens stay, but in no n-gram)."""
    text = number.take(values.text)
    kept = (text >= 0).nonzero()[0]
    place = (text >= 0).cumsum() - 1
    feature, value, places = (array.take(kept) for array in values[1:4])
    values = Values(text.take(kept), feature, value, places, values.size)
    text = number.take(grams.text)
    kept = (text.take(grams.token) >= 0).nonzero()[0]
    token, length, feature = (array.take(kept) for array in grams[:3])
    value = place.take(grams.value.take(kept))
    return values, Grams(token, length, feature, value, text, grams.first, grams.last)


def join_texts(one: tuple[Values, Grams], other: tuple[Values, Grams], size: int) -> tuple[Values, Grams]:
    """The values and n-grams of both, of texts with numbers under `size` that none has twice."""
    text, feature, value, places = map(np.concatenate, zip(one[0][:4], other[0][:4], strict=True))
    shifted = other[1]._replace(token=other[1].token + len(one[1].text), value=other[1].value + len(one[0].text))
    return Values(text, feature, value, places, size), Grams(*map(np.concatenate, zip(one[1], shifted, strict=True)))


def lay_out(columns: Sequence[Cells], calls: Array | None, size: int, starts: Array) -> tuple[Array, ...]:
    """The cells of columns in one row, by text and column, with START before each column and a gap behind.

    Parameters
    ----------
    calls : the text of each turn; itself if None.
    starts : the form of START in each column.

    Returns
    -------
    Of each token: form, column, text, first, last.
    """
    width = len(columns)
    cells = Cells(*map(np.concatenate, zip(*columns, strict=True)))
    text = cells.turn if calls is None else calls.take(cells.turn)
    segment = text * width + np.arange(width).repeat([len(column.form) for column in columns])
    counts = np.bincount(segment, minlength=size * width)
    begins = (counts + 2).cumsum() - counts - 2
    by_column = counts.reshape(size, width).T.ravel()
    before = (by_column.cumsum() - by_column).reshape(width, size).T.ravel()
    place = np.arange(len(segment)) + (begins + 1 - before).take(segment)
    form = np.zeros(len(segment) + 2 * len(counts), int)
    first, last = np.full((2, len(form)), -1)
    form[place], first[place], last[place] = cells.form, cells.first, cells.last
    form[begins] = np.tile(starts, size)
    owner = np.arange(len(counts)).repeat(counts + 2)
    text = owner // width
    return form, owner - text * width, text, first, last


def sort_order(keys: Array, text: Array) -> Array:
    """What sorts keys, which are sorted by text already: a few texts at a time."""
    order = np.empty(len(keys), int)
    cuts = np.searchsorted(text, text[SORTED_AT_ONCE::SORTED_AT_ONCE])
    for start, end in pairwise([0, *dict.fromkeys(cuts.tolist()), len(keys)]):
        # The place goes along in the low bits: that is several times faster than argsort.
        bits = (end - start).bit_length()
        packed = keys[start:end] - keys[start:end].min(initial=0)
        packed <<= bits
        packed |= np.arange(end - start)
        packed.sort()
        packed &= (1 << bits) - 1
        np.add(packed, start, out=order[start:end])
    return order
