"""How early the monitor warns, and how many honest calls ever raise an alert."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

import numpy as np

from scamtext.calls import CALLEE
from scamtext.classifier import ScamClassifier
from scamtext.evaluation.corpus import LabelledCall
from scamtext.evaluation.metrics import Measures, share
from scamtext.features.table import Table
from scamtext.inference.scorer import live_scores
from scamtext.training.heads import count_syllables, decide_windowed, values

ASKS = {"money_request", "credential_request"}
PARTS = (0.25, 0.5, 0.75, 1.0)  # of a call's turns


@dataclass(frozen=True, slots=True)
class Watched:
    """A labelled call, and what a monitor not trained on it did.

    Attributes
    ----------
    alerted : index of the piece (`Turn.pieces`) that raised the alert, or None.
    syllables_read : syllables up to each piece.
    flagged : whether the verdict on the whole call is "scam".
    """

    truth: LabelledCall
    alerted: int | None
    syllables_read: tuple[int, ...]
    flagged: bool

    def by(self, part: float) -> bool:
        """Whether the alert came within this share of the pieces."""
        return self.alerted is not None and self.alerted < int(np.ceil(part * len(self.syllables_read)))

    def before(self, turn: int) -> bool:
        """Whether there was an alert before this turn of the call began."""
        sizes = [len(spoken.pieces()) for spoken in self.truth.call.turns]
        return self.alerted is not None and self.alerted < sum(sizes[:turn])


def watch(classifier: ScamClassifier, calls: Sequence[LabelledCall], table: Table) -> list[Watched]:
    """What a monitor does on calls, `table` being the tokens of their pieces.

    What passages of long calls say is only counted when these are over (`flagged`).
    """
    rows = [table.beginning(call, turns) for call, size in enumerate(table.sizes) for turns in range(1, size + 1)]
    syllables = count_syllables(rows)
    logits = classifier.live_head_.decision_function(values(classifier.pipeline_, np.array(rows)))
    crossed = live_scores(logits, syllables) >= classifier.alert_threshold_
    flagged = classifier.calibrate(decide_windowed(classifier.pipeline_, table)[1]) >= classifier.threshold_
    watched = []
    for number, end in enumerate(accumulate(table.sizes)):
        own = slice(end - table.sizes[number], end)
        hits = np.flatnonzero(crossed[own])
        alerted = int(hits[0]) if len(hits) else None
        watched.append(Watched(calls[number], alerted, tuple(map(int, syllables[own])), bool(flagged[number])))
    return watched


def measure_live(watched: Sequence[Watched]) -> Measures:
    """Shares of calls alerted, with exact intervals, and how many syllables it took.

    `alerted_by`: of scams, by 25, 50, 75 and 100 % of the turns, and `finished`: or labelled
    scam at the end. `before_ask`, `by_ask`, `before_answer`: of scams with a turn that
    asks for money or credentials, and more than one turn: before that turn, when it ended, and before
    the callee's next turn. `ever`: of honest calls, at any turn, or called a scam when over.
    """
    scams = [row for row in watched if row.truth.is_scam]
    honest = [row for row in watched if not row.truth.is_scam]
    with_ask = [(row, ask) for row in scams if (ask := _first_ask(row.truth)) is not None]
    kinds = sorted({str(row.truth.legit_kind) for row in honest})
    alarmed = [row.syllables_read[row.alerted] for row in scams if row.alerted is not None]
    return {
        "alerted_by": {f"{part:.0%}": share(row.by(part) for row in scams) for part in PARTS},
        "finished": share(row.by(1.0) or row.flagged for row in scams),
        "before_ask": share(row.before(ask) for row, ask in with_ask),
        "by_ask": share(row.before(ask + 1) for row, ask in with_ask),
        "before_answer": share(row.before(_next_answer(row.truth, ask)) for row, ask in with_ask),
        "syllables_until_alert": int(np.median(alarmed)) if alarmed else None,
        "ever": share(row.by(1.0) for row in honest),
        "ever_or_finished": share(row.by(1.0) or row.flagged for row in honest),
        "ever_by_kind": {kind: share(row.by(1.0) for row in honest if row.truth.legit_kind == kind) for kind in kinds},
        "curve": [
            [round(part, 2), *(round(float(np.mean([row.by(part) for row in rows])), 4) for rows in (scams, honest))]
            for part in np.linspace(0, 1, 21)
            if scams and honest
        ],
    }


def _first_ask(call: LabelledCall) -> int | None:
    """The first turn with a decisive ask; None in a call of one turn, where nobody can tell when it came."""
    if len(call.call.turns) == 1:
        return None
    return next((turn for turn, kinds in enumerate(call.cues or ()) if kinds & ASKS), None)


def _next_answer(call: LabelledCall, ask: int) -> int:
    turns = call.call.turns
    later = range(ask + 1, len(turns))
    return next((turn for turn in later if turns[turn].speaker == CALLEE), len(turns))
