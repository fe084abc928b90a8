"""Fitting: the heads of a classifier, and its calibration and thresholds on calls they had not seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from joblib import Parallel, delayed
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold

from scamtext.compiler import compile_model
from scamtext.errors import DataError, listed
from scamtext.features import Table
from scamtext.heads import (
    best_thresholds,
    cue_scores,
    fit_cues,
    fit_live,
    fit_pipeline,
    fit_types,
    focus,
    present_in_calls,
    present_in_turns,
    syllables_heard,
    values,
)
from scamtext.lexicon import CUE_KINDS, Lexicon
from scamtext.model import sigmoid_of
from scamtext.results import LEGIT, SCAM
from scamtext.scorer import CALL_CUES, LIVE_HEAD, SCAM_HEAD, TURN_CUES, TYPE_HEAD, live_scores

CallCues = Sequence[frozenset[str]]  # the kinds of cue in each turn of a call
LEAST_HEARD = 20  # syllables of a beginning that is learnt from; under that scams and honest calls are alike


class Thresholds(NamedTuple):
    """Where scores become probabilities, labels, cues and alerts; see `ScamClassifier`."""

    slope: float
    intercept: float
    threshold: float
    watch: float
    cues: NDArray[np.float64]
    alert: float
    live_watch: float


@dataclass(frozen=True, slots=True)
class Examples:
    """Labelled calls, tokenised: n labels, groups, types and cues (None where not known), and which were picked."""

    table: Table
    labels: NDArray[np.str_]
    groups: NDArray[Any]
    types: NDArray[np.object_]
    cues: NDArray[np.object_]
    picked: NDArray[np.bool_]

    @classmethod
    def of(
        cls,
        table: Table,
        y: Sequence[str],
        scam_type: Sequence[str | None] | None,
        groups: Sequence[str] | None,
        cues: Sequence[CallCues | None] | None,
        picked: Sequence[bool] | None,
    ) -> Examples:
        """Checked examples; without groups every call is a group of its own."""
        size = len(table)
        columns = {
            "labels": y,
            "types": scam_type,
            "groups": groups,
            "sets of cues": cues,
            "picked marks": picked,
        }
        for name, given in columns.items():
            if given is not None and len(given) != size:
                raise DataError(f"{size} calls but {len(given)} {name}")
        labels = np.asarray(y)
        if set(labels) != {SCAM, LEGIT}:
            raise DataError(
                f'labels must be "scam" and "legit", both present; found {listed(sorted(map(str, set(labels))))}'
            )
        for number, (turns, kinds) in enumerate(zip(table.sizes, [None] * size if cues is None else cues, strict=True)):
            if kinds is not None and len(kinds) != turns:
                raise DataError(f"call {number}: cues of {len(kinds)} turns, but it has {turns}")
        members = np.arange(size) if groups is None else np.asarray(groups)
        marks = np.zeros(size, bool) if picked is None else np.asarray(picked, bool)
        return cls(table, labels, members, _objects(scam_type, size), _objects(cues, size), marks)

    def take(self, rows: NDArray[Any]) -> Examples:
        """The calls at these positions, or where this mask is true."""
        columns = (self.labels, self.groups, self.types, self.cues, self.picked)
        return Examples(self.table.take(rows), *(column[rows] for column in columns))

    @property
    def is_scam(self) -> NDArray[np.bool_]:
        """Which calls are scams, shape (n,)."""
        return np.asarray(self.labels == SCAM)

    @property
    def told(self) -> NDArray[np.bool_]:
        """Which calls have their cues told, shape (n,)."""
        return np.array([kinds is not None for kinds in self.cues])


def _objects(values: Sequence[Any] | None, size: int) -> NDArray[np.object_]:
    column = np.empty(size, dtype=object)
    for number, value in enumerate(() if values is None else values):
        column[number] = None if isinstance(value, float) else value  # NaN is a frame's None
    return column


class Heads(NamedTuple):
    """Everything linear that a classifier asks; None for what nothing was told of."""

    pipeline: Any
    types: Any
    cues: Any
    live: Any

    def compile(self, lexicon: Lexicon) -> dict[str, NDArray[Any]]:
        """Arrays for `scorer.Scorer`; `lexicon` is the one that they were fitted with."""
        call_cues, turn_cues = self.cues or (None, None)
        named = {
            SCAM_HEAD: self.pipeline["scam"],
            LIVE_HEAD: self.live,
            TYPE_HEAD: self.types,
            CALL_CUES: call_cues,
            TURN_CUES: turn_cues,
        }
        return compile_model(lexicon, self.pipeline, named)


def fit_heads(examples: Examples, C: float, min_df: int, *, types: bool = True, live: bool = True) -> Heads:
    """All heads on all examples; `types` and `live` say whether those two are wanted."""
    pipeline = fit_pipeline(examples.table.calls, examples.labels, examples.groups, C, min_df)
    return Heads(
        pipeline,
        _fit_types(pipeline, examples) if types else None,
        _fit_cues(pipeline, examples.take(examples.told)),
        _fit_live(pipeline, examples, C) if live else None,
    )


def _fit_types(pipeline: Any, examples: Examples) -> Any:
    typed = examples.take(examples.is_scam & np.array([kind is not None for kind in examples.types]))
    if len(set(typed.types)) <= 1:
        return None
    return fit_types(pipeline, values(pipeline, typed.table.calls), typed.types.astype(str))


def _fit_cues(pipeline: Any, told: Examples) -> Any:
    if not any(kinds for call in told.cues for kinds in call):
        return None
    return fit_cues(
        pipeline, values(pipeline, told.table.calls), values(pipeline, told.table.turn_rows), list(told.cues)
    )


def _fit_live(pipeline: Any, examples: Examples, C: float) -> Any:
    """From whole calls and one beginning of each, cut after a turn that chance picks."""
    random = np.random.default_rng(0)
    table = examples.table
    cut = np.array([random.integers(1, turns) if turns > 1 else turns for turns in table.sizes])
    rows = np.array([table.beginning(call, turns) for call, turns in enumerate(cut)])
    kept = np.flatnonzero((cut < table.sizes) & (syllables_heard(rows) >= LEAST_HEARD))
    learnt = np.concatenate([np.arange(len(table)), kept])
    features = values(pipeline, np.concatenate([table.calls, rows[kept]]))
    return fit_live(pipeline, features, examples.labels[learnt], examples.groups[learnt], C)


def settle(examples: Examples, parameters: Mapping[str, Any]) -> Thresholds:
    """Calibration and thresholds, from scores of calls by heads that had not seen their groups.

    Folds are fitted side by side under `joblib.parallel_config`.
    Calls that were picked, as a rule because a model was wrong on them, are no fair sample, and do not count.

    Parameters
    ----------
    parameters : those of `ScamClassifier`.
    """
    size = len(examples.table)
    logits, peaks = np.full(size, np.nan), np.full(size, np.nan)
    folds = min(parameters["folds"], len(set(examples.groups)))
    splits = list(GroupKFold(folds).split(examples.labels, groups=examples.groups)) if folds > 1 else []
    splits = [(train, test) for train, test in splits if set(examples.labels[train]) == {SCAM, LEGIT}]
    answers = Parallel()(
        delayed(_fit_and_ask)(examples.take(train), examples.take(test), parameters) for train, test in splits
    )
    for (_, test), (fold_logits, fold_peaks, _) in zip(splits, answers, strict=True):
        logits[test], peaks[test] = fold_logits, fold_peaks
    cue_parts = [cues for _, _, cues in answers if cues is not None]
    if set(examples.labels[~examples.picked]) == {SCAM, LEGIT}:
        logits[examples.picked] = peaks[examples.picked] = np.nan
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


def _fit_and_ask(
    learnt: Examples, asked: Examples, parameters: Mapping[str, Any]
) -> tuple[NDArray[np.float64], NDArray[np.float64], tuple[NDArray[Any], ...] | None]:
    """What heads that learnt some calls say of others: logits, peaks of the honest ones (else nan), cue scores."""
    heads = fit_heads(learnt, parameters["C"], parameters["min_df"], types=False, live=parameters["live"])
    peaks = np.full(len(asked.table), np.nan)
    if heads.live is not None and not asked.is_scam.all():
        peaks[~asked.is_scam] = _peaks(heads, asked.take(~asked.is_scam).table)
    told = asked.take(asked.told)
    cues = _cue_scores(heads, told) if heads.cues is not None and len(told.table) else None
    return focus(heads.pipeline, asked.table)[1], peaks, cues


def _peaks(heads: Heads, table: Table) -> NDArray[np.float64]:
    """The highest live score that each call ever has, shape (n,)."""
    rows = [table.beginning(call, turns) for call, size in enumerate(table.sizes) for turns in range(1, size + 1)]
    logits = heads.live.decision_function(values(heads.pipeline, np.array(rows)))
    scores = live_scores(logits, syllables_heard(rows))
    return np.array([part.max() for part in np.split(scores, np.cumsum(table.sizes)[:-1])])


def _cue_scores(heads: Heads, told: Examples) -> tuple[NDArray[Any], ...]:
    features, turn_features = values(heads.pipeline, told.table.calls), values(heads.pipeline, told.table.turn_rows)
    by_call, by_turn = cue_scores(heads.cues, features, turn_features, told.table.sizes)
    known: list[CallCues] = list(told.cues)
    return by_call, present_in_calls(known), np.vstack(by_turn), present_in_turns(known)


def _calibrate(
    logits: NDArray[np.float64], is_scam: NDArray[np.bool_], parameters: Mapping[str, Any]
) -> tuple[float, float, float, float]:
    """Slope, intercept, and the probabilities from which a call is "scam" and "watch"."""
    seen = ~np.isnan(logits)
    slope, intercept = 1.0, 0.0
    if not is_scam[seen].any() or is_scam[seen].all():
        return slope, intercept, 0.5, 0.5  # too few calls to hold any out
    sigmoid = LogisticRegression(C=1e6).fit(logits[seen, None], is_scam[seen])
    if sigmoid.coef_[0, 0] > 0:  # else the few calls held out told nothing; a flipped sign would be worse
        slope, intercept = float(sigmoid.coef_[0, 0]), float(sigmoid.intercept_[0])
    honest = sigmoid_of(slope * logits[seen & ~is_scam] + intercept)
    threshold = max(0.5, upper_quantile(honest, parameters["false_alarms"]))
    watch = min(threshold, max(0.2, upper_quantile(honest, parameters["watch_false_alarms"])))
    return slope, intercept, threshold, watch


def upper_quantile(honest: NDArray[np.float64], share: float) -> float:
    """The lowest threshold that flags at most `share` of these scores (flagged: at or above it)."""
    allowed = int(share * len(honest))
    return float(np.nextafter(np.sort(honest)[::-1][allowed], np.inf)) if len(honest) else 0.5
