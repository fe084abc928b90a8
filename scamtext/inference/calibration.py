"""Log-odds to probabilities, and thresholds from scores."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def upper_quantile(honest: NDArray[np.float64], share: float) -> float:
    """The lowest threshold that flags at most `share` of these scores (flagged: at or above it)."""
    allowed = int(share * len(honest))
    return float(np.nextafter(np.sort(honest)[::-1][allowed], np.inf)) if len(honest) else 0.5


def sigmoid_of(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """1 / (1 + exp(-x)) without overflow, shape as given."""
    return np.exp(-np.logaddexp(0.0, -values))
