"""Verdicts as people see them: terminal text, a table, escaped HTML."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from html import escape
from typing import TYPE_CHECKING

from scamtext.calls import Turn
from scamtext.labels import HIGH, LOW, WATCH
from scamtext.verdict.messages import messages, type_name

if TYPE_CHECKING:
    from scamtext.verdict.results import Evidence, Verdict

Mark = Callable[[str, "Evidence"], str]
_BOLD, _DIM, _RESET = "\x1b[1m", "\x1b[2m", "\x1b[0m"
_RISK_COLOURS = {HIGH: "\x1b[31m", WATCH: "\x1b[33m", LOW: "\x1b[32m"}
BAR = 20  # characters
_SCAM_MARK, _HONEST_MARK = "\x1b[30;43m", "\x1b[4m"
_HTML_COLOURS = {True: "#ffd54f", False: "#c8e6c9"}


def to_text(verdict: Verdict, lang: str = "vi", colour: bool = False) -> str:
    """A verdict for a terminal: the answer, why, the call with its evidence marked, what to do."""
    said = messages(lang)

    def paint(code: str, text: str) -> str:
        return f"{code}{text}{_RESET}" if colour else text

    lines = [paint(_BOLD + _RISK_COLOURS[verdict.risk], _headline(verdict, lang))]
    lines += [f"  - {reason}" for reason in verdict.reasons(lang)]
    lines.append("")

    def mark(quote: str, item: Evidence) -> str:
        if colour:
            return paint(_SCAM_MARK if item.weight > 0 else _HONEST_MARK, quote)
        return f"[{quote}]"

    for number, turn in enumerate(verdict.call.turns):
        speaker = f"{said['speakers'][turn.speaker]}: " if turn.speaker else ""
        lines.append(f"  {paint(_DIM, speaker)}{_highlight(turn, number, verdict, mark, str)}")
    advice = verdict.advice(lang)
    if advice:
        lines += ["", paint(_BOLD, f"{said['words']['advice']}:"), *(f"  - {sentence}" for sentence in advice)]
    return "\n".join(lines)


def _headline(verdict: Verdict, lang: str) -> str:
    said = messages(lang)
    kind = f", {type_name(verdict.scam_type, lang)}" if verdict.scam_type else ""
    probability = f"{said['words']['probability']} {verdict.probability:.0%}"
    return f"{said['labels'][verdict.label]} ({said['risks'][verdict.risk]}{kind}) - {probability}"


def to_html(verdict: Verdict, lang: str = "vi") -> str:
    """A verdict as an HTML fragment without scripts; all text of the call is escaped."""
    said = messages(lang)

    def mark(quote: str, item: Evidence) -> str:
        title = f"{said['kinds'][item.kind]}: {item.weight:+.2f}"
        colour = _HTML_COLOURS[item.weight > 0]
        return f'<mark style="background:{colour};color:#000" title="{escape(title)}">{escape(quote)}</mark>'

    turns = "".join(
        f"<p><b>{escape(said['speakers'][turn.speaker] + ': ' if turn.speaker else '')}</b>"
        f"{_highlight(turn, number, verdict, mark, escape)}</p>"
        for number, turn in enumerate(verdict.call.turns)
    )
    return (
        f'<div class="scamtext" lang="{lang}"><p><strong>{escape(_headline(verdict, lang))}</strong></p>'
        f"<ul>{_items(verdict.reasons(lang))}</ul>{turns}<ul>{_items(verdict.advice(lang))}</ul></div>"
    )


def _items(sentences: Iterable[str]) -> str:
    return "".join(f"<li>{escape(sentence)}</li>" for sentence in sentences)


def _highlight(turn: Turn, number: int, verdict: Verdict, mark: Mark, plain: Callable[[str], str]) -> str:
    """The turn's text with its evidence marked; where spans overlap, the stronger one stands."""
    spans: list[Evidence] = []
    taken = bytearray(len(turn.text))
    for item in verdict.evidence:  # strongest first
        if item.turn == number and not any(taken[item.start : item.end]):
            spans.append(item)
            taken[item.start : item.end] = b"\1" * (item.end - item.start)
    pieces, position = [], 0
    for item in sorted(spans, key=lambda span: span.start):
        pieces += [plain(turn.text[position : item.start]), mark(turn.text[item.start : item.end], item)]
        position = item.end
    return "".join([*pieces, plain(turn.text[position:])])


def table_head(lang: str = "vi") -> str:
    """The heads of the columns of `table_row`."""
    words = messages(lang)["words"]
    return _columns(words["id"], words["short_probability"], f"{words['risk']:<12}", words["type"], words["beginning"])


def table_row(verdict: Verdict, lang: str = "vi", colour: bool = False) -> str:
    """One line of a table: id, probability, risk, type, first words of the call."""
    said = messages(lang)
    risk = f"{said['risks'][verdict.risk]:<12}"
    if colour:
        risk = f"{_RISK_COLOURS[verdict.risk]}{risk}{_RESET}"
    kind = type_name(verdict.scam_type, lang) if verdict.scam_type else ""
    words = " ".join(verdict.call.text.split())[:48]
    return _columns(verdict.call.id or "-", f"{verdict.probability:.1%}", risk, kind, words)


def _columns(call: str, probability: str, risk: str, kind: str, words: str) -> str:
    return f"{call:<14} {probability:>6}  {risk} {kind:<34} {words}"


def live_line(level: str, probability: float, turn: Turn, lang: str = "vi", colour: bool = False) -> str:
    """One turn of a call that goes on: a bar of the probability, the level, who speaks and what."""
    said = messages(lang)
    filled = round(probability * BAR)
    bar = "█" * filled + "░" * (BAR - filled)
    risk = f"{bar} {probability:>4.0%} {said['risks'][level]:<12}"
    if colour:
        risk = f"{_RISK_COLOURS[level]}{risk}{_RESET}"
    speaker = f"{said['speakers'][turn.speaker]}: " if turn.speaker else ""
    return f"{risk} {speaker}{turn.text}"


def alert(verdict: Verdict, lang: str = "vi") -> str:
    """What is said when a call raises the alert: why, and what to do."""
    lines = [f">>> {_headline(verdict, lang)}", *verdict.reasons(lang), *verdict.advice(lang)]
    return "\n    ".join(lines)
