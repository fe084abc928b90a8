"""Turns of many calls at once, as JSON lines, and what their monitors have to say."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from scamtext.errors import DataError
from scamtext.monitor import CallMonitor, raised_by
from scamtext.results import Verdict

if TYPE_CHECKING:
    from scamtext.model import ScamClassifier

OPEN_CALLS = 10_000  # at most; when more are open, the one that has been silent longest is taken as over


def watch_lines(classifier: ScamClassifier, lines: Iterable[str], lang: str = "vi") -> Iterator[dict[str, Any]]:
    """A record for every change of a call's level, and for every line that cannot be used.

    Parameters
    ----------
    lines : JSON objects: {"call_id", "speaker", "text"} for the next turn of a call, with "turn" (a
        number from 0) to correct a turn that was heard, or {"call_id", "end": true}. When the lines
        end, all calls are over.
    """
    monitors: dict[str, CallMonitor] = {}
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            item = _parse(line)
            yield from _hear(classifier, monitors, item, lang)
        except DataError as error:
            yield {"line": number, "error": str(error)}
        if len(monitors) > OPEN_CALLS:
            yield from _finish(monitors, next(iter(monitors)), lang)
    for call_id in list(monitors):
        yield from _finish(monitors, call_id, lang)


def _parse(line: str) -> dict[str, Any]:
    try:
        item = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise DataError(f"not JSON: {error}") from error
    if not isinstance(item, dict) or not isinstance(item.get("call_id"), (str, int)):
        raise DataError('expected an object with "call_id" (text or a number)')
    return item


def _hear(
    classifier: ScamClassifier, monitors: dict[str, CallMonitor], item: Mapping[str, Any], lang: str
) -> Iterator[dict[str, Any]]:
    call_id = str(item["call_id"])
    if item.get("end"):
        if call_id not in monitors:
            raise DataError(f"call {call_id!r} ends, but no turn of it has been heard")
        yield from _finish(monitors, call_id, lang)
        return
    monitor = monitors.get(call_id) or classifier.monitor(call_id)
    before, heard = monitor.level, len(monitor.call.turns)
    turn = heard if item.get("turn") is None else item["turn"]
    verdict = monitor.correct(turn, item)
    monitors.pop(call_id, None)
    monitors[call_id] = monitor  # now the last to be taken as over
    if monitor.level != before:
        yield _event(monitor, turn, verdict, lang)


def _finish(monitors: dict[str, CallMonitor], call_id: str, lang: str) -> Iterator[dict[str, Any]]:
    monitor = monitors.pop(call_id)
    before = monitor.level
    verdict = monitor.finish()
    if monitor.level != before:
        yield _event(monitor, len(monitor.call.turns) - 1, verdict, lang)


def _event(monitor: CallMonitor, turn: int, verdict: Verdict, lang: str) -> dict[str, Any]:
    return {
        "call_id": monitor.call.id,
        "turn": turn,
        "level": monitor.level,
        "probability": round(verdict.probability, 6),
        "scam_type": verdict.scam_type,
        "raised_by": [{"kind": e.kind, "turn": e.turn, "text": e.text} for e in raised_by(verdict)],
        "advice": verdict.advice(lang),
    }
