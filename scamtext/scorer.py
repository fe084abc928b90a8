"""A fitted model as plain arrays: what scikit-learn would say, bit for bit, with numpy alone.

`compile_model` turns the pipeline and its heads into arrays once; `Scorer` reads calls with them. n-grams are
looked up in tries over numbered tokens, all calls of a batch at once. Sums run over the same values in
the same order as in scikit-learn (`np.bincount` adds one by one), so logits agree to the last bit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from scamtext.calls import Call
from scamtext.features import COLUMNS, MARKS, START, Cells, Reading
from scamtext.lexicon import Lexicon
from scamtext.segment import segmenter
from scamtext.tokens import Tokeniser
from scamtext.trie import pack, ranges, step

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

Array = NDArray[Any]
FAMILIES = {
    family: [name for name, column in COLUMNS.items() if column.family == family]
    for family in dict.fromkeys(column.family for column in COLUMNS.values())
}
LEVELS = {1: "one", 2: "two", 3: "three"}  # tokens of an n-gram
MOST_USED = 0.9  # share of the features from which a head keeps coefficients of all
SORTED_AT_ONCE = 2048  # n-grams; more would not stay in the processor's nearest cache
SCAM_HEAD, LIVE_HEAD, TYPE_HEAD, CALL_CUES, TURN_CUES = "scam", "live", "type", "call_cues", "turn_cues"


CERTAIN = 30.0  # log-odds of a cue that all training calls have; its negative, of one that none has
# What a beginning must have more in log-odds than a long call to raise an alert, and the syllables
# over which that fades by a factor e: of fifteen pairs, the one with most scams alerted while 2 % of
# the honest calls ever were.
SURCHARGE, FADE = 3.0, 40.0


def live_scores(logits: Array, syllables: Array) -> Array:
    """How much beginnings of calls speak for a scam: live logits less a surcharge for little evidence."""
    return np.asarray(logits - SURCHARGE * np.exp(-syllables / FADE))


class Grams(NamedTuple):
    """The n-grams of a family of columns that a model knows in n texts, by text and place.

    Tokens stand in one row: for each text, for each column, START, its tokens, and a gap.

    Attributes
    ----------
    token, length, feature : of each n-gram its first token, how many it has, and what it is.
    value : of each n-gram its number among `Values`.
    text : of each token its text.
    first, last : what each token stands for (`Cells`), half open; nothing for START and gaps.
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
            *(array.take(grams) for array in (self.length, self.feature, self.value)),
            of_token,
            self.first.take(tokens) + shift,
            self.last.take(tokens) + shift,
        )


