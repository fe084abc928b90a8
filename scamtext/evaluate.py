"""How good the classifier is, with exact intervals, by slice, on calls it has not seen."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from joblib import Parallel, delayed
from numpy.typing import NDArray
from scipy.stats import binomtest
from sklearn.base import clone
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GroupKFold

from scamtext.corpus import SCAM_TYPES, LabelledCall
from scamtext.features import Reading, build_pipeline, read_call, to_table
from scamtext.lexicon import CUE_KINDS, Lexicon
from scamtext.model import ScamClassifier, upper_quantile
from scamtext.results import SCAM

FOLDS = 10  # whole authors in each
FALSE_ALARMS = 0.01  # where "recall at 1 % false alarms" is read off
LENGTHS = (50, 200)  # syllables; the slices by length
BINS = 10  # of the calibration error
LEARNING_SHARES = (0.25, 0.5, 0.75, 1.0)  # of the authors
FEWEST_GROUPS = 5  # authors; with fewer, single calls are resampled
RESAMPLES = 1000  # of whole authors, for the interval of the AUC

Measures = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Scored:
    """A labelled call, and what a model that had not seen it says."""

    truth: LabelledCall
    probability: float
    flagged: bool
    scam_type: str | None


def score(classifier: ScamClassifier, calls: Sequence[LabelledCall], table: NDArray[np.object_]) -> list[Scored]:
    """What a fitted classifier says of calls, `table` being their tokens."""
    features = classifier.pipeline_["columns"].transform(table)
    probabilities = classifier.calibrate(classifier.pipeline_["scam"].decision_function(features))
    types = classifier.type_head_.predict(features) if classifier.type_head_ else [None] * len(calls)
    return [
        Scored(call, float(p), bool(p >= classifier.threshold_), None if kind is None else str(kind))
        for call, p, kind in zip(calls, probabilities, types, strict=True)
    ]


def fit(classifier: ScamClassifier, calls: Sequence[LabelledCall], table: NDArray[np.object_]) -> ScamClassifier:
    """A new classifier with the same parameters, fitted to labelled calls."""
    fresh: ScamClassifier = clone(classifier)
    return fresh.fit_table(table, [c.label for c in calls], [c.scam_type for c in calls], [c.group for c in calls])


def authors_left_out(
    classifier: ScamClassifier, calls: Sequence[LabelledCall], table: NDArray[np.object_]
) -> list[Scored]:
    """Every call scored by a model, calibration and thresholds made without its author."""
    groups = [call.group for call in calls]
    folds = list(GroupKFold(min(FOLDS, len(set(groups)))).split(table, groups=groups))
    scored = _fit_and_score(classifier, calls, table, folds)
    order = np.argsort(np.concatenate([test for _, test in folds]))
    rows = [row for fold in scored for row in fold]
    return [rows[position] for position in order]


def types_left_out(
    classifier: ScamClassifier, calls: Sequence[LabelledCall], table: NDArray[np.object_]
) -> dict[str, Measures]:
    """Recall on each scam type by a model that never saw a scam of that type."""
    types = np.array([call.scam_type or "" for call in calls])
    kinds = [kind for kind in SCAM_TYPES if kind in types]
    folds = [(np.flatnonzero(types != kind), np.flatnonzero(types == kind)) for kind in kinds]
    scored = _fit_and_score(classifier, calls, table, folds)
    return {kind: share(row.flagged for row in rows) for kind, rows in zip(kinds, scored, strict=True)}


def _fit_and_score(
    classifier: ScamClassifier,
    calls: Sequence[LabelledCall],
    table: NDArray[np.object_],
    folds: Sequence[tuple[NDArray[np.int_], NDArray[np.int_]]],
) -> list[list[Scored]]:
    """For each (train, test), fit on one and score the other; parallel under `joblib.parallel_config`."""

    def one(train: NDArray[np.int_], test: NDArray[np.int_]) -> list[Scored]:
        fitted = fit(classifier, [calls[int(i)] for i in train], table[train])
        return score(fitted, [calls[int(i)] for i in test], table[test])

    return list(Parallel()(delayed(one)(train, test) for train, test in folds))


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
    line = upper_quantile(np.array([row.probability for row in honest]), FALSE_ALARMS)
    return {
        "calls": len(scored),
        "auc": _auc(scored),
        "recall_at_1pc": share(row.probability >= line for row in scams),
        "recall": share(row.flagged for row in scams),
        "false_alarms": share(row.flagged for row in honest),
        "hard_false_alarms": share(row.flagged for row in honest if row.truth.is_hard),
        "type_right": share(row.scam_type == row.truth.scam_type for row in caught),
        "calibration_error": _calibration_error(scored),
        "slices": {name: _slices(scored, key) for name, key in SLICES.items()},
    }


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
    truth = np.array([row.truth.is_scam for row in scored])
    probability = np.array([row.probability for row in scored])
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
            values.append(roc_auc_score(truth[drawn], probability[drawn]))
    low, high = np.quantile(values, [0.025, 0.975])
    value = float(roc_auc_score(truth, probability))
    return {"n": len(scored), "value": round(value, 4), "low": round(float(low), 4), "high": round(float(high), 4)}


def _calibration_error(scored: Sequence[Scored]) -> float:
    """Expected calibration error over equal bins of probability."""
    probability = np.array([row.probability for row in scored])
    truth = np.array([row.truth.is_scam for row in scored], dtype=float)
    bins = np.minimum((probability * BINS).astype(int), BINS - 1)
    gaps = [abs(probability[bins == b].mean() - truth[bins == b].mean()) * (bins == b).sum() for b in np.unique(bins)]
    return round(float(sum(gaps) / len(scored)), 4)


def cue_scores(calls: Sequence[LabelledCall], readings: Sequence[Reading]) -> dict[str, Measures]:
    """Precision, recall and F1 of each cue kind per call, against the cues in the corpus."""
    pairs = []
    for call, reading in zip(calls, readings, strict=True):
        if call.cues is not None:
            pairs.append((_kinds(call), {cue.kind for cue in reading.cues if not cue.negated}))
    return {kind: _f1([(kind in truth, kind in found) for truth, found in pairs]) for kind in CUE_KINDS}


def agreement(calls: Sequence[LabelledCall], second: Sequence[LabelledCall]) -> Measures:
    """How far a blind second reading agrees with the first: label, type, and each cue's F1 per call."""
    first = {call.call.id: call for call in calls}
    pairs = [(first[other.call.id], other) for other in second]
    both_scam = [(a, b) for a, b in pairs if a.is_scam and b.is_scam]
    cues = [(_kinds(a), _kinds(b)) for a, b in pairs]
    return {
        "calls": len(pairs),
        "label": share(a.label == b.label for a, b in pairs),
        "scam_type": share(a.scam_type == b.scam_type for a, b in both_scam),
        "cues": {kind: _f1([(kind in a, kind in b) for a, b in cues]) for kind in CUE_KINDS},
    }


