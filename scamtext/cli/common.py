"""What the commands share: options, readable errors, and reading labelled data."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from scamtext.errors import ScamtextError

if TYPE_CHECKING:
    from scamtext.evaluation.corpus import LabelledCall

MODEL = click.option("--model", type=click.Path(), help="Model folder; the shipped model without it.")
LANG = click.option("--lang", type=click.Choice(["vi", "en"]), default="vi", help="Language of reasons and advice.")
SPLIT = click.option(
    "--split", type=click.Path(exists=True, dir_okay=False), help="JSON file that names the test authors."
)


class Group(click.Group):
    """Turns our own errors into one line on stderr and exit code 2."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command, catching what is meant for people."""
        try:
            return super().invoke(ctx)
        except ScamtextError as error:
            click.echo(f"scamtext: {error}", err=True)
            ctx.exit(2)
        except BrokenPipeError:
            sys.stderr.close()  # whoever read stdout has gone; nothing more to say
            ctx.exit(0)


def read_part(data: tuple[str, ...], split: str | None, part: str) -> list[LabelledCall]:
    """Return the labelled calls of `data`, or one part of their split."""
    from scamtext.evaluation.corpus import read_corpus, split_calls

    if split is None and part == "test":
        raise click.UsageError("--part test needs --split")
    calls = read_corpus(*data)
    if split is None:
        return calls
    return split_calls(calls, Path(split), part)
