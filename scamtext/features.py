"""A call as columns of tokens, and the stock scikit-learn pipeline that reads them.

Tokens are made before the pipeline, so that what is fitted and saved is plain
scikit-learn: one TF-IDF for each column, side by side, and a logistic regression.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from scamtext.calls import CALLEE, CALLER, Call, Turn
from scamtext.cues import find_cues
from scamtext.lexicon import Lexicon
from scamtext.results import Evidence
from scamtext.text import Line, Token, fold, has_diacritics, syllables, vietnamese_share, words

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

MIN_SYLLABLES = 5  # the shortest call that is judged; the corpus has none under 11
MIN_VIETNAMESE = 0.5  # share of possible Vietnamese syllables; no call of the corpus is under 0.65
ENDING = 80  # syllables: the ask comes late, and openings are alike in scams and honest calls


class Placed(NamedTuple):
    """A token of a column, and the stretch of a turn that it stands for."""

    form: str
    turn: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Reading:
    """What the model and the explanation need of a call.

    Attributes
    ----------
    columns : tokens by column name, in the order of `COLUMNS`.
    cues : the lexicon's finds.
    syllables : all syllables in order, spelt as they are.
    turns : how many turns there are.
    """

    columns: dict[str, list[Placed]]
    cues: tuple[Evidence, ...]
    syllables: list[Placed]
    turns: int = 1

    @property
    def is_readable(self) -> bool:
        """Whether there is enough Vietnamese here to judge."""
        forms = [token.form for token in self.syllables]
        return len(forms) >= MIN_SYLLABLES and vietnamese_share(forms) >= MIN_VIETNAMESE

    def by_turn(self) -> list[Reading]:
        """Each turn as a reading of its own; the ending is a matter of the whole call and stays empty."""
        # A call without turns reads like one empty turn.
        parts = [Reading({name: [] for name in COLUMNS}, (), []) for _ in range(max(1, self.turns))]
        for token in self.syllables:
            parts[token.turn].syllables.append(token)
        for name in COLUMNS:
            for token in self.columns[name] if name != "ending" else ():
                parts[token.turn].columns[name].append(token)
        return parts


@dataclass(frozen=True, slots=True)
class TurnTokens:
    """One turn, tokenised: what costs time is done once, however often its call is read."""

    turn: Turn
    line: Line
    words: list[Token]
    _cues: dict[tuple[int, bool], list[Evidence]] = field(default_factory=dict)

    @classmethod
    def of(cls, turn: Turn) -> TurnTokens:
        """Cut a turn into syllables and words."""
        return cls(turn, syllables(turn.text), words(turn.text))

    def cues(self, number: int, lexicon: Lexicon, folded: bool) -> list[Evidence]:
        """`cues.find_cues`, remembered."""
        if (number, folded) not in self._cues:
            self._cues[number, folded] = find_cues(number, self.turn, self.line, lexicon, folded)
        return self._cues[number, folded]


def read_call(call: Call, lexicon: Lexicon) -> Reading:
    """Tokenise a call and find its cues."""
    return read_turns([TurnTokens.of(turn) for turn in call.turns], lexicon)


def read_turns(turns: Sequence[TurnTokens], lexicon: Lexicon) -> Reading:
    """The reading of a call from its turns."""
    spelt = _placed(turn.line.syllables for turn in turns)
    folded = [token._replace(form=fold(token.form)) for token in spelt]
    typed_bare = not has_diacritics([token.form for token in spelt])
    cues = tuple(cue for number, turn in enumerate(turns) for cue in turn.cues(number, lexicon, typed_bare))
    speakers = [turn.turn.speaker for turn in turns]
    columns = {
        "words": _placed(turn.words for turn in turns),
        "syllables": folded,
        "caller": [token for token in folded if speakers[token.turn] != CALLEE],
        "callee": [token for token in folded if speakers[token.turn] == CALLEE],
        "ending": folded[-ENDING:],
        "cues": [Placed(mark(cue), cue.turn, cue.start, cue.end) for cue in cues],
    }
    return Reading(columns, cues, spelt, len(turns))


def _placed(turns: Iterable[Sequence[Token]]) -> list[Placed]:
    return [
        Placed(token.form, number, token.start, token.end) for number, tokens in enumerate(turns) for token in tokens
    ]


def mark(cue: Evidence) -> str:
    """The token of a cue: its kind and who spoke it; denied or reported ones are apart."""
    return f"{'not:' if cue.negated else ''}{cue.kind}:{CALLEE if cue.speaker == CALLEE else CALLER}"


def marked_kinds(row: Sequence[str]) -> frozenset[str]:
    """The kinds whose marks stand in a call's row (`to_rows`), denied ones left out."""
    marks = row[list(COLUMNS).index("cues")].split()[1:]
    return frozenset(mark.split(":")[0] for mark in marks if not mark.startswith("not:"))


