"""A fitted model as plain arrays: what scikit-learn would say, bit for bit, with numpy alone.

`compiler` turns the pipeline and its heads into arrays once; `Scorer` reads calls with them. n-grams are
looked up in tries over numbered tokens, all calls of a batch at once. Sums run over the same values in
the same order as in scikit-learn (`np.bincount` adds one by one), so logits agree to the last bit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from scamtext.calls import Call
from scamtext.features import COLUMNS, ENDING, START, WINDOWS, Cells, Places, Reading
from scamtext.lexicon import Lexicon
from scamtext.segment import segmenter
from scamtext.tokens import Tokeniser
from scamtext.trie import ranges, step

Array = NDArray[Any]
# Cues come first: their marks have numbers from 1.
FAMILIES = "cues", "words", "syllables"
LEVELS = {1: "one", 2: "two", 3: "three"}  # tokens of an n-gram
SORTED_AT_ONCE = 2048  # n-grams; more would not stay in the processor's nearest cache
NEAR = 5  # neighbouring places that are heard together (docs/ablation.md); the shortest long call has 24
AT_ONCE = 800 * NEAR  # places that are heard at a time: the windows of a very long call would fill the memory
SCAM_HEAD, LIVE_HEAD, TYPE_HEAD, CALL_CUES, TURN_CUES = "scam", "live", "type", "call_cues", "turn_cues"


CERTAIN = 30.0  # log-odds of a cue that all training calls have; its negative, of one that none has
# What a beginning must have more in log-odds than a long call to raise an alert, and the syllables
# over which that fades by a factor e: of fifteen pairs, the one with most scams alerted while 2 % of
# the honest calls ever were.
SURCHARGE, FADE = 3.0, 40.0


# What the most telling of n passages must have more in log-odds than a whole call, for each unit of log n: the
# highest of many scores is high by chance. Measured on honest calls joined to long ones (docs/ablation.md).
CHANCE = 0.05


def strongest(scores: Array, calls: Array) -> tuple[Array, Array, Array]:
    """The most telling passage, `NEAR` places in a row, of each call that has places; of equals the first.

    Parameters
    ----------
    scores, calls : of n places, by call.

    Returns
    -------
    The first place of each passage, its score, which is the mean of its places' less a surcharge, and that surcharge.
    """
    first = np.flatnonzero(calls[: 1 - NEAR] == calls[NEAR - 1 :])
    calls = calls.take(first)
    surcharge = CHANCE * np.log(np.bincount(calls).take(calls))
    score = sliding_window_view(scores, NEAR)[first].mean(axis=1) - surcharge
    order = np.lexsort((-score, calls))
    best = order[np.append(True, np.diff(calls.take(order)) > 0)]
    return first.take(best), score.take(best), surcharge.take(best)


def passages(first: Array) -> Array:
    """The places of passages that begin at these, shape (passages, NEAR)."""
    return np.asarray(first[:, None] + np.arange(NEAR))


def live_scores(logits: Array, syllables: Array) -> Array:
    """How much beginnings of calls speak for a scam: live logits less a surcharge for little evidence."""
    return np.asarray(logits - SURCHARGE * np.exp(-syllables / FADE))


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


class Decision(NamedTuple):
    """What decides of n calls: values and n-grams, the logits that they come to, and what was taken off these."""

    values: Values
    grams: Grams
    logits: Array
    surcharge: Array


class Scorer:
    """Reads calls and weighs them with the arrays of `compiler.compile_model`."""

    def __init__(self, arrays: Mapping[str, Array]) -> None:
        self.arrays = arrays = dict(arrays)  # an npz file would read an array each time it is asked for
        self._idf, sizes = arrays["idf"].take(arrays["idf_of"]), arrays["columns"]
        if SCAM_HEAD not in {name.removesuffix("_coefficients") for name in arrays} or sizes.sum() != len(self._idf):
            raise ValueError("arrays of a model belong together; some are missing or of another")
        self._column = np.arange(len(sizes), dtype=np.int8).repeat(sizes)
        self._scales = np.array([column.scale for column in COLUMNS.values()])
        numbers: dict[str, _Known] = {}
        for family in FAMILIES:
            tokens = arrays[f"{family}_tokens"].tobytes().decode().split("\n")
            before = sum(map(len, numbers.values()))
            numbers[family] = _Known((token, number) for number, token in enumerate(tokens, before + 1))
        self._starts = np.array([numbers[column.family][START] for column in COLUMNS.values()])
        self._shifts, self._features, self._tries = arrays["shifts"], {}, {}
        for length, level in LEVELS.items():
            self._features[length] = arrays[f"{level}_features"]
            if length > 1:
                self._tries[length] = arrays[f"{level}_base"], arrays[f"{level}_owner"], arrays[f"{level}_row"]
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

    def values(self, reading: Reading, *, by_turn: bool = False) -> tuple[Values, Grams]:
        """TF-IDF values of calls, as `TfidfVectorizer` and `ColumnTransformer` compute them, and their n-grams.

        Parameters
        ----------
        by_turn : of turns instead, in the columns that are read turn by turn.
        """
        calls = reading.tokens.turn_call
        if not by_turn:
            return self._weigh(reading.columns, calls, len(reading.tokens.calls))
        columns = {name: cells for name, cells in reading.columns.items() if COLUMNS[name].turn}
        return self._weigh(columns, None, len(calls))

    def focus(self, reading: Reading, values: Values, grams: Grams) -> Decision:
        """What decides of calls: the whole, of which `values` and `grams` are, or a passage of it that says more.

        What a passage says is the mean of what the windows around its places say.
        """
        logits = self.decide(values, SCAM_HEAD)[:, 0]
        surcharge = np.zeros_like(logits)
        places = reading.places()
        if not len(places.call):
            return Decision(values, grams, logits, surcharge)
        rows = np.arange(len(places.call))
        parts = (places.take(rows[start : start + AT_ONCE]) for start in range(0, len(rows), AT_ONCE))
        scores = np.concatenate([self._window_logits(reading, part).mean(axis=1) for part in parts])
        first, score, off = strongest(scores, places.call)
        more = np.flatnonzero(score > logits.take(places.call.take(first)))
        calls = places.call.take(first.take(more))
        surcharge[calls] = off.take(more)
        number = np.arange(len(logits))
        number[calls] = -1
        values, grams = _renumber(values, grams, number)
        for cut in reading.cut(places.take(passages(first.take(more)).ravel()), AT_ONCE):
            own, calls = calls[: AT_ONCE // NEAR], calls[AT_ONCE // NEAR :]
            part = _average(*self._weigh(cut, None, len(own) * NEAR * len(WINDOWS)), NEAR * len(WINDOWS))
            logits[own] = self.decide(part[0], SCAM_HEAD)[:, 0] - surcharge.take(own)
            values, grams = _join((values, grams), _renumber(*part, own), len(logits))
        return Decision(values, grams, logits, surcharge)

    def _window_logits(self, reading: Reading, places: Places) -> Array:
        """What the scam head says of windows, shape (places, windows): `_weigh` and `decide` without all their values.

        An n-gram counts once in a window. So it counts in the windows, which stand in order, that begin behind where it
        stood before, not behind where it stands, and so late that it ends in them: sums over these are running sums.
        """
        calls, opening, sizes = np.unique(places.call, return_index=True, return_counts=True)
        first = places.first.take(opening, axis=0).min(axis=1)
        last = places.last.take(opening + sizes - 1, axis=0).max(axis=1)
        starts = reading.starts
        columns = reading.between(first, last, first)
        grams = self._find(columns, None, len(calls))
        position = starts.take(grams.first)
        spoken = (grams.first >= 0).take(grams.token).nonzero()[0]  # without those of START
        token, feature = grams.token.take(spoken), grams.feature.take(spoken)
        start, end = position.take(token), position.take(token + grams.length.take(spoken) - 1)
        before = _before(grams.text.take(token) * len(self._idf) + feature, start)
        column = self._column.take(feature)
        logits = np.full(places.first.shape, self.bias)
        for number, (name, cells) in enumerate(columns.items()):
            own = (column == number).nonzero()[0]
            begins = starts.take(cells.first)
            for which, width in enumerate(WINDOWS):
                size = min(width, ENDING) if name == "ending" else width
                opens = places.last[:, which] - size
                behind = np.maximum(before, end - size).take(own)
                high = np.searchsorted(opens, start.take(own), side="right")
                low = np.minimum(np.searchsorted(opens, behind, side="right"), high)  # some are longer than a window
                at = np.searchsorted(begins, opens)
                window, begun = self._begun(number, cells.form, at, np.searchsorted(begins, opens + size))
                sums = []
                for weigh in (self._said, self._square):
                    weights = weigh(feature.take(own))
                    steps = np.bincount(low, weights, len(opens) + 1) - np.bincount(high, weights, len(opens) + 1)
                    sums.append(steps.cumsum()[:-1] + np.bincount(window, weigh(begun), len(opens)))
                logits[:, which] += self._scales[number] * sums[0] / np.sqrt(sums[1])
        return logits

    def _begun(self, column: int, form: Array, first: Array, last: Array) -> tuple[Array, Array]:
        """The n-grams with START that windows of a column's cells have: the window of each, and what it is."""
        window, rows = np.arange(len(first)), self._starts.take(column).repeat(len(first))
        windows, features = [], []
        for length, known in self._features.items():
            if length > 1:
                place = first.take(window) + length - 2
                following = np.append(form, 0).take(np.where(place < last.take(window), place, len(form)))
                kept, rows = step(self._tries[length], rows, following)
                window = window.take(kept)
            feature = known.take(rows + self._shifts[length - 1, column])
            windows.append(window[feature >= 0])
            features.append(feature[feature >= 0])
        return np.concatenate(windows), np.concatenate(features)

    def _said(self, feature: Array) -> Array:
        return self._heads[SCAM_HEAD].of(feature, 0) * self._idf.take(feature)

    def _square(self, feature: Array) -> Array:
        return np.asarray(self._idf.take(feature) ** 2)

    def _weigh(self, columns: Mapping[str, Cells], calls: Array | None, size: int) -> tuple[Values, Grams]:
        """The values and n-grams of texts: of calls, or where `calls` (of turns) is None of turns."""
        grams = self._find(columns, calls, size)
        text = grams.text.take(grams.token)
        key = text * len(self._idf) + grams.feature
        order = _order(key, text)
        key = key.take(order)
        is_new = np.append(True, key[1:] != key[:-1])[: len(key)]
        grams.value[order] = is_new.cumsum() - 1
        kept = order[is_new]
        text, feature = text.take(kept), grams.feature.take(kept)
        weight, column = self._idf.take(feature), self._column.take(feature)
        group = text * len(COLUMNS) + column
        norms = np.sqrt(np.bincount(group, weight * weight, size * len(COLUMNS)))
        value = weight / norms.take(group) * self._scales.take(column)
        return Values(text, feature, value, np.bincount(grams.value), size), grams

    def _find(self, columns: Mapping[str, Cells], calls: Array | None, size: int) -> Grams:
        """The n-grams of texts: of calls, or where `calls` (of turns) is None of turns; `value` is not set yet."""
        places = np.array([list(COLUMNS).index(name) for name in columns])
        form, column, text, first, last = _lay(list(columns.values()), calls, size, self._starts.take(places))
        features = np.empty((len(form), len(LEVELS)), np.int32)
        features.fill(-1)
        at = form.nonzero()[0]
        rows, column = form.take(at), places.take(column.take(at))
        for length, known in self._features.items():
            if length > 1:
                following = form.take(at + length - 1, mode="clip")  # the last is a gap
                kept, rows = step(self._tries[length], rows, following)
                at, column = at.take(kept), column.take(kept)
            features[at, length - 1] = known.take(rows + self._shifts[length - 1].take(column))
        known = (features.ravel() >= 0).nonzero()[0]
        token = known // len(LEVELS)
        feature = features.ravel().take(known)
        return Grams(token, known - token * len(LEVELS) + 1, feature, np.empty_like(known), text, first, last)

    def decide(self, values: Values, head: str) -> Array:
        """What a head says of n texts: shape (n, its rows of coefficients)."""
        return self._heads[head].decide(values)

    def shares(self, values: Values, grams: Grams, head: str, rows: Array | None = None) -> Array:
        """What each token of each n-gram has of what a head says.

        Parameters
        ----------
        grams : n-grams that these are the values of; not all need to be there.
        rows : for each text of `grams` a row of the head's coefficients; the first without it.
        """
        row = 0 if rows is None else rows.take(grams.text.take(grams.token))
        return (
            self._heads[head].of(grams.feature, row) * (values.value / values.places).take(grams.value) / grams.length
        )

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
            return np.asarray(self._coefficients.ravel().take(row * width + features))
        places = self._place.take(features)
        return np.asarray(np.where(places < 0, 0, self._coefficients.ravel().take(row * width + places)))

    def _places(self, values: Values) -> tuple[Array, Array]:
        """Where the coefficients stand that values ask for, and which values do."""
        if self._place is None:
            return values.feature, np.arange(len(values.feature))
        places = self._place.take(values.feature)
        used = (places >= 0).nonzero()[0]
        return places.take(used), used


