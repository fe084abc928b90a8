"""What a classification returns, and what can go wrong. Plain data: no input or output here."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from scamtext.calls import Call, Turn


@dataclass(frozen=True, slots=True)
class Evidence:
    """A stretch of the call that moved the probability.

    Attributes
    ----------
    kind : a cue kind ("threat", "money_request", ...) or "wording".
    turn : index of the turn in the call.
    speaker : "caller", "callee" or None, as in the call.
    start, end : half-open code-point offsets into that turn's text as given.
    text : the very words, `call.turns[turn].text[start:end]`.
    weight : log-odds toward scam (positive) or away from it (negative).
    negated : the words are denied, reported or warned about, so they are no cue.
    """

    kind: str
    turn: int
    speaker: str | None
    start: int
    end: int
    text: str
    weight: float = 0.0
    negated: bool = False

    def to_dict(self) -> dict[str, Any]:
        """All fields as plain data."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True, repr=False)
class Verdict:
    """The answer for one call.

    Attributes
    ----------
    call : the call as it was read.
    label : "scam", "legit", or "unknown" (too short, or not Vietnamese).
    probability : calibrated probability of scam, 0..1.
    risk : "high" (label is scam), "watch" (worth a look) or "low"; an unknown call is "low".
    scam_type : the most likely type when risk is high or watch, else None.
    cues : what is asked or threatened, in reading order, quoted by the lexicons or by the most
        telling words of the turn; the lexicons' denied or reported finds are `negated`.
    evidence : what moved the probability, strongest first; its weights add up:
        bias + other + sum(e.weight for e in evidence) == logit, to 1e-6.
    bias : the model's intercept, in log-odds.
    other : log-odds of all words that are not listed as evidence, and the surcharge of a place in a long call.
    logit : log-odds before calibration.
    """

    call: Call
    label: str
    probability: float
    risk: str
    scam_type: str | None
    cues: tuple[Evidence, ...]
    evidence: tuple[Evidence, ...]
    bias: float
    other: float
    logit: float

    def reasons(self, lang: str = "vi") -> list[str]:
        """Short sentences that say why, strongest first, in "vi" or "en"."""
        from scamtext.verdict.messages import reasons

        return reasons(self, lang)

    def advice(self, lang: str = "vi") -> list[str]:
        """What the real organisation never does, and whom to call, in "vi" or "en"."""
        from scamtext.verdict.messages import advice

        return advice(self, lang)

    def redacted(self) -> Verdict:
        """The same verdict on the call with personal data masked (`scamtext.text.redaction`); offsets stay."""
        from scamtext.text.redaction import mask_call

        call = mask_call(self.call)

        def masked(items: tuple[Evidence, ...]) -> tuple[Evidence, ...]:
            return tuple(replace(item, text=call.turns[item.turn].text[item.start : item.end]) for item in items)

        return replace(self, call=call, cues=masked(self.cues), evidence=masked(self.evidence))

    def to_record(self, lang: str = "vi") -> dict[str, Any]:
        """The record that `scamtext classify` writes for this call."""
        return {
            "id": self.call.id,
            "label": self.label,
            "probability": round(self.probability, 6),
            "risk": self.risk,
            "scam_type": self.scam_type,
            "cues": [{key: value for key, value in cue.to_dict().items() if key != "weight"} for cue in self.cues],
            "reasons": self.reasons(lang),
        }

    def to_dict(self) -> dict[str, Any]:
        """All fields as plain data; `Verdict.from_dict` reads it back."""
        return {
            "call": self.call.to_dict(),
            "label": self.label,
            "probability": self.probability,
            "risk": self.risk,
            "scam_type": self.scam_type,
            "cues": [cue.to_dict() for cue in self.cues],
            "evidence": [item.to_dict() for item in self.evidence],
            "bias": self.bias,
            "other": self.other,
            "logit": self.logit,
        }

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Verdict:
        """The verdict that `to_dict` was called on."""
        fields = dict(data)
        call = fields["call"]  # unlike a record to classify, it may be without any text
        fields["call"] = Call(tuple(map(Turn.of, call["turns"])), call["id"])
        for name in ("cues", "evidence"):
            fields[name] = tuple(Evidence(**item) for item in fields[name])
        return cls(**fields)

    def __repr__(self) -> str:
        kind = f" {self.scam_type}" if self.scam_type else ""
        cues = ",".join(dict.fromkeys(cue.kind for cue in self.cues if not cue.negated))
        return f"<Verdict {self.label}{kind} p={self.probability:.3f} {self.risk} cues={cues or '-'}>"

    def __str__(self) -> str:
        from scamtext.verdict.rendering import to_text

        return to_text(self)

    def _repr_html_(self) -> str:
        from scamtext.verdict.rendering import to_html

        return to_html(self)
