"""Sentences for people, from templates/<lang>.toml."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from scamtext.errors import DataError
from scamtext.labels import LOW, UNKNOWN, WATCH, WORDING
from scamtext.text.spans import MIN_SYLLABLES, syllables

if TYPE_CHECKING:
    from scamtext.verdict.results import Evidence, Verdict

TEMPLATES = Path(__file__).parent / "templates"
MOST_REASONS = 5
LONGEST_QUOTE = 90  # characters


@cache
def messages(lang: str) -> dict[str, dict[str, str]]:
    """All sentences of a language.

    Raises
    ------
    DataError : there is no such language.
    """
    path = TEMPLATES / f"{lang}.toml"
    if not path.is_file():
        known = ", ".join(sorted(file.stem for file in TEMPLATES.glob("*.toml")))
        raise DataError(f"language {lang!r} is not one of {known}")
    return tomllib.loads(path.read_text(encoding="utf-8"))


def reasons(verdict: Verdict, lang: str = "vi") -> list[str]:
    """Why the verdict is what it is: one sentence for each kind of cue, strongest first."""
    sentences = messages(lang)["reasons"]
    if verdict.label == UNKNOWN:
        return [sentences["too_short" if _is_short(verdict) else "foreign"]]
    if verdict.risk == LOW:
        return [sentences["low_with_cues" if any(not cue.negated for cue in verdict.cues) else "low"]]
    strongest: dict[str, Evidence] = {}
    for item in verdict.evidence:
        if not item.negated and item.weight > 0:
            strongest.setdefault(item.kind, item)
    if any(kind != WORDING for kind in strongest):
        strongest.pop(WORDING, None)
    return [sentences[kind].format(quote=_shorten(item.text)) for kind, item in strongest.items()][:MOST_REASONS]


def advice(verdict: Verdict, lang: str = "vi") -> list[str]:
    """What the real organisation never does, then whom to tell; nothing for calls at low risk."""
    if verdict.risk == LOW:
        return []
    said = messages(lang)
    # A type that the model's owner has made up has no sentence of its own.
    known = verdict.scam_type if verdict.scam_type in said["types"] else "other"
    first = [said["advice"][known]] if verdict.scam_type else []
    return [*first, said["advice"]["watch" if verdict.risk == WATCH else "report"]]


def type_name(scam_type: str, lang: str = "vi") -> str:
    """A scam type in words; one that the model's owner has made up stays as it is."""
    return messages(lang)["types"].get(scam_type, scam_type)


def _is_short(verdict: Verdict) -> bool:
    return sum(len(syllables(turn.text).syllables) for turn in verdict.call.turns) < MIN_SYLLABLES


def _shorten(quote: str) -> str:
    quote = " ".join(quote.split())
    return quote if len(quote) <= LONGEST_QUOTE else quote[: LONGEST_QUOTE - 1] + "…"