def _before(key: Array, start: Array) -> Array:
    """Where what has the same key starts before, -1 if it does not; `start` rises for each key."""
    order = np.argsort(key, kind="stable")
    key = key.take(order)
    again = (key[1:] == key[:-1]).nonzero()[0]
    before = np.full(len(key), -1)
    before[order.take(again + 1)] = start.take(order.take(again))
    return before


def _average(values: Values, grams: Grams, many: int) -> tuple[Values, Grams]:
    """So many texts in a row as one text, which says to a linear head the mean of what they say."""
    averaged = values._replace(text=values.text // many, value=values.value / many, size=values.size // many)
    return averaged, grams._replace(text=grams.text // many)


def _renumber(values: Values, grams: Grams, number: Array) -> tuple[Values, Grams]:
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


def _join(one: tuple[Values, Grams], other: tuple[Values, Grams], size: int) -> tuple[Values, Grams]:
    """The values and n-grams of both, of texts with numbers under `size` that none has twice."""
    text, feature, value, places = map(np.concatenate, zip(one[0][:4], other[0][:4], strict=True))
    shifted = other[1]._replace(token=other[1].token + len(one[1].text), value=other[1].value + len(one[0].text))
    return Values(text, feature, value, places, size), Grams(*map(np.concatenate, zip(one[1], shifted, strict=True)))


def _lay(columns: Sequence[Cells], calls: Array | None, size: int, starts: Array) -> tuple[Array, ...]:
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


def _order(keys: Array, text: Array) -> Array:
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
