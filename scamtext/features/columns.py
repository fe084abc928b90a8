"""A call as columns of tokens, and the stock scikit-learn pipeline that reads them.

Tokens are made before the pipeline, so that what is fitted and saved is plain scikit-learn:
one TF-IDF for each column, side by side, and a logistic regression. For training, columns are
rows of strings (`Table`); for prediction they stay arrays of numbers (`scorer`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from scamtext._typing import Array
from scamtext.calls import CALLEE, CALLER
from scamtext.cues.detector import Find, find_cues
from scamtext.cues.lexicon import Lexicon
from scamtext.labels import CUE_KINDS
from scamtext.text.spans import MIN_SYLLABLES
from scamtext.text.tokens import Tokens
from scamtext.text.trie import ranges

if TYPE_CHECKING:
    pass

MIN_VIETNAMESE = 0.5  # share of possible Vietnamese syllables; no call of the corpus is under 0.65
ENDING = 80  # syllables: the ask comes late, and openings are alike in scams and honest calls
# In longer calls honest talk dilutes an ask, so that they are also read at places, one for so many syllables: in
# windows of two lengths around each place. All in syllables, measured on authors left out (docs/ablation.md).
LONG, APART, WINDOWS = 600, 25, (75, 150)
# Stands first in every column, so that no vocabulary is ever empty (calls without a callee,
# fits on a handful of texts).
START = "^"
# Tokens of cues: their kind and who spoke them; denied or reported ones are apart.
MARKS = [f"{denied}{kind}:{speaker}" for denied in ("", "not:") for kind in CUE_KINDS for speaker in (CALLER, CALLEE)]


class Column(NamedTuple):
    """How a column becomes features.

    Attributes
    ----------
    family : whose forms its tokens have.
    longest : its longest n-gram.
    scale : the scale of its TF-IDF values.
    topic : the longest n-gram that tells what the call is about (types and cues); 0 for none.
    turn : the longest n-gram that is read turn by turn (cues); 0 for none.
    """

    family: str
    longest: int
    scale: float
    topic: int = 0
    turn: int = 0


# Scales and n-grams measured on authors left out (docs/ablation.md). Cue marks are few and
# frequent, so at full scale they drown the words.
COLUMNS = {
    "words": Column("words", 2, 1.0, topic=1, turn=1),
    "syllables": Column("syllables", 3, 1.0, turn=2),
    "caller": Column("syllables", 3, 1.5, topic=2),
    "callee": Column("syllables", 2, 1.0),
    "ending": Column("syllables", 3, 1.0),
    "cues": Column("cues", 2, 0.1, turn=1),
}


class Cells(NamedTuple):
    """A column of many calls: the form of each token, its turn, and what it stands for (half open): syllables,
    or behind all of them, for a cue's token, its find.
    """

    form: Array
    turn: Array
    first: Array
    last: Array


class Places(NamedTuple):
    """Places in long calls: the call of each, and the syllables that the windows around it cover (half open).

    Shapes (places,), and twice (places, windows).
    """

    call: Array
    first: Array
    last: Array

    def take(self, rows: Array) -> Places:
        """Some of the places."""
        return Places(self.call.take(rows), self.first.take(rows, axis=0), self.last.take(rows, axis=0))


@dataclass(frozen=True, slots=True)
class Reading:
    """What a model and its explanations need of calls: tokens, the lexicon's finds, and columns."""

    tokens: Tokens
    finds: list[Find]
    columns: dict[str, Cells]

    @classmethod
    def of(cls, tokens: Tokens, lexicon: Lexicon) -> Reading:
        """Find cues and lay out the columns; forms have the numbers that the tokens have."""
        finds = find_cues(tokens, lexicon)
        turn, form = tokens.turn, tokens.syllable[:, 0]
        place = np.arange(len(form))
        by_callee = tokens.is_callee.take(turn)
        ends = tokens.first.take(tokens.call_turns[1:])
        is_ending = place >= ends.take(tokens.turn_call.take(turn)) - ENDING
        columns = {"syllables": Cells(form, turn, place, place + 1)}
        for name, chosen in {"caller": ~by_callee, "callee": by_callee, "ending": is_ending}.items():
            kept = chosen.nonzero()[0]
            columns[name] = Cells(form.take(kept), turn.take(kept), kept, kept + 1)
        columns["words"] = Cells(tokens.word, tokens.word_turn, tokens.word_first, tokens.word_last)
        marks = [_mark(find, tokens) for find in finds]
        place = len(form) + np.arange(len(finds))
        columns["cues"] = Cells(
            np.array(marks, dtype=int), np.array([find.turn for find in finds], dtype=int), place, place + 1
        )
        return cls(tokens, finds, {name: columns[name] for name in COLUMNS})

    def places(self) -> Places:
        """Places spread evenly over each long call; none in other calls."""
        bounds = self.tokens.first.take(self.tokens.call_turns)
        size = np.diff(bounds)
        count = np.where(size > LONG, size // APART, 0)
        call, number = ranges(np.zeros_like(count), count)
        middle = (2 * number + 1) * size.take(call) // (2 * count.take(call))
        width = np.array(WINDOWS)
        # At its ends a call has no room for a window in the middle of which the place would be.
        first = np.clip(middle[:, None] - width // 2, 0, size.take(call)[:, None] - width) + bounds.take(call)[:, None]
        return Places(call, first, first + width)

    def cut(self, places: Places, at_once: int) -> Iterator[dict[str, Cells]]:
        """The columns of windows, as those of calls are, of so many places at a time; a cell's turn is its window."""
        for start in range(0, len(places.call), at_once):
            first, last = (bounds[start : start + at_once].ravel() for bounds in (places.first, places.last))
            yield self.between(first, last, np.maximum(first, last - ENDING))

    def between(self, first: Array, last: Array, ending: Array) -> dict[str, Cells]:
        """The columns of stretches of calls, whose endings begin at `ending`; a cell's turn is its stretch.

        What begins in a stretch (of syllables, half open) belongs to it, even if it ends behind it.
        """
        cut = {}
        for name, cells in (self.columns | {"ending": self.columns["syllables"]}).items():
            starts = self.starts.take(cells.first)
            low = np.searchsorted(starts, ending if name == "ending" else first)
            stretch, kept = ranges(low, np.searchsorted(starts, last) - low)
            cut[name] = Cells(cells.form.take(kept), stretch, cells.first.take(kept), cells.last.take(kept))
        return cut

    @property
    def starts(self) -> Array:
        """The syllable at which each thing that cells stand for begins: all syllables, then all finds."""
        finds = np.array([find.first for find in self.finds], dtype=int)
        return np.append(np.arange(len(self.tokens.start)), finds)

    @property
    def is_readable(self) -> NDArray[np.bool_]:
        """Whether there is enough Vietnamese in each call to judge, shape (calls,)."""
        sizes, letters, _, vietnamese = self.tokens.counts()
        return (sizes >= MIN_SYLLABLES) & (letters > 0) & (vietnamese >= MIN_VIETNAMESE * letters)


def _mark(find: Find, tokens: Tokens) -> int:
    """The number of a cue's token, from 1: its place in `MARKS`."""
    return 1 + int(tokens.is_callee[find.turn]) + 2 * find.kind + 2 * len(CUE_KINDS) * find.negated
