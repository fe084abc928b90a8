"""Measures of scored calls, with exact intervals and by slice, and how they read on a terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binomtest
from sklearn.metrics import roc_auc_score

from scamtext.evaluation.corpus import LabelledCall
from scamtext.inference.calibration import upper_quantile
from scamtext.labels import CUE_KINDS

FALSE_ALARMS = 0.01  # where "recall at 1 % false alarms" is read off
LENGTHS = (50, 200)  # syllables; the slices by length
BINS = 10  # of the calibration error
FEWEST_GROUPS = 5  # authors; with fewer, single calls are resampled
SHOWN, SHOWN_LENGTH = 5, 120  # mistakes of each sort, and syllables at most, that are shown word for word
RESAMPLES = 1000  # of whole authors, for the interval of the AUC

Measures = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Scored:
    """A labelled call, and what a model that had not seen it says; `cues` are the kinds it hears."""

    truth: LabelledCall
    probability: float
    flagged: bool
    scam_type: str | None
    cues: frozenset[str] = frozenset()


def share(hits: Iterable[bool]) -> Measures:
    """A proportion with its exact (Clopper-Pearson) 95 % interval."""
    found = list(hits)
    if not found:
        return {"n": 0, "hits": 0, "value": None, "low": None, "high": None}
    test = binomtest(sum(found), len(found))
    low, high = test.proportion_ci(0.95, method="exact")
    return {
        "n": len(found),
        "hits": int(sum(found)),
        "value": round(float(test.statistic), 4),
        "low": round(float(low), 4),
        "high": round(float(high), 4),
    }


def measure(scored: Sequence[Scored]) -> Measures:
    """All measures of scored calls; `slices` holds recall and false alarms by slice."""
    scams = [row for row in scored if row.truth.is_scam]
    honest = [row for row in scored if not row.truth.is_scam]
    caught = [row for row in scams if row.flagged and row.truth.scam_type and row.scam_type]
    return {
        "calls": len(scored),
        "auc": _auc(scored),
        "recall_at_1pc": recall_at(scored, FALSE_ALARMS),
        "recall": share(row.flagged for row in scams),
        "false_alarms": share(row.flagged for row in honest),
        "hard_false_alarms": share(row.flagged for row in honest if row.truth.is_hard),
        "type_right": share(row.scam_type == row.truth.scam_type for row in caught),
        "calibration_error": _calibration_error(scored),
        "cues": cue_measures(scored),
        "slices": {name: _slices(scored, key) for name, key in SLICES.items()},
    }


def measure_diluted(scored: Sequence[Scored]) -> dict[str, Measures]:
    """Recall at 1 % false alarms and at the shipped threshold, and honest calls flagged there."""
    return {
        "recall_at_1pc": recall_at(scored, FALSE_ALARMS),
        "recall": share(row.flagged for row in scored if row.truth.is_scam),
        "false_alarms": share(row.flagged for row in scored if not row.truth.is_scam),
    }


def recall_at(scored: Sequence[Scored], false_alarms: float) -> Measures:
    """Recall at the lowest threshold that flags at most this share of the honest calls."""
    honest = np.array([row.probability for row in scored if not row.truth.is_scam])
    if not len(honest):
        return share([])
    line = upper_quantile(honest, false_alarms)
    return share(row.probability >= line for row in scored if row.truth.is_scam)


def _length(call: LabelledCall) -> str:
    return next((f"up to {most}" for most in LENGTHS if call.length <= most), f"over {LENGTHS[-1]}")


# How calls are sliced: name -> the slice that a call falls in (None: in none).
SLICES: dict[str, Callable[[LabelledCall], str | None]] = {
    "form": lambda call: call.form,
    "scam_type": lambda call: call.scam_type,
    "legit_kind": lambda call: call.legit_kind,
    "length": _length,
    "region": lambda call: call.region,
    "partial": lambda call: ("partial" if call.partial else "whole") if call.is_scam else None,
    "author": lambda call: call.author,
}


def _slices(scored: Sequence[Scored], key: Callable[[LabelledCall], str | None]) -> dict[str, Measures]:
    names = sorted({name for row in scored if (name := key(row.truth))})
    return {
        name: {
            "recall": share(r.flagged for r in scored if key(r.truth) == name and r.truth.is_scam),
            "false_alarms": share(r.flagged for r in scored if key(r.truth) == name and not r.truth.is_scam),
        }
        for name in names
    }


def _auc(scored: Sequence[Scored]) -> Measures:
    """ROC-AUC; its interval comes from resampling whole authors (calls, when authors are few), seed 0."""
    truth, probability = _columns(scored)
    return _resampled(scored, truth, lambda drawn: roc_auc_score(truth[drawn], probability[drawn]))


def gain(before: Sequence[Scored], after: Sequence[Scored]) -> Measures:
    """How much higher the ROC-AUC of one model is than another's on the same calls; interval as that of the AUC."""
    truth, old = _columns(before)
    _, new = _columns(after)
    return _resampled(
        before, truth, lambda drawn: roc_auc_score(truth[drawn], new[drawn]) - roc_auc_score(truth[drawn], old[drawn])
    )


