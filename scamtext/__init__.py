"""Reads Vietnamese phone-call transcripts and says which are scams, how sure, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scamtext.calls import Call, Turn
from scamtext.errors import DataError, LexiconError, ModelError, ModelWarning, ScamtextError
from scamtext.verdict.results import Evidence, Verdict

if TYPE_CHECKING:
    from scamtext.classifier import ScamClassifier
    from scamtext.monitor import CallMonitor
    from scamtext.persistence.model_folder import load

__version__ = "0.1.0"
__all__ = [
    "Call",
    "CallMonitor",
    "DataError",
    "Evidence",
    "LexiconError",
    "ModelError",
    "ModelWarning",
    "ScamClassifier",
    "ScamtextError",
    "Turn",
    "Verdict",
    "load",
]


def __getattr__(name: str) -> Any:
    # scikit-learn takes most of a second to import, so it waits until it is needed (PEP 562).
    if name == "load":
        from scamtext.persistence.model_folder import load

        return load
    if name == "ScamClassifier":
        from scamtext.classifier import ScamClassifier

        return ScamClassifier
    if name == "CallMonitor":
        from scamtext.monitor import CallMonitor

        return CallMonitor
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