def _kinds(call: LabelledCall) -> frozenset[str]:
    return frozenset[str]().union(*(call.cues or ()))


def learning_curve(
    classifier: ScamClassifier, calls: Sequence[LabelledCall], table: NDArray[np.object_]
) -> list[Measures]:
    """AUC and recall at 1 % false alarms, authors left out, with a share of the authors to learn from."""
    groups = np.array([call.group for call in calls])
    labels = np.array([call.label for call in calls])
    is_scam = labels == SCAM
    curve = []
    for part in LEARNING_SHARES:
        logits = np.zeros(len(calls))
        random = np.random.default_rng(0)
        for train, test in GroupKFold(min(FOLDS, len(np.unique(groups)))).split(table, groups=groups):
            authors = random.permutation(np.unique(groups[train]))
            chosen = np.isin(groups, authors[: max(1, round(part * len(authors)))]) & ~np.isin(groups, groups[test])
            pipeline = build_pipeline(classifier.C, classifier.min_df).fit(table[chosen], labels[chosen])
            logits[test] = pipeline.decision_function(table[test])
        line = upper_quantile(logits[~is_scam], FALSE_ALARMS)
        curve.append(
            {
                "share": part,
                "calls": round(part * len(calls) * (1 - 1 / FOLDS)),
                "auc": round(float(roc_auc_score(is_scam, logits)), 4),
                "recall_at_1pc": round(float((logits[is_scam] >= line).mean()), 4),
            }
        )
    return curve


def _f1(pairs: Sequence[tuple[bool, bool]]) -> Measures:
    both = sum(truth and found for truth, found in pairs)
    truths, finds = sum(truth for truth, _ in pairs), sum(found for _, found in pairs)
    return {
        "calls": truths,
        "precision": round(both / finds, 3) if finds else None,
        "recall": round(both / truths, 3) if truths else None,
        "f1": round(2 * both / (truths + finds), 3) if truths + finds else None,
    }


def tokenise(calls: Iterable[LabelledCall]) -> list[Reading]:
    """The readings of labelled calls, made once for many fits."""
    lexicon = Lexicon.read()
    return [read_call(call.call, lexicon) for call in calls]


def evaluate(classifier: ScamClassifier, calls: Sequence[LabelledCall], *, left_out: bool = False) -> dict[str, Any]:
    """Measure a fitted classifier on calls, or, with `left_out`, its recipe on authors left out.

    Returns
    -------
    dict with `measures` (see `measure`), `cues` (see `cue_scores`) and, with `left_out`,
    `types_left_out`.
    """
    readings = tokenise(calls)
    table = to_table(readings)
    scored = authors_left_out(classifier, calls, table) if left_out else score(classifier, calls, table)
    result = {"measures": measure(scored), "cues": cue_scores(calls, readings)}
    if left_out:
        result["types_left_out"] = types_left_out(classifier, calls, table)
    return result


def summary(result: dict[str, Any]) -> str:
    """An evaluation as a text for the terminal."""
    measures = result["measures"]
    lines = [f"{measures['calls']} calls"]
    names = ("auc", "recall_at_1pc", "recall", "false_alarms", "hard_false_alarms", "type_right")
    lines += [f"{name:<22} {interval(measures[name])}" for name in names]
    lines.append(f"{'calibration_error':<22} {measures['calibration_error']:.4f}")
    for name, slices in measures["slices"].items():
        lines += ["", f"by {name:<19} {'recall':<32} false alarms"]
        lines += [
            f"  {key:<20} {interval(row['recall']):<32} {interval(row['false_alarms'])}" for key, row in slices.items()
        ]
    if "types_left_out" in result:
        lines += ["", "recall on a scam type never seen in training"]
        lines += [f"  {kind:<20} {interval(row)}" for kind, row in result["types_left_out"].items()]
    lines += ["", f"{'cues, per call':<22} {'F1':<6} {'precision':<10} recall"]
    lines += [
        f"  {kind:<20} {_number(row['f1']):<6} {_number(row['precision']):<10} {_number(row['recall'])}"
        for kind, row in result["cues"].items()
    ]
    return "\n".join(lines)


def interval(row: Measures) -> str:
    """A measure with its interval and its count.

    >>> interval(share([True, True, False, True]))
    '0.750 [0.194, 0.994] n=4'
    """
    if row["value"] is None:
        return "-"
    return f"{row['value']:.3f} [{row['low']:.3f}, {row['high']:.3f}] n={row['n']}"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
