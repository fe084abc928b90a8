"""A call while it goes on: a verdict after every turn, and an alert that stays once it is raised."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from scamtext.calls import Call, Turn
from scamtext.errors import DataError, shown
from scamtext.features.columns import LONG, Reading
from scamtext.inference.scorer import LIVE_HEAD
from scamtext.labels import HIGH, LOW, WATCH, WORDING
from scamtext.text.tokens import Tokens
from scamtext.verdict.results import Evidence, Verdict

if TYPE_CHECKING:
    from scamtext.classifier import ScamClassifier

EASING = 1.0  # log-odds under the line of "watch" at which a watched call is let go, so that it does not flicker
RAISED_BY = 3  # spans reported with an alert


class CallMonitor:
    """Classifies one call turn by turn; made by `ScamClassifier.monitor`.

    Every turn is tokenised once. The verdict after the last turn equals `classify` of the whole
    call. The level has its own thresholds, set so that an honest call seldom
    crosses them at any turn (`live_false_alarms`), while a verdict's risk is for whole calls. Only in a
    long call, where the verdict also reads windows, does a scam verdict raise the alert, too.

    Attributes
    ----------
    level : "low", "watch" or "high"; "high" is the alert, and stays.
    alerted_at : index of the turn that raised the alert, or None.
    score : the live score of the turns so far, in log-odds.

    Examples
    --------
    >>> from scamtext import load
    >>> monitor = load().monitor()
    >>> monitor.update("alo, cho em hỏi nhà mình còn phòng trống không ạ").label, monitor.level
    ('legit', 'low')
    """

    def __init__(self, classifier: ScamClassifier, call_id: str | None = None) -> None:
        if not classifier.scorer_.has(LIVE_HEAD):
            raise DataError("this model was fitted with live=False; fit it again with live=True to monitor calls")
        self._classifier = classifier
        self._call_id = call_id
        self._turns: list[Tokens] = []
        self.level = LOW
        self.alerted_at: int | None = None
        self.score = float("-inf")

    @property
    def call(self) -> Call:
        """The turns so far."""
        return Call(tuple(tokens.calls[0].turns[0] for tokens in self._turns), self._call_id)

    def update(self, turn: Turn | str | Mapping[str, Any]) -> Verdict:
        """Add the next turn: a Turn, a text, or {"speaker", "text"}."""
        return self.correct(len(self._turns), turn)

    def correct(self, number: int, turn: Turn | str | Mapping[str, Any]) -> Verdict:
        """Replace turn `number` (from 0), as a recognizer corrects or extends it.

        A text leaves the speaker as it was. An alert stays, even if the words that raised it are gone:
        somebody may have been warned.

        Raises
        ------
        DataError : there is no such turn, or the turn is malformed.
        """
        if type(number) is not int or not 0 <= number <= len(self._turns):
            raise DataError(
                f"turn {shown(number)} does not exist: the call has {len(self._turns)} turns, numbered from 0"
            )
        if isinstance(turn, str) and number < len(self._turns):
            turn = Turn(turn, self.call.turns[number].speaker)
        self._turns[number : number + 1] = [self._read(turn)]
        return self._judge(number)

    def finish(self) -> Verdict:
        """End the call: a call that `classify` labels a scam raises the alert now, if none was raised before."""
        if not self._turns:
            raise DataError("the call has no turn yet")
        verdict = self._judge(len(self._turns) - 1)
        if verdict.risk == HIGH:
            self._alert(len(self._turns) - 1)
        return verdict

    def _judge(self, number: int) -> Verdict:
        scorer = self._classifier.scorer_
        reading = Reading.of(Tokens.join(self._turns, self.call), scorer.lexicon)
        values, grams = scorer.values(reading)
        syllables = len(reading.tokens.start)
        self.score = float(scorer.live_scores(values, np.array([syllables]))[0])
        verdict = next(self._classifier.judge(reading, values, grams))
        if reading.is_readable[0]:
            self._set_level(number)
        if syllables > LONG and verdict.risk == HIGH:
            self._alert(number)
        return verdict

    def _read(self, turn: Turn | str | Mapping[str, Any]) -> Tokens:
        return self._classifier.scorer_.tokeniser.read([Call((Turn.of(turn),))])

    def _set_level(self, number: int) -> None:
        watch = self._classifier.live_watch_threshold_
        if self.score >= self._classifier.alert_threshold_:
            self._alert(number)
        elif self.level == LOW and self.score >= watch:
            self.level = WATCH
        elif self.level == WATCH and self.score < watch - EASING:
            self.level = LOW

    def _alert(self, number: int) -> None:
        if self.level != HIGH:
            self.level, self.alerted_at = HIGH, number

    def to_dict(self) -> dict[str, Any]:
        """The state as plain data, so that another process can continue the call (`from_dict`)."""
        return {"call": self.call.to_dict(), "level": self.level, "alerted_at": self.alerted_at}

    @classmethod
    def from_dict(cls, classifier: ScamClassifier, state: Mapping[str, Any]) -> CallMonitor:
        """The monitor that `to_dict` was called on; its turns are tokenised again.

        Raises
        ------
        DataError : this is no such state.
        """
        try:
            is_valid = state["level"] in (LOW, WATCH, HIGH) and state["call"]["turns"] is not None
            monitor = cls(classifier, state["call"]["id"])
        except (KeyError, TypeError) as error:
            raise DataError(f"no state of a monitor: {error!r}") from error
        if not is_valid:
            raise DataError(f"no state of a monitor: level {shown(state['level'])}")
        monitor._turns = [monitor._read(turn) for turn in state["call"]["turns"]]
        if monitor._turns:
            monitor._judge(len(monitor._turns) - 1)
        monitor.level, monitor.alerted_at = state["level"], state["alerted_at"]
        return monitor

    def __repr__(self) -> str:
        return f"<CallMonitor {self._call_id} {len(self._turns)} turns {self.level} alerted_at={self.alerted_at}>"


def raised_by(verdict: Verdict) -> list[Evidence]:
    """The spans with the most weight for a scam, cues before wordings, strongest first."""
    items = [item for item in verdict.evidence if item.weight > 0 and not item.negated]
    return sorted(items, key=lambda item: item.kind == WORDING)[:RAISED_BY]
