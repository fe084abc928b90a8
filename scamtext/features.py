"""A call as columns of tokens, and the stock scikit-learn pipeline that reads them.

Tokens are made before the pipeline, so that what is fitted and saved is plain
scikit-learn: one TF-IDF for each column, side by side, and a logistic regression.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from scamtext.calls import CALLEE, Call
from scamtext.cues import find_cues
from scamtext.lexicon import Lexicon
from scamtext.results import Evidence
from scamtext.text import Token, fold, syllables, vietnamese_share, words

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

MIN_SYLLABLES = 5  # the shortest call that is judged; the corpus has none under 11
MIN_VIETNAMESE = 0.5  # share of possible Vietnamese syllables; no call of the corpus is under 0.71
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
    """

    columns: dict[str, list[Placed]]
    cues: tuple[Evidence, ...]
    syllables: list[Placed]

    @property
    def is_readable(self) -> bool:
        """Whether there is enough Vietnamese here to judge."""
        forms = [token.form for token in self.syllables]
        return len(forms) >= MIN_SYLLABLES and vietnamese_share(forms) >= MIN_VIETNAMESE


def read_call(call: Call, lexicon: Lexicon) -> Reading:
    """Tokenise a call and find its cues."""
    lines = [syllables(turn.text) for turn in call.turns]
    spelt = _placed(line.syllables for line in lines)
    folded = [token._replace(form=fold(token.form)) for token in spelt]
    cues = tuple(find_cues(call, lines, lexicon))
    columns = {
        "words": _placed(words(turn.text) for turn in call.turns),
        "syllables": folded,
        "caller": [token for token in folded if call.turns[token.turn].speaker != CALLEE],
        "callee": [token for token in folded if call.turns[token.turn].speaker == CALLEE],
        "ending": folded[-ENDING:],
        "cues": list(_cue_marks(cues)),
    }
    return Reading(columns, cues, spelt)


def _placed(turns: Iterable[Sequence[Token]]) -> list[Placed]:
    return [
        Placed(token.form, number, token.start, token.end) for number, tokens in enumerate(turns) for token in tokens
    ]


def _cue_marks(cues: Sequence[Evidence]) -> Iterable[Placed]:
    """One mark for each cue, with who spoke it; denied or reported ones have marks of their own."""
    for cue in cues:
        speaker = "callee" if cue.speaker == CALLEE else "caller"
        mark = f"{'not:' if cue.negated else ''}{cue.kind}:{speaker}"
        yield Placed(mark, cue.turn, cue.start, cue.end)


class Column(NamedTuple):
    """How a column becomes features: its longest n-gram, and the scale of its TF-IDF values."""

    longest: int
    scale: float


# Scales and n-grams measured on authors left out (docs/ablation.md). Cue marks are few and
# frequent, so at full scale they drown the words.
COLUMNS = {
    "words": Column(2, 1.0),
    "syllables": Column(3, 1.0),
    "caller": Column(3, 1.5),
    "callee": Column(2, 1.0),
    "ending": Column(3, 1.0),
    "cues": Column(2, 0.1),
}
# Stands first in every column, so that no vocabulary is ever empty (calls without a callee,
# fits on a handful of texts).
START = Placed("^", 0, 0, 0)


def to_table(readings: Iterable[Reading]) -> NDArray[np.object_]:
    """Readings as the pipeline takes them: one row a call, one space-joined string a column."""
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
