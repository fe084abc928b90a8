"""A fitted model as plain arrays: what scikit-learn would say, bit for bit, with numpy alone.

`compile_model` turns the pipeline and its heads into arrays once; `Scorer` reads calls with them. n-grams are
looked up in tries over numbered tokens, all calls of a batch at once. Sums run over the same values in
the same order as in scikit-learn (`np.bincount` adds one by one), so logits agree to the last bit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from scamtext.calls import Call
from scamtext.features import COLUMNS, MARKS, START, Cells, Reading
from scamtext.lexicon import Lexicon
from scamtext.segment import segmenter
from scamtext.tokens import Tokeniser
from scamtext.trie import pack, step

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

Array = NDArray[Any]
FAMILIES = tuple(dict.fromkeys(column.family for column in COLUMNS.values()))
LEVELS = {1: "one", 2: "two", 3: "three"}  # tokens of an n-gram
MOST_USED = 0.9  # share of the features from which a head keeps coefficients of all
SCAM_HEAD, LIVE_HEAD, TYPE_HEAD, CALL_CUES, TURN_CUES = "scam", "live", "type", "call_cues", "turn_cues"


CERTAIN = 30.0  # log-odds of a cue that all training calls have; its negative, of one that none has
# What a beginning must have more in log-odds than a long call to raise an alert, and the syllables
# over which that fades by a factor e: of fifteen pairs, the one with most scams alerted while 2 % of
# the honest calls ever were.
SURCHARGE, FADE = 3.0, 40.0


def live_scores(logits: Array, syllables: Array) -> Array:
    """How much beginnings of calls speak for a scam: live logits less a surcharge for little evidence."""
    return np.asarray(logits - SURCHARGE * np.exp(-syllables / FADE))


class Values(NamedTuple):
    """TF-IDF values of n texts: of which text, of which n-gram, how much; by text, then by n-gram."""

    text: Array
    feature: Array
    value: Array
    size: int

    def within(self, texts: NDArray[np.bool_]) -> Values:
        """The values of some of the texts only."""
        kept = texts.take(self.text)
        return self._replace(text=self.text[kept], feature=self.feature[kept], value=self.value[kept])


class Grams(NamedTuple):
    """Where the n-grams of a column stand: first token, number of tokens, feature.

    Tokens stand in one row, START before each text. `cells` has the place of each token among the
    column's cells (-1 for START and between texts), `texts` its text.
    """

    token: Array
    length: Array
    feature: Array
    cells: Array
    texts: Array

    @property
    def text(self) -> Array:
        """The text of each n-gram."""
        return self.texts.take(self.token)

    def within(self, texts: NDArray[np.bool_]) -> Grams:
        """The n-grams of some of the texts only."""
        kept = texts.take(self.text)
        return self._replace(token=self.token[kept], length=self.length[kept], feature=self.feature[kept])


def compile_model(lexicon: Lexicon, pipeline: Pipeline, heads: Mapping[str, Any]) -> dict[str, Array]:
    """Arrays for `Scorer`.

    Parameters
    ----------
    lexicon : whose finds are the marks that the pipeline was fitted to.
    pipeline : a fitted `features.build_pipeline`.
    heads : fitted linear models on its values, by name; None for what there is not.
    """
    grams: dict[str, dict[tuple[str, ...], int]] = {}
    idf: list[Array] = []
    for name, tfidf, _ in pipeline["columns"].transformers_:
        offset = sum(map(len, idf))
        grams[name] = {tuple(gram.split(" ")): offset + int(at) for gram, at in tfidf.vocabulary_.items()}
        idf.append(tfidf.idf_)
    values, places = np.unique(np.concatenate(idf), return_inverse=True)  # n-grams in equally many calls share one
    arrays = {
        "idf": values,
        "idf_of": places.astype(np.min_scalar_type(len(values))),
        "columns": np.array(list(map(len, idf))),
    }
    arrays |= lexicon.compile()
    for family in FAMILIES:
        own = {name: grams[name] for name, column in COLUMNS.items() if column.family == family}
        arrays |= {f"{family}_{name}": array for name, array in _compile_family(family, own).items()}
    types = heads.get(TYPE_HEAD)
    arrays["types"] = np.frombuffer("\n".join([] if types is None else types.classes_).encode(), np.uint8)
    for name, model in heads.items():
        if model is None:
            continue
        used = np.flatnonzero(model.coef_.any(axis=0))
        if len(used) < MOST_USED * model.coef_.shape[1]:
            arrays[f"{name}_features"] = used.astype(np.int32)
        else:
            used = np.arange(model.coef_.shape[1])
        arrays[f"{name}_coefficients"] = np.ascontiguousarray(model.coef_[:, used], dtype=np.float32)
        arrays[f"{name}_intercepts"] = np.asarray(model.intercept_, dtype=np.float64)
    return arrays


def _compile_family(family: str, grams: Mapping[str, Mapping[tuple[str, ...], int]]) -> dict[str, Array]:
    """The tokens of a family, the tries of its pairs and triples, and each column's features by trie row."""
    known = {token for own in grams.values() for gram in own for token in gram} - {START}
    tokens = [*(MARKS if family == "cues" else sorted(known)), START]
    number = {token: place for place, token in enumerate(tokens, 1)}
    rows: dict[tuple[str, ...], int] = {(): 0, **{(token,): place for token, place in number.items()}}
    arrays: dict[str, Array] = {"tokens": np.frombuffer("\n".join(tokens).encode(), np.uint8)}
    counts = {1: len(tokens)}
    longest = max(column.longest for column in COLUMNS.values() if column.family == family)
    for length in range(2, longest + 1):
        children: dict[int, dict[int, int]] = {}
        longer = {gram[:length] for own in grams.values() for gram in own if len(gram) >= length}
        counts[length] = len(longer)
        for row, gram in enumerate(sorted(longer), 1):
            rows[gram] = row
            children.setdefault(rows[gram[:-1]], {})[number[gram[-1]]] = row
        packed = pack(children, counts[length - 1] + 1, len(tokens) + 1)
        arrays |= {f"{LEVELS[length]}_{name}": array for name, array in packed.items()}
    for name, own in grams.items():
        features = {length: np.full(count + 1, -1, np.int32) for length, count in counts.items()}
        for gram, feature in own.items():
            features[len(gram)][rows[gram]] = feature
        arrays |= {f"{name}_{LEVELS[length]}": array for length, array in features.items()}
    return arrays


