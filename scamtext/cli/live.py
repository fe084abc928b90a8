"""The command that follows calls while they go on."""

from __future__ import annotations

import json
import sys
from typing import Any

import click

from scamtext.cli.common import LANG, MODEL


@click.command()
@click.option("--replay", type=click.Path(exists=True), help="Play the calls of this file, for a person to watch.")
@click.option("--speed", type=click.IntRange(1), default=250, show_default=True, help="Syllables a minute of --replay.")
@LANG
@MODEL
def monitor(replay: str | None, speed: int, lang: str, model: str | None) -> None:
    """Follow calls while they go on: JSON lines on stdin, records on stdout.

    A line is {"call_id": "c1", "speaker": "caller", "text": "..."}; with "turn": 3 it corrects that
    turn (from 0); with "end": true the call is over. A record comes for every change of level, for
    every call that is over, and for every line of no use (then the exit code is 1).
    """
    from scamtext.persistence.model_folder import load
    from scamtext.serving.streaming import watch_lines

    classifier = load(model)
    if replay:
        _replay(classifier, replay, speed, lang)
        return
    unusable = 0
    for record in watch_lines(classifier, sys.stdin.buffer, lang):
        unusable += "error" in record
        click.echo(json.dumps(record, ensure_ascii=False))
        sys.stdout.flush()
    sys.exit(1 if unusable else 0)


def _replay(classifier: Any, path: str, speed: int, lang: str) -> None:
    """Show every turn as it is spoken, the risk beside it, and the alert when it comes."""
    from time import sleep

    from scamtext.io.formats import Rejected
    from scamtext.io.readers import read_calls
    from scamtext.labels import HIGH
    from scamtext.verdict.rendering import alert, live_line

    for call in read_calls(path):
        if isinstance(call, Rejected):
            click.echo(call.error, err=True)
            continue
        monitor = classifier.monitor(call.id)
        click.echo(f"\n{call.id or path}")
        for number, turn in enumerate(call.in_pieces().turns):
            sleep(len(turn.text.split()) / speed * 60)
            verdict = monitor.update(turn)
            click.echo(live_line(monitor.level, verdict.probability, turn, lang, sys.stdout.isatty()), color=True)
            if monitor.alerted_at == number:
                click.echo(alert(verdict, lang), color=True)
        if monitor.level != HIGH and (verdict := monitor.finish()).risk == HIGH:
            click.echo(alert(verdict, lang), color=True)
