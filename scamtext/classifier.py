"""ScamClassifier: an estimator over calls that also gives verdicts with evidence.

It works wherever scikit-learn takes an estimator, but does not import it: predicting needs numpy alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from scamtext.calls import Call, CallLike, Turn, batches
from scamtext.cues.lexicon import Lexicon
from scamtext.errors import DataError, listed
from scamtext.estimator import Estimator
from scamtext.features.columns import Reading
from scamtext.inference.calibration import sigmoid_of
from scamtext.inference.cue_spans import quote_cues
from scamtext.inference.explanation import evidence, spread
from scamtext.inference.ngrams import Grams, Values
from scamtext.inference.scorer import SCAM_HEAD, Scorer
from scamtext.labels import HIGH, LEGIT, LOW, SCAM, UNKNOWN, WATCH
from scamtext.verdict.results import Verdict

if TYPE_CHECKING:
    import pandas as pd

    from scamtext.features.table import Table
    from scamtext.monitor import CallMonitor
    from scamtext.training.examples import CallCues
    from scamtext.training.fitting import Heads


class ScamClassifier(Estimator):
    """Says whether a call is a scam, which kind, how sure, and why.

    Parameters
    ----------
    C : inverse strength of the L2 penalty.
    min_df : calls in which an n-gram must occur to be a feature.
    folds : folds for the out-of-fold logits that calibration and thresholds are set on.
    false_alarms : share of honest calls that may be labelled scam, out of fold.
    watch_false_alarms : share of honest calls that may be at least "watch".
    live : learn to warn while a call goes on, too (`monitor`); takes longer.
    live_false_alarms, live_watch_false_alarms : share of honest calls that may ever, at any turn,
        raise an alert, or be worth watching, out of fold.
    lexicons : a folder of cue phrases (`lexicon`) to learn with; None for the phrases in the package.

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
    folder_ : the model folder that it was loaded from, or None if it was fitted here.

    Examples
    --------
    >>> from scamtext import load
    >>> load().predict(["mẹ ơi chiều nay con về trễ nha mẹ nấu cơm trước đi"])
    array(['legit'], dtype='<U5')
    """

    _routed = ("scam_type", "groups", "cues", "reviewed")

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
        lexicons: str | Path | None = None,
    ) -> None:
        self.C = C
        self.min_df = min_df
        self.folds = folds
        self.false_alarms = false_alarms
        self.watch_false_alarms = watch_false_alarms
        self.live = live
        self.live_false_alarms = live_false_alarms
        self.live_watch_false_alarms = live_watch_false_alarms
        self.lexicons = lexicons

    def fit(
        self,
        X: Iterable[CallLike] | Table,
        y: Sequence[str],
        scam_type: Sequence[str | None] | None = None,
        groups: Sequence[str] | None = None,
        cues: Sequence[CallCues | None] | None = None,
        reviewed: Sequence[bool] | None = None,
    ) -> ScamClassifier:
        """Learn from labelled calls.

        Parameters
        ----------
        X : n calls, or n tokenized calls (`Table.of`, with the phrases of `lexicons`).
        y : n labels, "scam" or "legit", both present.
        scam_type : n types, None for honest calls; without it no type is predicted.
        groups : n group names (author, twin pair); calls of a group stay in one fold, and an
            n-gram counts by the groups that have it. Without it every call counts by itself (so in
            scikit-learn's searches, unless `sklearn.set_config(enable_metadata_routing=True)`).
        cues : for n calls the kinds in each turn, None where nobody has looked; without it
            cues are the lexicon's finds alone.
        reviewed : which of the n calls were chosen because of a model's verdict (corrections, calls written
            against the model). The model learns from them, but calibration and thresholds do not use them.
        """
        from scamtext.features.table import Table
        from scamtext.training.examples import Examples
        from scamtext.training.fitting import fit_heads
        from scamtext.training.thresholds import choose_thresholds

        lexicon = Lexicon.of(self.lexicons)
        table = X if isinstance(X, Table) else Table.of([Call.of(call) for call in X], lexicon)
        examples = Examples.of(table, y, scam_type, groups, cues, reviewed)
        thresholds = choose_thresholds(examples, self.get_params())
        self.slope_, self.intercept_ = thresholds.slope, thresholds.intercept
        self.threshold_, self.watch_threshold_ = thresholds.threshold, thresholds.watch
        self.alert_threshold_, self.live_watch_threshold_ = thresholds.alert, thresholds.live_watch
        self.cue_thresholds_ = thresholds.cues
        heads = fit_heads(examples, self.C, self.min_df, live=self.live)
        return self.assemble(lexicon, heads)

    def assemble(
        self,
        lexicon: Lexicon,
        heads: Heads | Callable[[], Heads],
        scorer: Scorer | None = None,
        folder: Path | None = None,
    ) -> ScamClassifier:
        """Put fitted parts together: the lexicon, the heads or what reads them, and these compiled if they are.

        `folder` is the model folder that they come from.
        """
        self.classes_ = np.array([LEGIT, SCAM])
        self.lexicon_, self._scorer, self.folder_ = lexicon, scorer, folder
        self._heads: Heads | Callable[[], Heads] = heads
        return self

    @property
    def heads_(self) -> Heads:
        """All fitted scikit-learn models; of a loaded classifier they are read when first asked for."""
        self._check_is_fitted()
        heads = self._heads
        if callable(heads):
            heads = self._heads = heads()
        return heads

    pipeline_ = property(lambda self: self.heads_.pipeline)
    type_head_ = property(lambda self: self.heads_.types)
    cue_heads_ = property(lambda self: self.heads_.cues)
    live_head_ = property(lambda self: self.heads_.live)

    @property
    def scorer_(self) -> Scorer:
        """The heads as plain arrays."""
        self._check_is_fitted()
        if self._scorer is None:
            self._scorer = Scorer(self.heads_.compile(self.lexicon_))
        return self._scorer

    def _check_is_fitted(self) -> None:
        if not hasattr(self, "classes_"):
            from sklearn.exceptions import NotFittedError

            raise NotFittedError("this ScamClassifier is not fitted; call fit, or use scamtext.load()")

    def calibrate(self, logits: NDArray[np.float64]) -> NDArray[np.float64]:
        """Logits of the pipeline, shape (n,), as calibrated probabilities of scam."""
        return sigmoid_of(self.slope_ * logits + self.intercept_)

    def predict_proba(self, X: Iterable[CallLike]) -> NDArray[np.float64]:
        """Calibrated probabilities, shape (n, 2), columns as in `classes_`."""
        scorer = self.scorer_
        parts = [np.empty(0)]
        for batch in batches(X):
            reading = scorer.read(batch)
            parts.append(self.calibrate(scorer.decide_windowed(reading, *scorer.values(reading)).logits))
        column = np.concatenate(parts)
        return np.column_stack([1 - column, column])

    def predict(self, X: Iterable[CallLike]) -> NDArray[np.str_]:
        """Labels, "scam" or "legit", shape (n,); `classify` also knows "unknown"."""
        return np.where(self.predict_proba(X)[:, 1] >= self.threshold_, SCAM, LEGIT)

    def score(self, X: Iterable[CallLike], y: Sequence[str]) -> float:
        """Share of calls whose label is right."""
        return float((self.predict(X) == np.asarray(y)).mean())

    def classify(self, call: CallLike) -> Verdict:
        """The verdict for one call: a Call, a text, or a record with "turns"."""
        return next(self.classify_many([call]))

    def classify_many(self, calls: Iterable[CallLike]) -> Iterator[Verdict]:
        """Verdicts in the order of the calls, a batch at a time."""
        scorer = self.scorer_
        for batch in batches(calls):
            reading = scorer.read(batch)
            yield from self.judge(reading, *scorer.values(reading))

    def judge(self, reading: Reading, values: Values, grams: Grams) -> Iterator[Verdict]:
        """Verdicts on calls that are read already (`Scorer.read` and `values`)."""
        scorer = self.scorer_
        values, grams, logits, surcharge = scorer.decide_windowed(reading, values, grams)
        probabilities = self.calibrate(logits)
        shares = scorer.shares(values, grams, SCAM_HEAD)
        weights = spread(grams, shares, len(reading.tokens.start), len(reading.finds), values.size)
        suspicious = (probabilities >= self.watch_threshold_) & reading.is_readable
        types = scorer.types(values.within(suspicious))
        quotes = quote_cues(scorer, reading, values, self.cue_thresholds_)
        explained = evidence(reading, quotes, weights._replace(other=weights.other - surcharge))
        for number, (call, readable) in enumerate(zip(reading.tokens.calls, reading.is_readable.tolist(), strict=True)):
            probability = float(probabilities[number])
            risk = HIGH if probability >= self.threshold_ else WATCH if probability >= self.watch_threshold_ else LOW
            risk = risk if readable else LOW
            cues, items, other = next(explained)
            yield Verdict(
                call=call,
                label=(SCAM if risk == HIGH else LEGIT) if readable else UNKNOWN,
                probability=probability,
                risk=risk,
                scam_type=None if risk == LOW else types[number],
                cues=tuple(cues),
                evidence=tuple(items),
                bias=scorer.bias,
                other=other,
                logit=float(logits[number]),
            )

    def classify_frame(self, frame: pd.DataFrame, text: str = "text") -> pd.DataFrame:
        """Verdicts for a column of transcripts, on the same index; missing ones are "unknown".

        Parameters
        ----------
        text : the column; its cells are texts, or lists of turns ({"speaker", "text"}).

        Returns
        -------
        DataFrame with label, probability, risk, scam_type, cues (kinds) and reasons.

        Raises
        ------
        DataError : there is no such column, or a turn is malformed.
        """
        import pandas as pd

        if text not in frame.columns:
            raise DataError(f"no column {text!r}; the frame has {listed(frame.columns)}")
        calls = map(_call_of_cell, frame[text])
        rows = [
            {
                "label": verdict.label,
                "probability": verdict.probability,
                "risk": verdict.risk,
                "scam_type": verdict.scam_type,
                "cues": list(dict.fromkeys(cue.kind for cue in verdict.cues if not cue.negated)),
                "reasons": verdict.reasons(),
            }
            for verdict in self.classify_many(calls)
        ]
        columns = ["label", "probability", "risk", "scam_type", "cues", "reasons"]
        types = dict.fromkeys(("label", "risk", "scam_type"), "category") | {"probability": float}
        return pd.DataFrame(rows, columns=columns, index=frame.index).astype(types)

    def monitor(self, call_id: str | None = None) -> CallMonitor:
        """A monitor that judges one call turn by turn, while it goes on."""
        from scamtext.monitor import CallMonitor

        return CallMonitor(self, call_id)


def _call_of_cell(value: Any) -> Call:
    if isinstance(value, (list, tuple, np.ndarray)):
        return Call(tuple(map(Turn.of, value)))
    return Call((Turn(value if isinstance(value, str) else ""),))
