"""The `scamtext` command. Results go to stdout, progress and messages to stderr.

Exit codes: 0 done, 1 done but some records were set aside, 2 usage, data or model error.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from scamtext import __version__
from scamtext.errors import DataError, ScamtextError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scamtext.evaluation.corpus import LabelledCall
    from scamtext.io.formats import Options

WORTH_A_PROCESS = 4 << 20  # bytes of input, some seconds of work

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


@click.group(cls=Group)
@click.version_option(__version__)
def main() -> None:
    """Say whether Vietnamese phone-call transcripts are scams, which kind, how sure, and why."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")


@main.command()
@click.argument("inputs", nargs=-1, required=True)
@click.option("-o", "--output", default="-", help="Output .jsonl, .csv or .parquet; - is stdout.")
@click.option("--text", default="text", show_default=True, help="Field that holds the transcript.")
@click.option("--id", "identifier", default="id", show_default=True, help="Field that holds the call's id.")
@click.option("--encoding", default="utf-8-sig", show_default=True, help="Encoding of CSV, TSV and text files.")
@click.option("--caller", help="Speaker label of the caller in WhisperX JSON (SPEAKER_00); the others are callees.")
@click.option("--workers", type=click.IntRange(1), help="Processes; one on each core for much input.")
@click.option("--resume", is_flag=True, help="Go on with a run that was stopped.")
@click.option("--full", is_flag=True, help="Also write each call's turns and all evidence, for the report.")
@click.option("--redact", is_flag=True, help="Mask numbers and names of persons in what is written.")
@click.option("--table", is_flag=True, help="Print a table for people instead of records.")
@LANG
@MODEL
def classify(
    inputs: tuple[str, ...],
    output: str,
    text: str,
    identifier: str,
    encoding: str,
    caller: str | None,
    workers: int | None,
    resume: bool,
    full: bool,
    redact: bool,
    table: bool,
    lang: str,
    model: str | None,
) -> None:
    """Classify the calls of INPUTS, one record a call, in input order.

    INPUTS are files, folders and patterns: .csv, .tsv, .jsonl, .parquet (many calls), .txt, .srt, .vtt,
    Whisper or WhisperX .json (one call), all but Parquet also gzipped, or - for JSON lines on stdin.
    """
    from tqdm import tqdm

    from scamtext.io.formats import Options
    from scamtext.persistence.model_folder import load
    from scamtext.serving.batch import Style, classify_files

    _check_encoding(encoding)
    if table and (output != "-" or full or resume):
        raise click.UsageError("--table prints to the terminal; leave out -o, --full and --resume")
    options = Options(text, identifier, encoding, caller)
    classifier = load(model)
    if table:
        sys.exit(1 if _print_table(classifier, inputs, options, lang, redact) else 0)
    with tqdm(
        unit="B", file=sys.stderr, disable=None, bar_format="{l_bar}{bar}|{postfix} [{elapsed}<{remaining}]"
    ) as bar:

        def progress(records: int, read: int, size: int) -> None:
            rate = records / max(bar.format_dict["elapsed"], 1e-3)
            bar.total, bar.n = size, read
            bar.set_postfix_str(f"{records:,} calls, {rate:,.0f}/s", refresh=False)
            bar.update(0)

        counts = classify_files(
            classifier,
            inputs,
            output,
            options=options,
            style=Style(lang, redact, full),
            workers=workers or _workers(inputs),
            resume=resume,
            progress=progress,
        )
    labels = {("set aside" if label == "error" else label): count for label, count in counts["label"].items()}
    click.echo(f"{sum(labels.values()):,} records: {_told(labels)}", err=True)
    for title, found in (("risk", counts["risk"]), ("type", counts["scam_type"])):
        if found:
            click.echo(f"{title}: {_told(found)}", err=True)
    sys.exit(1 if counts["label"]["error"] else 0)


