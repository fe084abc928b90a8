"""The `scamtext` command: results go to stdout, progress and messages to stderr.

Exit codes: 0 success, 1 some records were set aside, 2 usage, data or model error.
"""

from __future__ import annotations

import sys

import click

from scamtext import __version__
from scamtext.cli.classification import check, classify, report
from scamtext.cli.common import Group
from scamtext.cli.live import monitor
from scamtext.cli.quality import corpus, evaluate, gate
from scamtext.cli.training import train


@click.group(cls=Group)
@click.version_option(__version__)
def main() -> None:
    """Say whether Vietnamese phone-call transcripts are scams, which kind, how sure, and why."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")


for command in (classify, check, report, monitor, train, evaluate, gate, corpus):
    main.add_command(command)