def _columns(scored: Sequence[Scored]) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    return np.array([row.truth.is_scam for row in scored]), np.array([row.probability for row in scored])


def _resampled(
    scored: Sequence[Scored], truth: NDArray[np.bool_], statistic: Callable[[NDArray[np.int_]], float]
) -> Measures:
    """A statistic of calls, given by their positions, and its interval; nothing where one label is missing."""
    if truth.all() or not truth.any():
        return {"n": len(scored), "value": None, "low": None, "high": None}
    members: dict[str, list[int]] = {}
    for index, row in enumerate(scored):
        members.setdefault(row.truth.group, []).append(index)
    groups = list(members.values()) if len(members) >= FEWEST_GROUPS else [[index] for index in range(len(scored))]
    random = np.random.default_rng(0)
    values = []
    for _ in range(RESAMPLES):
        drawn = np.concatenate([groups[i] for i in random.integers(len(groups), size=len(groups))])
        if 0 < truth[drawn].sum() < len(drawn):
            values.append(statistic(drawn))
    low, high = np.quantile(values, [0.025, 0.975])
    value = float(statistic(np.arange(len(scored))))
    return {"n": len(scored), "value": round(value, 4), "low": round(float(low), 4), "high": round(float(high), 4)}


def _calibration_error(scored: Sequence[Scored]) -> float:
    """Expected calibration error over equal bins of probability."""
    probability = np.array([row.probability for row in scored])
    truth = np.array([row.truth.is_scam for row in scored], dtype=float)
    bins = np.minimum((probability * BINS).astype(int), BINS - 1)
    gaps = [abs(probability[bins == b].mean() - truth[bins == b].mean()) * (bins == b).sum() for b in np.unique(bins)]
    return round(float(sum(gaps) / len(scored)), 4)


def failures(scored: Sequence[Scored]) -> dict[str, list[Measures]]:
    """The worst mistakes, word for word: honest calls called most probable, scams called least; short ones."""
    short = [row for row in scored if row.truth.length <= SHOWN_LENGTH]
    alarms = sorted((row for row in short if not row.truth.is_scam), key=lambda row: -row.probability)
    misses = sorted((row for row in short if row.truth.is_scam), key=lambda row: row.probability)
    return {"false_alarms": [_shown(row) for row in alarms[:SHOWN]], "misses": [_shown(row) for row in misses[:SHOWN]]}


def _shown(row: Scored) -> Measures:
    return {
        "id": row.truth.call.id,
        "kind": row.truth.scam_type or row.truth.legit_kind,
        "probability": round(row.probability, 4),
        "turns": [[turn.speaker, turn.text] for turn in row.truth.call.turns],
    }


def cue_measures(scored: Iterable[Scored]) -> dict[str, Measures]:
    """Precision, recall and F1 of each cue kind per call, against the cues that a reader marked."""
    pairs = [(kinds_of(row.truth), row.cues) for row in scored if row.truth.cues is not None]
    return {kind: f1([(kind in truth, kind in found) for truth, found in pairs]) for kind in CUE_KINDS}


def agreement(calls: Sequence[LabelledCall], second: Sequence[LabelledCall]) -> Measures:
    """How far a blind second reading agrees with the first: label, type, and each cue's F1 per call."""
    first = {call.call.id: call for call in calls}
    pairs = [(first[other.call.id], other) for other in second]
    both_scam = [(a, b) for a, b in pairs if a.is_scam and b.is_scam]
    cues = [(kinds_of(a), kinds_of(b)) for a, b in pairs]
    return {
        "calls": len(pairs),
        "label": share(a.label == b.label for a, b in pairs),
        "scam_type": share(a.scam_type == b.scam_type for a, b in both_scam),
        "cues": {kind: f1([(kind in a, kind in b) for a, b in cues]) for kind in CUE_KINDS},
    }


def kinds_of(call: LabelledCall) -> frozenset[str]:
    """The kinds of cue in any turn of a call."""
    return frozenset[str]().union(*(call.cues or ()))


def f1(pairs: Sequence[tuple[bool, bool]]) -> Measures:
    """Precision, recall and F1 of (true, found) pairs."""
    both = sum(truth and found for truth, found in pairs)
    truths, finds = sum(truth for truth, _ in pairs), sum(found for _, found in pairs)
    return {
        "calls": truths,
        "precision": round(both / finds, 3) if finds else None,
        "recall": round(both / truths, 3) if truths else None,
        "f1": round(2 * both / (truths + finds), 3) if truths + finds else None,
    }