class Column(NamedTuple):
    """How a column becomes features.

    Attributes
    ----------
    longest : its longest n-gram.
    scale : the scale of its TF-IDF values.
    topic : the longest n-gram that tells what the call is about (types and cues); 0 for none.
    turn : the longest n-gram that is read turn by turn (cues); 0 for none.
    """

    longest: int
    scale: float
    topic: int = 0
    turn: int = 0


# Scales and n-grams measured on authors left out (docs/ablation.md). Cue marks are few and
# frequent, so at full scale they drown the words.
COLUMNS = {
    "words": Column(2, 1.0, topic=1, turn=1),
    "syllables": Column(3, 1.0, turn=2),
    "caller": Column(3, 1.5, topic=2),
    "callee": Column(2, 1.0),
    "ending": Column(3, 1.0),
    "cues": Column(2, 0.1, turn=1),
}
# Stands first in every column, so that no vocabulary is ever empty (calls without a callee,
# fits on a handful of texts).
START = Placed("^", 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Table:
    """Readings as the pipeline takes them: one row of space-joined columns a call, and a turn.

    Attributes
    ----------
    calls : shape (n, columns).
    turns : shape (n,), for each call an array of shape (its turns, columns).
    """

    calls: NDArray[np.object_]
    turns: NDArray[np.object_]

    def take(self, rows: NDArray[Any]) -> Table:
        """The calls at these positions, or where this mask is true."""
        return Table(self.calls[rows], self.turns[rows])

    @property
    def turn_rows(self) -> NDArray[np.object_]:
        """What is read turn by turn of all turns in order, shape (turns of all calls, columns)."""
        rows = np.concatenate(list(self.turns))
        rows[:, [not column.turn for column in COLUMNS.values()]] = START.form
        return rows

    def beginning(self, call: int, turns: int) -> NDArray[np.object_]:
        """The row of a call of which this many turns have been heard, shape (columns,)."""
        return join_rows(self.turns[call][:turns])

    @property
    def sizes(self) -> list[int]:
        """How many turns each call has."""
        return [len(rows) for rows in self.turns]

    def __len__(self) -> int:
        return len(self.calls)


def to_table(readings: Sequence[Reading]) -> Table:
    """The rows of calls and of their turns."""
    turns = np.empty(len(readings), dtype=object)
    for number, reading in enumerate(readings):
        turns[number] = to_rows(reading.by_turn())
    return Table(to_rows(readings), turns)


def join_rows(turns: NDArray[np.object_]) -> NDArray[np.object_]:
    """The row of a call from the rows of its turns, shape (turns, columns).

    Equal to the row that `to_rows` makes of the call's reading.
    """
    row = dict(zip(COLUMNS, (START.form + "".join(part[1:] for part in parts) for parts in turns.T), strict=True))
    row["ending"] = " ".join([START.form, *row["syllables"].split()[1:][-ENDING:]])
    return np.array(list(row.values()), dtype=object)


def to_rows(readings: Sequence[Reading]) -> NDArray[np.object_]:
    """One row for each reading, shape (n, columns)."""
    rows = [[_join(reading.columns[name]) for name in COLUMNS] for reading in readings]
    return np.array(rows, dtype=object).reshape(len(rows), len(COLUMNS))


def _join(tokens: Sequence[Placed]) -> str:
    return " ".join(token.form for token in (START, *tokens))


def ngrams(tokens: Sequence[Placed], longest: int) -> Iterable[tuple[str, Sequence[Placed]]]:
    """The n-grams of a column as TfidfVectorizer names them, each with its tokens."""
    tokens = (START, *tokens)
    for size, start in itertools.product(range(1, longest + 1), range(len(tokens))):
        if start + size <= len(tokens):
            gram = tokens[start : start + size]
            yield " ".join(token.form for token in gram), gram


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