class Scorer:
    """Reads calls and weighs them with the arrays of `compile_model`."""

    def __init__(self, arrays: Mapping[str, Array]) -> None:
        self.arrays = arrays = dict(arrays)  # an npz file would read an array each time it is asked for
        self._idf, sizes = arrays["idf"].take(arrays["idf_of"]), arrays["columns"]
        if SCAM_HEAD not in {name.removesuffix("_coefficients") for name in arrays} or sizes.sum() != len(self._idf):
            raise ValueError("arrays of a model belong together; some are missing or of another")
        self._column = np.repeat(np.arange(len(sizes), dtype=np.int8), sizes)
        self._scales = np.array([column.scale for column in COLUMNS.values()])
        numbers: dict[str, _Known] = {}
        self._tries: dict[str, dict[int, tuple[Array, Array, Array]]] = {}
        self._features: dict[str, list[Array]] = {}
        for family in FAMILIES:
            tokens = arrays[f"{family}_tokens"].tobytes().decode().split("\n")
            numbers[family] = _Known((token, number) for number, token in enumerate(tokens, 1))
            self._tries[family] = {
                length: tuple(arrays[f"{family}_{LEVELS[length]}_{part}"] for part in ("base", "owner", "row"))  # type: ignore[misc]
                for length in LEVELS
                if f"{family}_{LEVELS[length]}_base" in arrays
            }
            for name in (name for name, column in COLUMNS.items() if column.family == family):
                levels = [f"{family}_{name}_{level}" for level in LEVELS.values()]
                self._features[name] = [arrays[level] for level in levels if level in arrays]
        self._starts = {family: number[START] for family, number in numbers.items()}
        self._heads = {
            name.removesuffix("_coefficients"): _Head(arrays, name.removesuffix("_coefficients"), len(self._idf))
            for name in arrays
            if name.endswith("_coefficients")
        }
        self._types = arrays["types"].tobytes().decode().split("\n")
        self.lexicon = Lexicon.from_arrays(arrays)
        self.tokeniser = Tokeniser(
            numbers["syllables"].__getitem__,
            numbers["words"].__getitem__,
            self.lexicon,
            segmenter(),
        )

    def __reduce__(self) -> tuple[Any, ...]:
        return Scorer, (self.arrays,)

    def read(self, calls: Sequence[Call]) -> Reading:
        """Tokenise calls."""
        return Reading.of(self.tokeniser.read(calls), self.lexicon)

    def grams(self, reading: Reading, *, by_turn: bool = False) -> dict[str, Grams]:
        """The n-grams of calls, or of turns (of the columns that are read turn by turn), that the model knows."""
        calls = reading.tokens.turn_call
        size = len(calls) if by_turn else len(reading.tokens.calls)
        return {
            name: self._find(name, cells, cells.turn if by_turn else calls.take(cells.turn), size)
            for name, cells in reading.columns.items()
            if not by_turn or COLUMNS[name].turn
        }

    def _find(self, name: str, cells: Cells, text: Array, size: int) -> Grams:
        column = COLUMNS[name]
        form, texts, cells_of = _lay(cells.form, text, size, self._starts[column.family])
        at: Array = np.arange(len(form))
        rows = form
        tokens, features = [at], [self._features[name][0].take(form)]
        for length in range(2, column.longest + 1):
            following = form.take(at + length - 1, mode="clip")  # the last is a gap
            rows, here = step(self._tries[column.family][length], rows, following)
            at, rows = at[here], rows[here]
            tokens.append(at)
            features.append(self._features[name][length - 1].take(rows))
        lengths = np.repeat(np.arange(1, len(tokens) + 1), list(map(len, tokens)))
        token, feature = np.concatenate(tokens), np.concatenate(features)
        known = feature >= 0
        return Grams(token[known], lengths[known], feature[known], cells_of, texts)

    def values(self, grams: Mapping[str, Grams], size: int) -> Values:
        """TF-IDF values of n texts, as `TfidfVectorizer` and `ColumnTransformer` compute them."""
        features = len(self._idf)
        keys = np.sort(np.concatenate([part.text * features + part.feature for part in grams.values()]))
        keys = keys[np.concatenate([[True], keys[1:] != keys[:-1]])] if len(keys) else keys
        text, feature = np.divmod(keys, features)
        weight, column = self._idf.take(feature), self._column.take(feature)
        group = text * len(COLUMNS) + column
        norms = np.sqrt(np.bincount(group, weight * weight, size * len(COLUMNS)))
        return Values(text, feature, weight / norms.take(group) * self._scales.take(column), size)

    def decide(self, values: Values, head: str) -> Array:
        """What a head says of n texts: shape (n, its rows of coefficients)."""
        return self._heads[head].decide(values)

    def weigh(self, values: Values, head: str, row: int = 0) -> Array:
        """The part of each value in what a head's row of coefficients says."""
        return self._heads[head].weigh(values, row)

    @property
    def bias(self) -> float:
        """The intercept of the scam head."""
        return float(self._heads[SCAM_HEAD].intercepts[0])

    def types(self, values: Values) -> list[str | None]:
        """The most likely scam type of each call, None if the model knows no types."""
        if not self.has(TYPE_HEAD):
            return [None] * values.size
        scores = self.decide(values, TYPE_HEAD)
        best = scores.argmax(axis=1) if scores.shape[1] > 1 else (scores[:, 0] > 0).astype(int)
        return [self._types[number] for number in best.tolist()]

    def turn_cues(self, values: Values) -> Array:
        """What speaks for each kind of cue in turns; nothing in a turn of which no word is known."""
        scores = self.decide(values, TURN_CUES)
        starts = sum(column.turn > 0 for column in COLUMNS.values())
        scores[np.bincount(values.text, minlength=values.size) <= starts] = -CERTAIN
        return scores

    def live_scores(self, values: Values, syllables: Array) -> Array:
        """`live_scores` of beginnings of calls, that many syllables long."""
        return live_scores(self.decide(values, LIVE_HEAD)[:, 0], syllables)

    def has(self, head: str) -> bool:
        """Whether the model has this head."""
        return head in self._heads