def _workers(inputs: tuple[str, ...]) -> int:
    """A process on each core, but none for less input than it takes to start one."""
    import joblib

    from scamtext.io.readers import STDIN, find_files

    size = sum(Path(file).stat().st_size for file in find_files(inputs) if file != STDIN and Path(file).is_file())
    return max(1, min(int(joblib.cpu_count()), size // WORTH_A_PROCESS))


def _told(counts: Mapping[str, int]) -> str:
    return ", ".join(
        f"{count:,} {name}" for name, count in sorted(counts.items(), key=lambda item: (-item[1], item[0])) if count
    )


def _check_encoding(encoding: str) -> None:
    try:
        "".encode(encoding)
    except LookupError as error:
        raise DataError(f"--encoding {encoding}: no such encoding") from error


def _print_table(classifier: Any, inputs: tuple[str, ...], options: Options, lang: str, redact: bool) -> int:
    """Print a line a call; returns how many records were set aside."""
    from scamtext.io.formats import Rejected
    from scamtext.io.readers import find_files, read_calls
    from scamtext.verdict.rendering import table_head, table_row

    set_aside = 0
    click.echo(table_head(lang))
    for item in (item for file in find_files(inputs) for item in read_calls(file, options)):
        if isinstance(item, Rejected):
            set_aside += 1
            click.echo(item.error, err=True)
        else:
            verdict = classifier.classify(item)
            click.echo(table_row(verdict.redacted() if redact else verdict, lang, sys.stdout.isatty()))
    return set_aside


@main.command()
@click.argument("source", type=click.Path(exists=True, dir_okay=False))
@click.option("-o", "--output", required=True, type=click.Path(dir_okay=False), help="Page to write (.html).")
@click.option("--redact", is_flag=True, help="Mask numbers and names of persons.")
@LANG
def report(source: str, output: str, redact: bool, lang: str) -> None:
    """Make a page of what classify wrote to SOURCE (.jsonl): totals, filters, every call with its evidence.

    Calls are shown in whole if they were classified with --full.
    """
    from scamtext.verdict.report import write_report

    count = write_report(source, output, lang, redact)
    click.echo(f"{output}: {count:,} records", err=True)


@main.command()
@click.argument("text")
@click.option("--colour/--no-colour", default=None, help="Mark evidence with colours; by default on a terminal.")
@LANG
@MODEL
def check(text: str, colour: bool | None, lang: str, model: str | None) -> None:
    """Judge one transcript, for a person to read. TEXT may say who speaks: "Người gọi: ..."."""
    from scamtext.calls import Call
    from scamtext.io.formats import plain_text
    from scamtext.persistence.model_folder import load
    from scamtext.verdict.rendering import to_text

    if not text.strip():
        raise DataError("the text is empty; give the transcript as one argument")
    verdict = load(model).classify(Call(tuple(plain_text(text))))
    click.echo(to_text(verdict, lang, sys.stdout.isatty() if colour is None else colour), color=True)


@main.command()
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

    calls = _read_part(data, split, "train")
    with joblib.parallel_config(n_jobs=-1):
        recipe = ScamClassifier(lexicons=lexicons)
        if false_alarms is not None:
            recipe.set_params(false_alarms=false_alarms)
        classifier = fit(recipe, calls, tokenise(calls, lexicons))
    about = {"data": {"calls": len(calls), "scams": sum(c.is_scam for c in calls), "digest": digest(calls)}}
    save(classifier, output, about)
    click.echo(f"{output}: trained on {len(calls)} calls", err=True)


@main.command()
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
    calls = _read_part(data, split, part)
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


@main.command()
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
    calls = _read_part(data, split, "test" if split else "all")
    with joblib.parallel_config(n_jobs=-1):
        result, _ = measure(load(model), calls, live=True)
    if pin:
        pinned.pin(result, digest(calls), Path(floors), lower)
        click.echo(f"{floors}: floors pinned", err=True)
    else:
        count = pinned.check(result, digest(calls), Path(floors))
        click.echo(f"{count} floors met on {len(calls)} calls", err=True)


@main.command()
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


@main.group()
def corpus() -> None:
    """Work on labelled calls."""


@corpus.command("check")
@click.argument("data", nargs=-1, required=True)
def check_corpus(data: tuple[str, ...]) -> None:
    """Check labelled calls, of all formats that train reads: list every fault with its place, or count them."""
    from scamtext.evaluation.corpus import counts, read_corpus

    click.echo(counts(read_corpus(*data)))


def _read_part(data: tuple[str, ...], split: str | None, part: str) -> list[LabelledCall]:
    from scamtext.evaluation.corpus import read_corpus, split_calls

    if split is None and part == "test":
        raise click.UsageError("--part test needs --split")
    calls = read_corpus(*data)
    if split is None:
        return calls
    return split_calls(calls, Path(split), part)
