"""One linear model over the features of a pipeline."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from scamtext._typing import Array
from scamtext.inference.ngrams import Values


class LinearHead:
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
        """Return the decision values, of shape (texts, classes), in the order of summation of scikit-learn."""
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
