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
from scamtext.explain import explain
from scamtext.features import Reading, build_pipeline, read_call, to_table
from scamtext.lexicon import Lexicon
from scamtext.results import HIGH, LEGIT, LOW, SCAM, UNKNOWN, WATCH, Verdict

if TYPE_CHECKING:
    import pandas as pd

CallLike = Call | str | Mapping[str, Any]
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
    type_head_ : logistic regression over the scam types, or None if no types were given.
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
    ) -> ScamClassifier:
        """Learn from labelled calls.

        Parameters
        ----------
        X : n calls.
        y : n labels, "scam" or "legit", both present.
        scam_type : n types, None for honest calls; without it no type is predicted.
        groups : n group names (author, twin pair); calls of a group stay in one fold.
        """
        lexicon = Lexicon.read()
        readings = [read_call(Call.of(call), lexicon) for call in X]
        return self.fit_table(to_table(readings), y, scam_type, groups)

    def fit_table(
        self,
        table: NDArray[np.object_],
        y: Sequence[str],
        scam_type: Sequence[str | None] | None = None,
        groups: Sequence[str] | None = None,
    ) -> ScamClassifier:
        """`fit` on calls that are already tokenised (`features.to_table`), shape (n, columns)."""
        labels = np.asarray(y)
        if len(labels) != len(table):
            raise DataError(f"{len(table)} calls but {len(labels)} labels")
        if set(labels) != {SCAM, LEGIT}:
            raise DataError(f'labels must be "scam" and "legit", both present; found {sorted(map(str, set(labels)))}')
        self.classes_ = np.array([LEGIT, SCAM])
        self.lexicon_ = Lexicon.read()
        self._fit_calibration(table, labels, groups)
        self.pipeline_ = build_pipeline(self.C, self.min_df).fit(table, labels)
        self.type_head_ = self._fit_types(table, labels, scam_type)
        return self

    def _fit_calibration(self, table: NDArray[np.object_], labels: NDArray[Any], groups: Sequence[str] | None) -> None:
        """Set calibration and thresholds on logits of calls that the scorer had not seen."""
        members = np.arange(len(labels)) if groups is None else np.asarray(groups)
        is_scam = labels == SCAM
        logits = np.full(len(labels), np.nan)
        folds = min(self.folds, len(set(members)))
        for train, test in GroupKFold(folds).split(table, labels, members) if folds > 1 else ():
            if set(labels[train]) == {SCAM, LEGIT}:
                scorer = build_pipeline(self.C, self.min_df).fit(table[train], labels[train])
                logits[test] = scorer.decision_function(table[test])
        seen = ~np.isnan(logits)
        self.slope_, self.intercept_ = 1.0, 0.0
        self.threshold_, self.watch_threshold_ = 0.5, 0.5
        if set(labels[seen]) != {SCAM, LEGIT}:
            return  # too few calls to hold any out; tiny fits keep the plain logistic regression
        sigmoid = LogisticRegression(C=1e6).fit(logits[seen, None], is_scam[seen])
        self.slope_, self.intercept_ = float(sigmoid.coef_[0, 0]), float(sigmoid.intercept_[0])
        honest = self.calibrate(logits[seen & ~is_scam])
        self.threshold_ = max(0.5, upper_quantile(honest, self.false_alarms))
        self.watch_threshold_ = min(self.threshold_, max(0.2, upper_quantile(honest, self.watch_false_alarms)))

    def _fit_types(
        self, table: NDArray[np.object_], labels: NDArray[Any], scam_type: Sequence[str | None] | None
    ) -> LogisticRegression | None:
        if scam_type is None:
            return None
        is_scam = labels == SCAM
        types = np.array([kind for kind, scam in zip(scam_type, is_scam, strict=True) if scam], dtype=str)
        if len(set(types)) <= 1:
            return None
        features = self.pipeline_["columns"].transform(table[is_scam])
        return LogisticRegression(C=self.C, max_iter=1000, class_weight="balanced").fit(features, types)

    def calibrate(self, logits: NDArray[np.float64]) -> NDArray[np.float64]:
        """Logits of the pipeline, shape (n,), as calibrated probabilities of scam."""
        return sigmoid_of(self.slope_ * logits + self.intercept_)

    def predict_table(self, table: NDArray[np.object_]) -> NDArray[np.float64]:
        """Probability of scam, shape (n,), for calls that are already tokenised."""
        return self.calibrate(self.pipeline_.decision_function(table))

    def predict_proba(self, X: Iterable[CallLike]) -> NDArray[np.float64]:
        """Calibrated probabilities, shape (n, 2), columns as in `classes_`."""
        check_is_fitted(self)
        scam = [self.predict_table(to_table(readings)) for _, readings in self._batches(X)]
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
            features = self.pipeline_["columns"].transform(to_table(readings))
            logits = self.pipeline_["scam"].decision_function(features)
            kinds = self.type_head_.predict(features) if self.type_head_ else [None] * len(batch)
            for number, (call, reading) in enumerate(zip(batch, readings, strict=True)):
                yield self._verdict(call, reading, features[[number]], float(logits[number]), kinds[number])

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

    def _verdict(self, call: Call, reading: Reading, features: Any, logit: float, kind: str | None) -> Verdict:
        probability = float(self.calibrate(np.array([logit]))[0])
        risk = HIGH if probability >= self.threshold_ else WATCH if probability >= self.watch_threshold_ else LOW
        if not reading.is_readable:
            risk = LOW
        evidence, other = explain(call, reading, self.pipeline_, features)
        return Verdict(
            call=call,
            label=(SCAM if risk == HIGH else LEGIT) if reading.is_readable else UNKNOWN,
            probability=probability,
            risk=risk,
            scam_type=None if risk == LOW or kind is None else str(kind),
            cues=reading.cues,
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


def sigmoid_of(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """1 / (1 + exp(-x)) without overflow, shape as given."""
    return np.exp(-np.logaddexp(0.0, -values))


def upper_quantile(honest: NDArray[np.float64], share: float) -> float:
    """The lowest threshold that flags at most `share` of these probabilities (flagged: at or above it)."""
    allowed = int(share * len(honest))
    return float(np.nextafter(np.sort(honest)[::-1][allowed], 1.0)) if len(honest) else 0.5
