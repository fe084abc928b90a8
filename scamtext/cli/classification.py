"""Commands that classify calls and show the results."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from scamtext.cli.common import LANG, MODEL
from scamtext.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from scamtext.io.formats import Options
    from scamtext.serving.batch import Counts

WORTH_A_PROCESS = 4 << 20  # bytes of input, some seconds of work


@click.command()
@click.argument("inputs", nargs=-1, required=True)
@click.option("-o", "--output", default="-", help="Output .jsonl, .csv or .parquet; - is stdout.")
@click.option("--text", default="text", show_default=True, help="Field that holds the transcript.")
@click.option("--id", default="id", show_default=True, help="Field that holds the call's id.")
@click.option("--encoding", default="utf-8-sig", show_default=True, help="Encoding of CSV, TSV and text files.")
@click.option("--caller", help="Speaker label of the caller in WhisperX JSON (SPEAKER_00); the others are callees.")
@click.option("--workers", type=click.IntRange(1), help="Processes; one on each core for much input.")
@click.option("--resume", is_flag=True, help="Resume a run that was stopped.")
@click.option("--full", is_flag=True, help="Also write each call's turns and all evidence, for the report.")
@click.option("--redact", is_flag=True, help="Mask numbers and names of persons in what is written.")
@click.option("--table", is_flag=True, help="Print a table for people instead of records.")
@LANG
@MODEL
def classify(
    inputs: tuple[str, ...],
    output: str,
    workers: int | None,
    resume: bool,
    full: bool,
    redact: bool,
    table: bool,
    lang: str,
    model: str | None,
    **options: Any,
) -> None:
    """Classify the calls of INPUTS, one record a call, in input order.

    INPUTS are files, folders and patterns: .csv, .tsv, .jsonl, .parquet (many calls), .txt, .srt, .vtt,
    Whisper or WhisperX .json (one call), all but Parquet also gzipped, or - for JSON lines on stdin.
    """
    from scamtext.io.formats import Options
    from scamtext.persistence.model_folder import load
    from scamtext.serving.batch import Style, classify_files

    _check_encoding(options["encoding"])
    if table and (output != "-" or full or resume):
        raise click.UsageError("--table prints to the terminal; leave out -o, --full and --resume")
    reading, classifier = Options(**options), load(model)
    if table:
        sys.exit(1 if _print_table(classifier, inputs, reading, lang, redact) else 0)
    with _progress_bar() as progress:
        counts = classify_files(
            classifier,
            inputs,
            output,
            options=reading,
            style=Style(lang, redact, full),
            workers=workers or _workers(inputs),
            resume=resume,
            progress=progress,
        )
    _print_counts(counts)
    sys.exit(1 if counts["label"]["error"] else 0)


@contextmanager
def _progress_bar() -> Iterator[Callable[[int, int, int], None]]:
    """A bar on stderr, and the function that moves it: records done, bytes read, bytes in all."""
    from tqdm import tqdm

    with tqdm(
        unit="B", file=sys.stderr, disable=None, bar_format="{l_bar}{bar}|{postfix} [{elapsed}<{remaining}]"
    ) as bar:

        def progress(records: int, read: int, size: int) -> None:
            rate = records / max(bar.format_dict["elapsed"], 1e-3)
            bar.total, bar.n = size, read
            bar.set_postfix_str(f"{records:,} calls, {rate:,.0f}/s", refresh=False)
            bar.update(0)

        yield progress


def _print_counts(counts: Counts) -> None:
    labels = {("set aside" if label == "error" else label): count for label, count in counts["label"].items()}
    click.echo(f"{sum(labels.values()):,} records: {_format_counts(labels)}", err=True)
    for title, found in (("risk", counts["risk"]), ("type", counts["scam_type"])):
        if found:
            click.echo(f"{title}: {_format_counts(found)}", err=True)


def _workers(inputs: tuple[str, ...]) -> int:
    """A process on each core, but none for less input than it takes to start one."""
    import joblib

    from scamtext.io.readers import STDIN, find_files

    size = sum(Path(file).stat().st_size for file in find_files(inputs) if file != STDIN and Path(file).is_file())
    return max(1, min(int(joblib.cpu_count()), size // WORTH_A_PROCESS))


def _format_counts(counts: Mapping[str, int]) -> str:
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


@click.command()
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


@click.command()
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
