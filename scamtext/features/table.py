"""Labelled calls as rows of strings, and the scikit-learn pipeline that reads them. Used for training only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from scamtext._typing import Array
from scamtext.calls import Call
from scamtext.cues.lexicon import Lexicon
from scamtext.features.columns import COLUMNS, ENDING, MARKS, START, WINDOWS, Cells, Reading
from scamtext.text.segmentation import segmenter
from scamtext.text.tokenizer import Tokeniser

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline


def marked_kinds(row: Sequence[str]) -> frozenset[str]:
    """The kinds whose marks stand in a call's row, denied ones left out."""
    marks = row[list(COLUMNS).index("cues")].split()[1:]
    return frozenset(mark.split(":")[0] for mark in marks if not mark.startswith("not:"))


@dataclass(frozen=True, slots=True)
class Table:
    """Calls as the pipeline takes them: one row of space-joined columns a call, and a turn.

    Attributes
    ----------
    calls : shape (n, columns).
    turns : shape (n,), for each call an array of shape (its turns, columns).
    windows : shape (n,), for each call an array of shape (its windows, columns), those of a place together.
    """

    calls: NDArray[np.object_]
    turns: NDArray[np.object_]
    windows: NDArray[np.object_]

    @classmethod
    def of(cls, calls: Sequence[Call], lexicon: Lexicon) -> Table:
        """Tokenise calls; a call without turns reads like one empty turn."""
        tokeniser, names = _learning(lexicon)
        reading = Reading.of(tokeniser.read(calls), lexicon)
        places = reading.places()
        windows = np.array([_rows(cut, len(WINDOWS), names) for cut in reading.cut(places, 1)], dtype=object)
        turns = _split(
            _rows(reading.columns, len(reading.tokens.turn_call), names), reading.tokens.turn_call, len(calls)
        )
        for number in (number for number, own in enumerate(turns) if not len(own)):
            turns[number] = np.full((1, len(COLUMNS)), START, dtype=object)
        return cls(
            np.array([join_rows(part) for part in turns], dtype=object).reshape(-1, len(COLUMNS)),
            turns,
            _split(windows.reshape(-1, len(COLUMNS)), places.call.repeat(len(WINDOWS)), len(calls)),
        )

    @classmethod
    def join(cls, parts: Sequence[Table]) -> Table:
        """The calls of tables, one after the other."""
        return cls(*(np.concatenate([getattr(part, name) for part in parts]) for name in cls.__slots__))

    def take(self, rows: NDArray[Any]) -> Table:
        """The calls at these positions, or where this mask is true."""
        return Table(self.calls[rows], self.turns[rows], self.windows[rows])

    @property
    def turn_rows(self) -> NDArray[np.object_]:
        """What is read turn by turn of all turns in order, shape (turns of all calls, columns)."""
        rows = np.concatenate(list(self.turns))
        rows[:, [not column.turn for column in COLUMNS.values()]] = START
        return rows

    def beginning(self, call: int, turns: int) -> NDArray[np.object_]:
        """The row of the first turns of a call, shape (columns,)."""
        return join_rows(self.turns[call][:turns])

    @property
    def sizes(self) -> list[int]:
        """How many turns each call has."""
        return [len(rows) for rows in self.turns]

    def __len__(self) -> int:
        return len(self.calls)


def _rows(columns: Mapping[str, Cells], size: int, names: Mapping[str, Sequence[str]]) -> NDArray[np.object_]:
    """Columns of so many turns as rows of strings, shape (size, columns); `names` holds forms by family and number."""
    joined = []
    for name, cells in columns.items():
        known = names[COLUMNS[name].family]
        forms = [known[number] for number in cells.form.tolist()]
        cuts = np.searchsorted(cells.turn, np.arange(size + 1)).tolist()
        joined.append([" ".join([START, *forms[start:end]]) for start, end in pairwise(cuts)])
    return np.array(joined, dtype=object).T.reshape(size, len(COLUMNS))


def _split(rows: NDArray[np.object_], calls: Array, size: int) -> NDArray[np.object_]:
    """The rows of each call, `calls` being the call of each row; shape (size,)."""
    parts = np.empty(size, dtype=object)
    for number, (start, end) in enumerate(pairwise(np.searchsorted(calls, np.arange(size + 1)))):
        parts[number] = rows[start:end]
    return parts


def join_rows(turns: NDArray[np.object_]) -> NDArray[np.object_]:
    """The row of a call from the rows of its turns, shape (turns, columns)."""
    row = dict(zip(COLUMNS, (START + "".join(part[1:] for part in parts) for parts in turns.T), strict=True))
    row["ending"] = " ".join([START, *row["syllables"].split()[1:][-ENDING:]])
    return np.array(list(row.values()), dtype=object)


class Names(dict[str, int]):
    """Numbers for forms as they come, from 1; `names[number]` is the form."""

    def __init__(self) -> None:
        super().__init__()
        self.names = [""]

    def __missing__(self, form: str) -> int:
        self.names.append(form)
        self[form] = number = len(self.names) - 1
        return number


@lru_cache(maxsize=1)
def _learning(lexicon: Lexicon) -> tuple[Tokeniser, dict[str, list[str]]]:
    """A tokeniser that numbers every form it meets, and the forms of each family by number."""
    words, folded = Names(), Names()
    tokeniser = Tokeniser(folded.__getitem__, words.__getitem__, lexicon.numbers, segmenter())
    return tokeniser, {"words": words.names, "syllables": folded.names, "cues": ["", *MARKS]}


def build_pipeline(C: float, min_df: int) -> Pipeline:
    """The unfitted pipeline: TF-IDF for each column, then scam or not.

    Parameters
    ----------
    C : inverse strength of the L2 penalty.
    min_df : calls in which an n-gram must occur to be a feature.
    """
    from sklearn.compose import ColumnTransformer
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import Pipeline

    def tfidf(longest: int) -> TfidfVectorizer:
        return TfidfVectorizer(
            token_pattern=r"\S+", lowercase=False, ngram_range=(1, longest), min_df=min_df, binary=True
        )

    columns = ColumnTransformer(
        [(name, tfidf(column.longest), index) for index, (name, column) in enumerate(COLUMNS.items())],
        transformer_weights={name: column.scale for name, column in COLUMNS.items()},
    )
    return Pipeline([("columns", columns), ("scam", LogisticRegression(C=C, max_iter=1000))])
