"""Commands that measure a model and check labelled data."""

from __future__ import annotations

import json
from pathlib import Path

import click

from scamtext.cli.common import MODEL, SPLIT, read_part
from scamtext.errors import DataError


@click.command()
@click.argument("data", nargs=-1, required=True)
@click.option("--left-out", is_flag=True, help="Retrain with authors (and types) left out, and measure on those.")
@click.option("--part", type=click.Choice(["train", "test", "all"]), default="all", help="Part of the split.")
@click.option("--json", "json_path", type=click.Path(dir_okay=False), help="Also write the numbers here.")
@click.option("--plot", type=click.Path(dir_okay=False), help="Also draw the curves here (.png).")
@click.option("--card", help="Record the numbers in the model's card under this name, with the curves.")
@click.option("--second", type=click.Path(exists=True), help="Calls as a second reader labelled them.")
@click.option("--live", is_flag=True, help="Also measure how early the monitor warns.")
@SPLIT
@MODEL
def evaluate(
    data: tuple[str, ...],
    left_out: bool,
    live: bool,
    part: str,
    json_path: str | None,
    plot: str | None,
    card: str | None,
    second: str | None,
    split: str | None,
    model: str | None,
) -> None:
    """Measure a model on labelled calls, with exact intervals and by slice."""
    import joblib

    from scamtext.evaluation.corpus import read_corpus
    from scamtext.evaluation.evaluate import evaluate as measure
    from scamtext.evaluation.evaluation_plots import check_installed, draw
    from scamtext.evaluation.summary import summary
    from scamtext.persistence.model_card import curve_name
    from scamtext.persistence.model_folder import DEFAULT, load, record_evaluation, shipped

    for path in filter(None, (json_path, plot)):
        if not Path(path).absolute().parent.is_dir():
            raise DataError(f"{path}: there is no folder {Path(path).parent}; make it first")
    if plot or card:
        check_installed()
    calls = read_part(data, split, part)
    with joblib.parallel_config(n_jobs=-1):
        reread = read_corpus(second) if second else ()
        result, scored = measure(load(model), calls, left_out=left_out, live=live, second=reread)
    click.echo(summary(result))
    if json_path:
        Path(json_path).write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    if plot:
        draw(scored, plot, result.get("live"))
    if card:
        folder = Path(model) if model else shipped(DEFAULT)
        draw(scored, folder / curve_name(card), result.get("live"))
        record_evaluation(folder, card, result)


@click.command()
@click.argument("data", nargs=-1, required=True)
@click.option("--floors", required=True, type=click.Path(dir_okay=False), help="JSON file with the floors.")
@click.option("--pin", is_flag=True, help="Write the floors instead of checking them.")
@click.option("--lower", metavar="REASON", help="With --pin: why floors may be lowered; kept in the file.")
@SPLIT
@MODEL
def gate(
    data: tuple[str, ...], floors: str, pin: bool, lower: str | None, split: str | None, model: str | None
) -> None:
    """Fail if a model is worse on the frozen test calls than it was."""
    import joblib

    from scamtext.evaluation import quality_gate as pinned
    from scamtext.evaluation.corpus import digest
    from scamtext.evaluation.evaluate import evaluate as measure
    from scamtext.persistence.model_folder import load

    if lower and not pin:
        raise click.UsageError("--lower says why floors are pinned lower; give --pin too")
    calls = read_part(data, split, "test" if split else "all")
    with joblib.parallel_config(n_jobs=-1):
        result, _ = measure(load(model), calls, live=True)
    if pin:
        pinned.pin(result, digest(calls), Path(floors), lower)
        click.echo(f"{floors}: floors pinned", err=True)
    else:
        count = pinned.check(result, digest(calls), Path(floors))
        click.echo(f"{count} floors met on {len(calls)} calls", err=True)


@click.group()
def corpus() -> None:
    """Work on labelled calls."""


@corpus.command("check")
@click.argument("data", nargs=-1, required=True)
def check_corpus(data: tuple[str, ...]) -> None:
    """Check labelled calls, of all formats that train reads: list every fault with its place, or count them."""
    from scamtext.evaluation.corpus import counts, read_corpus

    click.echo(counts(read_corpus(*data)))