class _Known(dict[str, int]):
    """The numbers of tokens; 0 for all others."""

    def __missing__(self, token: str) -> int:
        return 0


class _Head:
    """A linear model: coefficients of the features that it uses."""

    def __init__(self, arrays: Mapping[str, Array], name: str, features: int) -> None:
        self._coefficients, self.intercepts = arrays[f"{name}_coefficients"], arrays[f"{name}_intercepts"]
        self._place: Array | None = None
        if len(self.intercepts) != len(self._coefficients):
            raise ValueError(f"head {name!r}: {len(self.intercepts)} intercepts, {len(self._coefficients)} rows")
        if f"{name}_features" in arrays:
            used = arrays[f"{name}_features"]
            self._place = np.full(features, -1, np.int32)
            self._place[used] = np.arange(len(used))
            features = len(used)
        if self._coefficients.shape[1] != features:
            raise ValueError(f"head {name!r}: {self._coefficients.shape[1]} coefficients for {features} features")

    def decide(self, values: Values) -> Array:
        places, used = self._places(values)
        text, value = values.text.take(used), values.value.take(used)
        sums = [np.bincount(text, row.take(places) * value, values.size) for row in self._coefficients]
        return np.column_stack(sums) + self.intercepts

    def weigh(self, values: Values, row: int) -> Array:
        places, used = self._places(values)
        parts = np.zeros(len(values.value))
        parts[used] = self._coefficients[row].take(places) * values.value.take(used)
        return parts

    def _places(self, values: Values) -> tuple[Array, Array]:
        """Where the coefficients stand that values ask for, and which values do."""
        if self._place is None:
            return values.feature, np.arange(len(values.feature))
        places = self._place.take(values.feature)
        used = np.flatnonzero(places >= 0)
        return places.take(used), used


def _lay(form: Array, text: Array, size: int, start: int) -> tuple[Array, Array, Array]:
    """Tokens of n texts in one row: START before each text and a gap behind; their texts, and their cells."""
    place = np.arange(len(form)) + 2 * text + 1
    counts = np.bincount(text, minlength=size) + 2
    laid = np.zeros(len(form) + 2 * size + 1, int)
    laid[place] = form
    laid[np.cumsum(counts) - counts] = start
    cell = np.full(len(laid), -1)
    cell[place] = np.arange(len(form))
    return laid, np.append(np.repeat(np.arange(size), counts), size), cell
