"""ScamClassifier: a scikit-learn estimator over calls that also gives verdicts with evidence."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.validation import check_is_fitted

from scamtext.calls import Call
from scamtext.errors import DataError
from scamtext.explain import explain, locate
from scamtext.features import Reading, Table, marked_kinds, read_call, to_rows, to_table
from scamtext.heads import cue_scores, heard_cues, values
from scamtext.lexicon import CUE_KINDS, Lexicon
from scamtext.results import HIGH, LEGIT, LOW, SCAM, UNKNOWN, WATCH, Evidence, Verdict
from scamtext.training import CallCues, Examples, fit_heads, settle, sigmoid_of

if TYPE_CHECKING:
    import pandas as pd

    from scamtext.monitor import CallMonitor

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
    live : learn to warn while a call goes on, too (`monitor`); costs about twice the time.
    live_false_alarms, live_watch_false_alarms : share of honest calls that may ever, at any turn,
        raise an alert, or be worth watching, out of fold.

    Attributes
    ----------
    classes_ : ["legit", "scam"].
    pipeline_ : the fitted scikit-learn pipeline.
    type_head_ : linear classifier over the scam types, or None if no types were given.
    cue_heads_ : which cues are in a call and which in a turn, or None if no cues were given.
    cue_thresholds_ : shape (2, kinds), the scores from which a call, and a turn, has a cue.
    slope_, intercept_ : calibration; probability = sigmoid(slope * logit + intercept).
    threshold_, watch_threshold_ : probabilities from which a call is "scam" and "watch".
    live_head_ : scam or not while the call goes on, or None if not `live`.
    alert_threshold_, live_watch_threshold_ : live scores from which a call alerts, or is watched.
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
        live: bool = True,
        live_false_alarms: float = 0.015,
        live_watch_false_alarms: float = 0.06,
    ) -> None:
        self.C = C
        self.min_df = min_df
        self.folds = folds
        self.false_alarms = false_alarms
        self.watch_false_alarms = watch_false_alarms
        self.live = live
        self.live_false_alarms = live_false_alarms
        self.live_watch_false_alarms = live_watch_false_alarms

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
        examples = Examples.of(table, y, scam_type, groups, cues)
        parameters = self.get_params()
        settled = settle(examples, parameters)
        self.slope_, self.intercept_ = settled.slope, settled.intercept
        self.threshold_, self.watch_threshold_ = settled.threshold, settled.watch
        self.alert_threshold_, self.live_watch_threshold_ = settled.alert, settled.live_watch
        self.cue_thresholds_ = settled.cues
        heads = fit_heads(examples, self.C, self.min_df, live=self.live)
        self.pipeline_, self.type_head_, self.cue_heads_, self.live_head_ = heads
        self.classes_ = np.array([LEGIT, SCAM])
        self.lexicon_ = Lexicon.read()
        return self

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
            yield from self.judge(batch, readings, table, values(self.pipeline_, table.calls))

    def judge(
        self, calls: Sequence[Call], readings: Sequence[Reading], table: Table, features: Any
    ) -> Iterator[Verdict]:
        """Verdicts on n calls that are tokenised already, `features` being their rows of values."""
        logits = self.pipeline_["scam"].decision_function(features)
        kinds = self.type_head_.predict(features) if self.type_head_ else [None] * len(calls)
        cues = self._cues(calls, readings, features, table) if self.cue_heads_ else [r.cues for r in readings]
        for number, (call, reading) in enumerate(zip(calls, readings, strict=True)):
            row = features[[number]]
            yield self._verdict(call, reading, cues[number], row, float(logits[number]), kinds[number])

    def monitor(self, call_id: str | None = None) -> CallMonitor:
        """A monitor that judges one call turn by turn, while it goes on."""
        from scamtext.monitor import CallMonitor

        check_is_fitted(self)
        return CallMonitor(self, call_id)

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
