"""The command that trains a model."""

from __future__ import annotations

import click

from scamtext.cli.common import SPLIT, read_part


@click.command()
@click.argument("data", nargs=-1, required=True)
@click.option("-o", "--output", required=True, type=click.Path(file_okay=False), help="Model folder to write.")
@click.option("--false-alarms", type=click.FloatRange(0, 1), help="Share of honest calls that may be labelled scam.")
@click.option("--lexicons", type=click.Path(exists=True, file_okay=False), help="Folder of cue phrases of your own.")
@SPLIT
def train(
    data: tuple[str, ...], output: str, false_alarms: float | None, lexicons: str | None, split: str | None
) -> None:
    """Train on labelled calls and write a model folder.

    DATA are files or folders: tables (.csv, .tsv, .parquet) with text and label, .jsonl (also doccano's), Label
    Studio's .json, and what classify --full wrote with a column "reviewed" (right, not a scam, missed).
    """
    import joblib

    from scamtext.classifier import ScamClassifier
    from scamtext.evaluation.corpus import digest
    from scamtext.evaluation.evaluate import fit, tokenise
    from scamtext.persistence.model_folder import save

    calls = read_part(data, split, "train")
    with joblib.parallel_config(n_jobs=-1):
        recipe = ScamClassifier(lexicons=lexicons)
        if false_alarms is not None:
            recipe.set_params(false_alarms=false_alarms)
        classifier = fit(recipe, calls, tokenise(calls, lexicons))
    about = {"data": {"calls": len(calls), "scams": sum(c.is_scam for c in calls), "digest": digest(calls)}}
    save(classifier, output, about)
    click.echo(f"{output}: trained on {len(calls)} calls", err=True)
