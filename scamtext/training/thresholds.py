"""Calibration and thresholds, from out-of-fold scores."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from joblib import Parallel, delayed
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold

from scamtext.features.table import Table
from scamtext.inference.calibration import sigmoid_of, upper_quantile
from scamtext.inference.scorer import live_scores
from scamtext.labels import CUE_KINDS, LEGIT, SCAM
from scamtext.training.examples import CallCues, Examples
from scamtext.training.fitting import Heads, fit_heads
from scamtext.training.heads import (
    best_thresholds,
    count_syllables,
    cue_scores,
    decide_windowed,
    present_in_calls,
    present_in_turns,
    values,
)


class Thresholds(NamedTuple):
    """Where scores become probabilities, labels, cues and alerts; see `ScamClassifier`."""

    slope: float
    intercept: float
    threshold: float
    watch: float
    cues: NDArray[np.float64]
    alert: float
    live_watch: float


def choose_thresholds(examples: Examples, parameters: Mapping[str, Any]) -> Thresholds:
    """Calibration and thresholds from out-of-fold scores, whole groups held out.

    Folds are fitted in parallel under `joblib.parallel_config`.
    Calls marked as reviewed (as a rule because a model was wrong on them) are not a fair sample and are left out.

    Parameters
    ----------
    parameters : those of `ScamClassifier`.
    """
    size = len(examples.table)
    logits, peaks = np.full(size, np.nan), np.full(size, np.nan)
    folds = min(parameters["folds"], len(set(examples.groups)))
    splits = list(GroupKFold(folds).split(examples.labels, groups=examples.groups)) if folds > 1 else []
    splits = [(train, test) for train, test in splits if set(examples.labels[train]) == {SCAM, LEGIT}]
    results = Parallel()(
        delayed(_fit_and_score)(examples.take(train), examples.take(test), parameters) for train, test in splits
    )
    for (_, test), (fold_logits, fold_peaks, _) in zip(splits, results, strict=True):
        logits[test], peaks[test] = fold_logits, fold_peaks
    cue_parts = [cues for _, _, cues in results if cues is not None]
    if set(examples.labels[~examples.reviewed]) == {SCAM, LEGIT}:
        logits[examples.reviewed] = peaks[examples.reviewed] = np.nan
    scores = [np.vstack(parts) for parts in zip(*cue_parts, strict=True)]
    alarms = peaks[~np.isnan(peaks)]
    return Thresholds(
        *_calibrate(logits, examples.is_scam, parameters),
        cues=np.array([best_thresholds(*scores[:2]), best_thresholds(*scores[2:])])
        if scores
        else np.zeros((2, len(CUE_KINDS))),
        alert=upper_quantile(alarms, parameters["live_false_alarms"]),
        live_watch=upper_quantile(alarms, parameters["live_watch_false_alarms"]),
    )


def _fit_and_score(
    training: Examples, held_out: Examples, parameters: Mapping[str, Any]
) -> tuple[NDArray[np.float64], NDArray[np.float64], tuple[NDArray[Any], ...] | None]:
    """Fit heads on some calls and score others: logits, peaks of the honest ones (else nan), cue scores."""
    heads = fit_heads(training, parameters["C"], parameters["min_df"], types=False, live=parameters["live"])
    peaks = np.full(len(held_out.table), np.nan)
    if heads.live is not None and not held_out.is_scam.all():
        peaks[~held_out.is_scam] = _peaks(heads, held_out.take(~held_out.is_scam).table)
    annotated = held_out.take(held_out.annotated)
    cues = _cue_scores(heads, annotated) if heads.cues is not None and len(annotated.table) else None
    return decide_windowed(heads.pipeline, held_out.table)[1], peaks, cues


def _peaks(heads: Heads, table: Table) -> NDArray[np.float64]:
    """The highest live score that each call ever has, shape (n,)."""
    rows = [table.beginning(call, turns) for call, size in enumerate(table.sizes) for turns in range(1, size + 1)]
    logits = heads.live.decision_function(values(heads.pipeline, np.array(rows)))
    scores = live_scores(logits, count_syllables(rows))
    return np.array([part.max() for part in np.split(scores, np.cumsum(table.sizes)[:-1])])


def _cue_scores(heads: Heads, annotated: Examples) -> tuple[NDArray[Any], ...]:
    features, turn_features = (
        values(heads.pipeline, annotated.table.calls),
        values(heads.pipeline, annotated.table.turn_rows),
    )
    by_call, by_turn = cue_scores(heads.cues, features, turn_features, annotated.table.sizes)
    kinds: list[CallCues] = list(annotated.cues)
    return by_call, present_in_calls(kinds), np.vstack(by_turn), present_in_turns(kinds)


def _calibrate(
    logits: NDArray[np.float64], is_scam: NDArray[np.bool_], parameters: Mapping[str, Any]
) -> tuple[float, float, float, float]:
    """Slope, intercept, and the probabilities from which a call is "scam" and "watch"."""
    seen = ~np.isnan(logits)
    slope, intercept = 1.0, 0.0
    if not is_scam[seen].any() or is_scam[seen].all():
        return slope, intercept, 0.5, 0.5  # too few calls to hold any out
    sigmoid = LogisticRegression(C=1e6).fit(logits[seen, None], is_scam[seen])
    if sigmoid.coef_[0, 0] > 0:  # else too few calls were held out; a flipped sign would be worse
        slope, intercept = float(sigmoid.coef_[0, 0]), float(sigmoid.intercept_[0])
    honest = sigmoid_of(slope * logits[seen & ~is_scam] + intercept)
    threshold = max(0.5, upper_quantile(honest, parameters["false_alarms"]))
    watch = min(threshold, max(0.2, upper_quantile(honest, parameters["watch_false_alarms"])))
    return slope, intercept, threshold, watch