class Values(NamedTuple):
    """TF-IDF values of n texts: of which text, of which n-gram, how much; by family, text and n-gram.

    `grams` has the places that the values of each family come from.
    """

    text: Array
    feature: Array
    value: Array
    size: int
    grams: dict[str, Grams]

    def within(self, texts: NDArray[np.bool_]) -> Values:
        """The values of some of the texts only, without their places."""
        kept = texts.take(self.text).nonzero()[0]
        return Values(self.text.take(kept), self.feature.take(kept), self.value.take(kept), self.size, {})

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
        own = {name: grams[name] for name in FAMILIES[family]}
        arrays |= {f"{family}_{name}": array for name, array in _compile_family(family, own).items()}
    types = heads.get(TYPE_HEAD)
    arrays["types"] = np.frombuffer("\n".join([] if types is None else types.classes_).encode(), np.uint8)
    for name, model in heads.items():
        if model is None:
            continue
        used = model.coef_.any(axis=0).nonzero()[0]
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
        self._column = np.arange(len(sizes), dtype=np.int8).repeat(sizes)
        self._scales = np.array([column.scale for column in COLUMNS.values()])
        numbers: dict[str, _Known] = {}
        self._tries: dict[str, dict[int, tuple[Array, Array, Array]]] = {}
        self._features: dict[str, dict[int, Array]] = {}
        for family, names in FAMILIES.items():
            tokens = arrays[f"{family}_tokens"].tobytes().decode().split("\n")
            numbers[family] = _Known((token, number) for number, token in enumerate(tokens, 1))
            self._tries[family] = {
                length: tuple(arrays[f"{family}_{LEVELS[length]}_{part}"] for part in ("base", "owner", "row"))  # type: ignore[misc]
                for length in LEVELS
                if f"{family}_{LEVELS[length]}_base" in arrays
            }
            self._features[family] = {
                length: _together([arrays.get(f"{family}_{name}_{level}") for name in names])
                for length, level in LEVELS.items()
                if length == 1 or length in self._tries[family]
            }
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

    def values(self, reading: Reading, *, by_turn: bool = False) -> Values:
        """TF-IDF values of calls, as `TfidfVectorizer` and `ColumnTransformer` compute them.

        Parameters
        ----------
        by_turn : of turns instead, in the columns that are read turn by turn.
        """
        calls = reading.tokens.turn_call
        size = len(calls) if by_turn else len(reading.tokens.calls)
        grams: dict[str, Grams] = {}
        texts, features = [], []
        for family, names in FAMILIES.items():
            cells = [None if by_turn and not COLUMNS[name].turn else reading.columns[name] for name in names]
            grams[family] = found = self._find(family, cells, None if by_turn else calls, size)
            text = found.text.take(found.token)
            key = text * len(self._idf) + found.feature
            order = _order(key, text)
            key = key.take(order)
            is_new = np.append(True, key[1:] != key[:-1])[: len(key)]
            found.value[order] = is_new.cumsum() - 1 + sum(map(len, texts))
            kept = order[is_new]
            texts.append(text.take(kept))
            features.append(found.feature.take(kept))
        text, feature = np.concatenate(texts), np.concatenate(features)
        weight, column = self._idf.take(feature), self._column.take(feature)
        group = text * len(COLUMNS) + column
        norms = np.sqrt(np.bincount(group, weight * weight, size * len(COLUMNS)))
        return Values(text, feature, weight / norms.take(group) * self._scales.take(column), size, grams)

    def _find(self, family: str, columns: Sequence[Cells | None], calls: Array | None, size: int) -> Grams:
        """The n-grams of texts: of calls, or where `calls` (of turns) is None of turns; without `value`."""
        form, column, text, first, last = _lay(columns, calls, size, self._starts[family])
        longest = max(self._features[family])
        features = np.empty((len(form), longest), np.int32)
        features.fill(-1)
        at, rows = np.arange(len(form)), form
        for length, known in self._features[family].items():
            if length > 1:
                following = form.take(at + length - 1, mode="clip")  # the last is a gap
                kept, rows = step(self._tries[family][length], rows, following)
                at, column = at.take(kept), column.take(kept)
            features[at, length - 1] = known.take(column * (len(known) // len(columns)) + rows)
        known = (features.ravel() >= 0).nonzero()[0]
        token = known // longest
        feature = features.ravel().take(known)
        return Grams(token, known - token * longest + 1, feature, np.empty_like(known), text, first, last)

    def decide(self, values: Values, head: str) -> Array:
        """What a head says of n texts: shape (n, its rows of coefficients)."""
        return self._heads[head].decide(values)

    def shares(
        self, values: Values, grams: Mapping[str, Grams], head: str, rows: Array | None = None
    ) -> dict[str, Array]:
        """What each token of each n-gram has of what a head says, by family.

        Parameters
        ----------
        grams : n-grams of `values`.
        rows : for each text of `grams` a row of the head's coefficients; the first without it.
        """
        each = values.value / np.bincount(np.concatenate([found.value for found in values.grams.values()]))
        shares = {}
        for family, found in grams.items():
            row = 0 if rows is None else rows.take(found.text.take(found.token))
            coefficients = self._heads[head].of(found.feature, row)
            shares[family] = coefficients * each.take(found.value) / found.length
        return shares

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

    def of(self, features: Array, row: int | Array) -> Array:
        """The coefficients of features, 0 for those that are not used."""
        width = self._coefficients.shape[1]
        if self._place is None:
            return self._coefficients.ravel().take(row * width + features)
        places = self._place.take(features)
        return np.where(places < 0, 0, self._coefficients.ravel().take(row * width + places))

    def _places(self, values: Values) -> tuple[Array, Array]:
        """Where the coefficients stand that values ask for, and which values do."""
        if self._place is None:
            return values.feature, np.arange(len(values.feature))
        places = self._place.take(values.feature)
        used = (places >= 0).nonzero()[0]
        return places.take(used), used


def _together(parts: Sequence[Array | None]) -> Array:
    """Arrays of one length behind one another, -1 for those that there are not."""
    size = max(len(part) for part in parts if part is not None)
    return np.concatenate([np.full(size, -1, np.int32) if part is None else part for part in parts])


def _lay(columns: Sequence[Cells | None], calls: Array | None, size: int, start: int) -> tuple[Array, ...]:
    """The cells of columns in one row, by text and column, with START before each column and a gap behind.

    Parameters
    ----------
    columns : None for one that is left out.
    calls : the text of each turn; itself if None.

    Returns
    -------
    Of each token: form, column, text, first, last.
    """
    width = len(columns)
    there = [number for number, cells in enumerate(columns) if cells is not None]
    cells = Cells(*map(np.concatenate, zip(*(columns[number] for number in there), strict=True)))
    lengths = [len(columns[number].form) for number in there]
    text = cells.turn if calls is None else calls.take(cells.turn)
    segment = text * len(there) + np.arange(len(there)).repeat(lengths)
    counts = np.bincount(segment, minlength=size * len(there))
    begins = np.cumsum(counts + 2) - counts - 2
    by_column = counts.reshape(size, -1).T.ravel()
    before = (by_column.cumsum() - by_column).reshape(-1, size).T.ravel()
    place = np.arange(len(segment)) + (begins + 1 - before).take(segment)
    total = len(segment) + 2 * len(counts)
    form, first, last = np.zeros((3, total), int)
    form[place], first[place], last[place] = cells.form, cells.first, cells.last
    form[begins] = start
    owner = np.repeat(np.arange(len(counts)), counts + 2)
    text = owner // len(there)
    return form, np.array(there, dtype=int).take(owner - text * len(there)), text, first, last


def _order(keys: Array, text: Array) -> Array:
    """What sorts keys, which are sorted by text already: a few texts at a time."""
    order = np.empty(len(keys), int)
    cuts = np.searchsorted(text, text[SORTED_AT_ONCE::SORTED_AT_ONCE])
    for start, end in pairwise([0, *dict.fromkeys(cuts.tolist()), len(keys)]):
        # The place goes along in the low bits: that is several times faster than argsort.
        bits = (end - start).bit_length()
        packed = keys[start:end] - keys[start : end].min(initial=0)
        packed <<= bits
        packed |= np.arange(end - start)
        packed.sort()
        packed &= (1 << bits) - 1
        np.add(packed, start, out=order[start:end])
    return order
