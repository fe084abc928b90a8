"""Windows of long calls: which stretch says more than the whole."""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from scamtext._typing import Array

NEAR = 5  # neighbouring places that are heard together (docs/ablation.md); the shortest long call has 24


AT_ONCE = 800 * NEAR  # places that are heard at a time: the windows of a very long call would fill the memory


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
