"""A fitted model as plain arrays: what scikit-learn would say, bit for bit, with numpy alone.

`training.compilation` turns the pipeline and its heads into arrays once; `Scorer` reads calls with them. n-grams are
looked up in tries over numbered tokens, all calls of a batch at once. Sums run over the same values in
the same order as in scikit-learn (`np.bincount` adds one by one), so logits agree to the last bit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from scamtext._typing import Array
from scamtext.calls import Call
from scamtext.cues.lexicon import Lexicon
from scamtext.features.columns import COLUMNS, ENDING, START, WINDOWS, Cells, Places, Reading
from scamtext.inference.linear import LinearHead
from scamtext.inference.ngrams import (
    Grams,
    Values,
    average_texts,
    join_texts,
    lay_out,
    previous_starts,
    renumber_texts,
    sort_order,
)
from scamtext.inference.windows import AT_ONCE, NEAR, passages, strongest
from scamtext.text.segmentation import segmenter
from scamtext.text.tokenizer import Tokeniser
from scamtext.text.trie import step

# Cues come first: their marks have numbers from 1.
FAMILIES = "cues", "words", "syllables"
LEVELS = {1: "one", 2: "two", 3: "three"}  # tokens of an n-gram
SCAM_HEAD, LIVE_HEAD, TYPE_HEAD, CALL_CUES, TURN_CUES = "scam", "live", "type", "call_cues", "turn_cues"


CERTAIN = 30.0  # log-odds of a cue that all training calls have; its negative, of one that none has
# What a beginning must have more in log-odds than a long call to raise an alert, and the syllables
# over which that fades by a factor e: of fifteen pairs, the one with most scams alerted while 2 % of
# the honest calls ever were.
SURCHARGE, FADE = 3.0, 40.0


def live_scores(logits: Array, syllables: Array) -> Array:
    """How much beginnings of calls speak for a scam: live logits less a surcharge for little evidence."""
    return np.asarray(logits - SURCHARGE * np.exp(-syllables / FADE))


class Decision(NamedTuple):
    """What decides of n calls: values and n-grams, the logits that they come to, and what was taken off these."""

    values: Values
    grams: Grams
    logits: Array
    surcharge: Array


class Scorer:
    """Reads calls and weighs them with the arrays of `training.compilation.compile_model`."""

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
            name.removesuffix("_coefficients"): LinearHead(arrays, name.removesuffix("_coefficients"), len(self._idf))
            for name in arrays
            if name.endswith("_coefficients")
        }
        self._types = arrays["types"].tobytes().decode().split("\n")
        self.lexicon = Lexicon.from_arrays(arrays)
        self.tokeniser = Tokeniser(
            numbers["syllables"].__getitem__,
            numbers["words"].__getitem__,
            self.lexicon.numbers,
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

    def decide_windowed(self, reading: Reading, values: Values, grams: Grams) -> Decision:
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
        values, grams = renumber_texts(values, grams, number)
        for cut in reading.cut(places.take(passages(first.take(more)).ravel()), AT_ONCE):
            own, calls = calls[: AT_ONCE // NEAR], calls[AT_ONCE // NEAR :]
            part = average_texts(*self._weigh(cut, None, len(own) * NEAR * len(WINDOWS)), NEAR * len(WINDOWS))
            logits[own] = self.decide(part[0], SCAM_HEAD)[:, 0] - surcharge.take(own)
            values, grams = join_texts((values, grams), renumber_texts(*part, own), len(logits))
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
        before = previous_starts(grams.text.take(token) * len(self._idf) + feature, start)
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
        order = sort_order(key, text)
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
        form, column, text, first, last = lay_out(list(columns.values()), calls, size, self._starts.take(places))
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
