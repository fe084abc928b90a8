"""Turns of many calls at once, as JSON lines, and what their monitors have to say."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from scamtext.errors import DataError, shown
from scamtext.labels import LOW
from scamtext.monitor import CallMonitor, raised_by
from scamtext.verdict.results import Verdict

if TYPE_CHECKING:
    from scamtext.classifier import ScamClassifier

OPEN_CALLS = 10_000  # at most; when more are open, the one that has been silent longest is taken as over


def watch_lines(classifier: ScamClassifier, lines: Iterable[bytes | str], lang: str = "vi") -> Iterator[dict[str, Any]]:
    """A record for every change of a call's level, for every call that is over, and for every line of no use.

    Parameters
    ----------
    lines : JSON objects: {"call_id", "speaker", "text"} for the next turn of a call, with "turn" (a
        number from 0) to correct a turn that was heard; "end": true ends the call, after that turn
        if there is one. When the lines end, all calls are over.
    """
    monitors: dict[str, CallMonitor] = {}
    for number, line in enumerate(lines, 1):
        call_id = None
        try:
            item = _parse(line)
            if item is not None:
                call_id = str(item["call_id"])
                yield from _hear(classifier, monitors, call_id, item, lang)
        except DataError as error:
            yield {"line": number, "call_id": call_id, "error": str(error)}
        if len(monitors) > OPEN_CALLS:
            yield _finish(monitors, next(iter(monitors)), lang)
    for call_id in list(monitors):
        yield _finish(monitors, call_id, lang)


def _parse(line: bytes | str) -> dict[str, Any] | None:
    """What a line says; None for an empty one."""
    try:
        text = line.decode("utf-8-sig") if isinstance(line, bytes) else line
        item = json.loads(text) if text.strip() else None
    except (ValueError, RecursionError) as error:
        raise DataError(f"not JSON in UTF-8: {error}") from error
    if item is not None and (not isinstance(item, dict) or type(item.get("call_id")) not in (str, int)):
        raise DataError('expected an object with "call_id" (text or a number)')
    return item


def _hear(
    classifier: ScamClassifier, monitors: dict[str, CallMonitor], call_id: str, item: Mapping[str, Any], lang: str
) -> Iterator[dict[str, Any]]:
    ends = item.get("end", False)
    if not isinstance(ends, bool):
        raise DataError(f'field "end": expected true or false, got {shown(ends)}')
    if "text" in item or not ends:
        monitor = monitors.get(call_id) or classifier.monitor(call_id)
        before, heard = monitor.level, len(monitor.call.turns)
        turn = heard if item.get("turn") is None else item["turn"]
        verdict = monitor.correct(turn, item)
        monitors.pop(call_id, None)
        monitors[call_id] = monitor  # now the last to be taken as over
        if monitor.level != before:
            yield _record(monitor, turn, verdict, lang)
    if ends:
        if call_id not in monitors:
            raise DataError(f"call {shown(call_id)} ends, but no turn of it has been heard")
        yield _finish(monitors, call_id, lang)


def _finish(monitors: dict[str, CallMonitor], call_id: str, lang: str) -> dict[str, Any]:
    monitor = monitors.pop(call_id)
    verdict = monitor.finish()
    return _record(monitor, len(monitor.call.turns) - 1, verdict, lang) | {"ended": True, "label": verdict.label}


def _record(monitor: CallMonitor, turn: int, verdict: Verdict, lang: str) -> dict[str, Any]:
    quotes = raised_by(verdict) if monitor.level != LOW else []
    return {
        "call_id": monitor.call.id,
        "turn": turn,
        "level": monitor.level,
        "alerted_at": monitor.alerted_at,
        "probability": round(verdict.probability, 6),
        "scam_type": verdict.scam_type,
        "raised_by": [{"kind": e.kind, "turn": e.turn, "text": e.text} for e in quotes],
        "advice": verdict.advice(lang),
    }
