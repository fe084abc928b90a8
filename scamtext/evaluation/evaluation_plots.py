"""Pictures of an evaluation: precision against recall, calibration, and what each threshold costs."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.calibration import calibration_curve
from sklearn.metrics import precision_recall_curve

from scamtext.errors import DataError
from scamtext.evaluation.metrics import BINS, Measures, Scored

DPI = 120


def draw(scored: Sequence[Scored], path: str | Path, live: Measures | None = None) -> None:
    """Draw the three curves side by side as a PNG, and how early the monitor warns (`live.measure_live`).

    Raises
    ------
    DataError : matplotlib is not installed, or the calls are of one label only.
    """
    check_installed()
    from matplotlib.figure import Figure

    truth = np.array([row.truth.is_scam for row in scored])
    probability = np.array([row.probability for row in scored])
    threshold = min((row.probability for row in scored if row.flagged), default=1.0)
    if truth.all() or not truth.any():
        raise DataError("curves need scam and honest calls")
    count = 3 if live is None else 4
    figure = Figure(figsize=(4.4 * count, 4), layout="constrained")
    axes = figure.subplots(1, count)
    _precision(axes[0], truth, probability)
    _calibration(axes[1], truth, probability)
    _thresholds(axes[2], truth, probability, threshold)
    if live is not None:
        _alerts(axes[3], live)
    for axis in axes:
        axis.grid(alpha=0.3)
    figure.savefig(path, dpi=DPI, metadata={"Software": None})


def check_installed() -> None:
    """Say what to do when matplotlib is missing, before anything long is measured.

    Raises
    ------
    DataError : it is missing; it comes with the extra `notebooks`.
    """
    if importlib.util.find_spec("matplotlib") is None:
        raise DataError("curves need matplotlib: pip install 'scamtext[notebooks]'")


def _precision(axis: Any, truth: Any, probability: Any) -> None:
    precision, recall, _ = precision_recall_curve(truth, probability)
    axis.plot(recall, precision, color="black")
    axis.set(title="precision against recall", xlabel="recall", ylabel="precision", xlim=(0, 1.01), ylim=(0.5, 1.01))


def _calibration(axis: Any, truth: Any, probability: Any) -> None:
    happened, said = calibration_curve(truth, probability, n_bins=BINS)
    axis.plot([0, 1], [0, 1], color="grey", linestyle=":", label="perfect")
    axis.plot(said, happened, color="black", marker="o", label="measured")
    axis.set(title="calibration", xlabel="probability that was said", ylabel="share that was a scam")
    axis.legend(loc="upper left")


def _thresholds(axis: Any, truth: Any, probability: Any, threshold: float) -> None:
    lines = np.linspace(0, 1, 501)
    axis.plot(lines, [(probability[truth] >= line).mean() for line in lines], color="black", label="scams caught")
    flagged = [(probability[~truth] >= line).mean() for line in lines]
    axis.plot(lines, flagged, color="black", linestyle="--", label="honest calls flagged")
    axis.axvline(threshold, color="grey", linestyle=":", label="lowest flagged probability")
    axis.set(title="what a threshold costs", xlabel="threshold", ylabel="share of calls", ylim=(0, 1.01))
    axis.legend(loc="center left")


def _alerts(axis: Any, live: Measures) -> None:
    part, scams, honest = np.array(live["curve"]).T
    axis.plot(part, scams, color="black", label="scams")
    axis.plot(part, honest, color="black", linestyle="--", label="honest calls")
    axis.set(title="alerted while the call goes on", xlabel="part of the turns heard", ylabel="share of calls")
    axis.set(ylim=(0, 1.01))
    axis.legend(loc="upper left")
