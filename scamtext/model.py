"""ScamClassifier: a scikit-learn estimator over calls that also gives verdicts with evidence."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold
from sklearn.utils.validation import check_is_fitted

from scamtext.calls import Call
from scamtext.errors import DataError
from scamtext.explain import explain, locate
from scamtext.features import Reading, Table, marked_kinds, read_call, to_rows, to_table
from scamtext.heads import (
    best_thresholds,
    cue_scores,
    fit_cues,
    fit_pipeline,
    fit_types,
    heard_cues,
    present_in_calls,
    present_in_turns,
    values,
)
from scamtext.lexicon import CUE_KINDS, Lexicon
from scamtext.results import HIGH, LEGIT, LOW, SCAM, UNKNOWN, WATCH, Evidence, Verdict

if TYPE_CHECKING:
    import pandas as pd

CallLike = Call | str | Mapping[str, Any]
CallCues = Sequence[frozenset[str]]  # the kinds of cue in each turn of a call
BATCH = 64  # calls tokenised and scored at a time


class ScamClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Says whether a call is a scam, which kind, how sure, and why.

    Parameters
    ----------
    C : inverse strength of the L2 penalty.
    min_df : calls in which an n-gram must occur to be a feature.
    folds : folds for the out-of-fold logits that calibration and thresholds are set on.
    false_alarms : share of honest calls that may be labelled scam, out of fold.
    watch_false_alarms : share of honest calls that may be at least "watch".

    Attributes
    ----------
    classes_ : ["legit", "scam"].
    pipeline_ : the fitted scikit-learn pipeline.
    type_head_ : linear classifier over the scam types, or None if no types were given.
    cue_heads_ : which cues are in a call and which in a turn, or None if no cues were given.
    cue_thresholds_ : shape (2, kinds), the scores from which a call, and a turn, has a cue.
    slope_, intercept_ : calibration; probability = sigmoid(slope * logit + intercept).
    threshold_, watch_threshold_ : probabilities from which a call is "scam" and "watch".
    lexicon_ : the cue phrases.

    Examples
    --------
    >>> from scamtext import load
    >>> load().predict(["mẹ ơi chiều nay con về trễ nha mẹ nấu cơm trước đi"])
    array(['legit'], dtype='<U5')
    """

    def __init__(
        self,
        C: float = 10.0,
        min_df: int = 4,
        folds: int = 5,
        false_alarms: float = 0.009,
        watch_false_alarms: float = 0.03,
    ) -> None:
        self.C = C
        self.min_df = min_df
        self.folds = folds
        self.false_alarms = false_alarms
        self.watch_false_alarms = watch_false_alarms

    def fit(
        self,
        X: Iterable[CallLike],
        y: Sequence[str],
        scam_type: Sequence[str | None] | None = None,
        groups: Sequence[str] | None = None,
        cues: Sequence[CallCues | None] | None = None,
    ) -> ScamClassifier:
        """Learn from labelled calls.

        Parameters
        ----------
        X : n calls.
        y : n labels, "scam" or "legit", both present.
        scam_type : n types, None for honest calls; without it no type is predicted.
        groups : n group names (author, twin pair); calls of a group stay in one fold, and an
            n-gram counts by the groups that have it. Without it every call counts by itself
            (so in `cross_validate`, which hands no groups to `fit`).
        cues : for n calls the kinds in each turn, None where nobody has looked; without it
            cues are the lexicon's finds alone.
        """
        lexicon = Lexicon.read()
        readings = [read_call(Call.of(call), lexicon) for call in X]
        return self.fit_table(to_table(readings), y, scam_type, groups, cues)

    def fit_table(
        self,
        table: Table,
        y: Sequence[str],
        scam_type: Sequence[str | None] | None = None,
        groups: Sequence[str] | None = None,
        cues: Sequence[CallCues | None] | None = None,
    ) -> ScamClassifier:
        """`fit` on n calls that are already tokenised (`features.to_table`)."""
        labels = np.asarray(y)
        for name, given in (("labels", labels), ("types", scam_type), ("groups", groups), ("sets of cues", cues)):
            if given is not None and len(given) != len(table):
                raise DataError(f"{len(table)} calls but {len(given)} {name}")
        if set(labels) != {SCAM, LEGIT}:
            raise DataError(f'labels must be "scam" and "legit", both present; found {sorted(map(str, set(labels)))}')
        members = np.arange(len(labels)) if groups is None else np.asarray(groups)
        told, known = _known_cues(cues, table)
        self.classes_ = np.array([LEGIT, SCAM])
        self.lexicon_ = Lexicon.read()
        self._fit_thresholds(table, labels, members, told, known)
        self.pipeline_ = fit_pipeline(table.calls, labels, members, self.C, self.min_df)
        self.type_head_ = self._fit_types(table, labels, scam_type)
        self.cue_heads_ = self._fit_cues(self.pipeline_, table.take(told), known)
        return self

    def _fit_thresholds(
        self,
        table: Table,
        labels: NDArray[Any],
        members: NDArray[Any],
        told: NDArray[np.bool_],
        known: Sequence[CallCues],
    ) -> None:
        """Set calibration and all thresholds on scores of calls that the scorer had not seen."""
        is_scam = labels == SCAM
        logits = np.full(len(labels), np.nan)
        heard: list[tuple[NDArray[Any], ...]] = []  # of each fold: scores and truth of calls, then of turns
        place = np.cumsum(told) - 1  # of a call among those whose cues are known
        folds = min(self.folds, len(set(members)))
        for train, test in GroupKFold(folds).split(labels, groups=members) if folds > 1 else ():
            if set(labels[train]) != {SCAM, LEGIT}:
                continue
            scorer = fit_pipeline(table.calls[train], labels[train], members[train], self.C, self.min_df)
            logits[test] = scorer.decision_function(table.calls[test])
            learnt, asked = train[told[train]], test[told[test]]
            heads = self._fit_cues(scorer, table.take(learnt), [known[i] for i in place[learnt]])
            if heads is not None and len(asked):
                rows = table.take(asked)
                features, turn_features = values(scorer, rows.calls), values(scorer, rows.turn_rows)
                by_call, by_turn = cue_scores(heads, features, turn_features, rows.sizes)
                truth = [known[i] for i in place[asked]]
                heard.append((by_call, present_in_calls(truth), np.vstack(by_turn), present_in_turns(truth)))
        self._set_thresholds(logits, is_scam)
        scores = [np.vstack(parts) for parts in zip(*heard, strict=True)]
        self.cue_thresholds_ = (
            np.array([best_thresholds(*scores[:2]), best_thresholds(*scores[2:])])
            if heard
            else np.zeros((2, len(CUE_KINDS)))
        )

    def _set_thresholds(self, logits: NDArray[np.float64], is_scam: NDArray[np.bool_]) -> None:
        seen = ~np.isnan(logits)
        self.slope_, self.intercept_ = 1.0, 0.0
        self.threshold_, self.watch_threshold_ = 0.5, 0.5
        if not is_scam[seen].any() or is_scam[seen].all():
            return  # too few calls to hold any out; tiny fits keep the plain logistic regression
        sigmoid = LogisticRegression(C=1e6).fit(logits[seen, None], is_scam[seen])
        if sigmoid.coef_[0, 0] > 0:  # else the few calls held out told nothing; a flipped sign would be worse
            self.slope_, self.intercept_ = float(sigmoid.coef_[0, 0]), float(sigmoid.intercept_[0])
        honest = self.calibrate(logits[seen & ~is_scam])
        self.threshold_ = max(0.5, upper_quantile(honest, self.false_alarms))
        self.watch_threshold_ = min(self.threshold_, max(0.2, upper_quantile(honest, self.watch_false_alarms)))

    def _fit_types(self, table: Table, labels: NDArray[Any], scam_type: Sequence[str | None] | None) -> Any:
        if scam_type is None:
            return None
        is_scam = labels == SCAM
        typed = is_scam & np.array([kind is not None for kind in scam_type])
        types = np.array([str(kind) for kind, has in zip(scam_type, typed, strict=True) if has])
        if len(set(types)) <= 1:
            return None
        return fit_types(self.pipeline_, values(self.pipeline_, table.calls[typed]), types)

    @staticmethod
    def _fit_cues(pipeline: Any, table: Table, cues: Sequence[CallCues]) -> Any:
        if not any(kinds for call in cues for kinds in call):
            return None
        return fit_cues(pipeline, values(pipeline, table.calls), values(pipeline, table.turn_rows), cues)

    def calibrate(self, logits: NDArray[np.float64]) -> NDArray[np.float64]:
        """Logits of the pipeline, shape (n,), as calibrated probabilities of scam."""
        return sigmoid_of(self.slope_ * logits + self.intercept_)

    def predict_proba(self, X: Iterable[CallLike]) -> NDArray[np.float64]:
        """Calibrated probabilities, shape (n, 2), columns as in `classes_`."""
        check_is_fitted(self)
        scam = [self.calibrate(self.pipeline_.decision_function(to_rows(readings))) for _, readings in self._batches(X)]
        column = np.concatenate(scam) if scam else np.empty(0)
        return np.column_stack([1 - column, column])

    def predict(self, X: Iterable[CallLike]) -> NDArray[np.str_]:
        """Labels, "scam" or "legit", shape (n,); `classify` also knows "unknown"."""
        return np.where(self.predict_proba(X)[:, 1] >= self.threshold_, SCAM, LEGIT)

    def classify(self, call: CallLike) -> Verdict:
        """The verdict for one call: a Call, a text, or a record with "turns"."""
        return next(self.classify_many([call]))

    def classify_many(self, calls: Iterable[CallLike]) -> Iterator[Verdict]:
        """Verdicts in the order of the calls, a batch at a time."""
        check_is_fitted(self)
        for batch, readings in self._batches(calls):
            table = to_table(readings)
            features = values(self.pipeline_, table.calls)
            logits = self.pipeline_["scam"].decision_function(features)
            kinds = self.type_head_.predict(features) if self.type_head_ else [None] * len(batch)
            cues = self._cues(batch, readings, features, table) if self.cue_heads_ else [r.cues for r in readings]
            for number, (call, reading) in enumerate(zip(batch, readings, strict=True)):
                row = features[[number]]
                yield self._verdict(call, reading, cues[number], row, float(logits[number]), kinds[number])

    def classify_frame(self, frame: pd.DataFrame, text: str = "text") -> pd.DataFrame:
        """Verdicts for a column of transcripts, on the same index; missing texts are "unknown".

        Returns
        -------
        DataFrame with label, probability, risk, scam_type, cues (kinds) and reasons.

        Raises
        ------
        DataError : there is no such column.
        """
        import pandas as pd

        if text not in frame.columns:
            raise DataError(f"no column {text!r}; the frame has {list(map(str, frame.columns))}")
        texts = (value if isinstance(value, str) else "" for value in frame[text])
        rows = [
            {
                "label": verdict.label,
                "probability": verdict.probability,
                "risk": verdict.risk,
                "scam_type": verdict.scam_type,
                "cues": list(dict.fromkeys(cue.kind for cue in verdict.cues if not cue.negated)),
                "reasons": verdict.reasons(),
            }
            for verdict in self.classify_many(texts)
        ]
        columns = ["label", "probability", "risk", "scam_type", "cues", "reasons"]
        result = pd.DataFrame(rows, columns=columns, index=frame.index)
        return result.astype({"label": "category", "risk": "category", "scam_type": "category", "probability": float})

    def _batches(self, calls: Iterable[CallLike]) -> Iterator[tuple[list[Call], list[Reading]]]:
        remaining = iter(calls)
        while batch := [Call.of(call) for call in itertools.islice(remaining, BATCH)]:
            yield batch, [read_call(call, self.lexicon_) for call in batch]

    def hears(self, table: Table, features: Any) -> list[frozenset[str]]:
        """The kinds of cue in n tokenised calls, `features` being their rows of values."""
        if self.cue_heads_ is None:
            return [marked_kinds(row) for row in table.calls]
        by_call, _ = cue_scores(self.cue_heads_, features, values(self.pipeline_, table.turn_rows), table.sizes)
        return [
            frozenset(kind for kind, heard in zip(CUE_KINDS, row, strict=True) if heard)
            for row in by_call >= self.cue_thresholds_[0]
        ]

    def _cues(
        self, calls: Sequence[Call], readings: Sequence[Reading], features: Any, table: Table
    ) -> list[tuple[Evidence, ...]]:
        """The cues of calls: where the heads hear one, the lexicon's words for it, else the most telling ones."""
        turn_features = values(self.pipeline_, table.turn_rows)
        by_call, by_turn = cue_scores(self.cue_heads_, features, turn_features, table.sizes)
        starts = np.cumsum([0, *table.sizes])
        found = []
        for number, (call, reading) in enumerate(zip(calls, readings, strict=True)):
            cues = [cue for cue in reading.cues if cue.negated]
            heard = heard_cues(by_call[number], by_turn[number], *self.cue_thresholds_)
            turns = reading.by_turn() if heard else []
            for turn, row in heard:
                kind = CUE_KINDS[row]
                listed = [c for c in reading.cues if (c.turn, c.kind, c.negated) == (turn, kind, False)]
                shares = turn_features[[starts[number] + turn]].multiply(self.cue_heads_[1].coef_[[row]])
                cues += listed or locate(call, turns[turn], kind, self.pipeline_, shares)
            found.append(tuple(sorted(cues, key=lambda cue: (cue.turn, cue.start))))
        return found

    def _verdict(
        self, call: Call, reading: Reading, cues: tuple[Evidence, ...], features: Any, logit: float, kind: str | None
    ) -> Verdict:
        probability = float(self.calibrate(np.array([logit]))[0])
        risk = HIGH if probability >= self.threshold_ else WATCH if probability >= self.watch_threshold_ else LOW
        if not reading.is_readable:
            risk = LOW
        evidence, other = explain(call, reading, cues, self.pipeline_, features)
        return Verdict(
            call=call,
            label=(SCAM if risk == HIGH else LEGIT) if reading.is_readable else UNKNOWN,
            probability=probability,
            risk=risk,
            scam_type=None if risk == LOW or kind is None else str(kind),
            cues=cues,
            evidence=evidence,
            bias=float(self.pipeline_["scam"].intercept_[0]),
            other=other,
            logit=logit,
        )

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.string = True
        tags.input_tags.two_d_array = False
        return tags


def _known_cues(cues: Sequence[CallCues | None] | None, table: Table) -> tuple[NDArray[np.bool_], list[CallCues]]:
    """Which calls have their cues told, and these cues; checked against the calls' turns."""
    told = np.array([kinds is not None for kinds in cues or [None] * len(table)])
    known = [kinds for kinds in cues or () if kinds is not None]
    for number, turns, kinds in zip(np.flatnonzero(told), table.take(told).sizes, known, strict=True):
        if len(kinds) != turns:
            raise DataError(f"call {number}: cues of {len(kinds)} turns, but it has {turns}")
    return told, known


def sigmoid_of(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """1 / (1 + exp(-x)) without overflow, shape as given."""
    return np.exp(-np.logaddexp(0.0, -values))


def upper_quantile(honest: NDArray[np.float64], share: float) -> float:
    """The lowest threshold that flags at most `share` of these probabilities (flagged: at or above it)."""
    allowed = int(share * len(honest))
    return float(np.nextafter(np.sort(honest)[::-1][allowed], 1.0)) if len(honest) else 0.5
