"""Files in, one file of verdicts out: in input order, bad records set aside, whole or not at all."""

from __future__ import annotations

import hashlib
import json
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import BrokenExecutor
from dataclasses import asdict
from functools import lru_cache, partial
from itertools import chain, islice
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from scamtext import __version__
from scamtext.calls import Call
from scamtext.errors import DataError
from scamtext.io.formats import Options, Record, Rejected
from scamtext.io.readers import STDIN, Position, find_files, read_records, to_call
from scamtext.io.writers import WRITTEN, converter
from scamtext.persistence.model_folder import FITTED, META, load
from scamtext.serving.checkpoint import RESUME, Journal
from scamtext.verdict.results import Verdict

if TYPE_CHECKING:
    from scamtext.classifier import ScamClassifier

FIELDS = ("id", "label", "probability", "risk", "scam_type", "cues", "reasons", "error")
FULL = ("turns", "evidence")  # also, if everything is asked for
CHUNK = 512  # records that a worker gets at a time
SAFE_AFTER = 1.0  # seconds of work that may be lost
COUNTED = ("label", "risk", "scam_type")

Counts = dict[str, Counter[str]]


class Style(NamedTuple):
    """What is written of each call: the language of its reasons, masked or not, and how much."""

    lang: str = "vi"
    redact: bool = False
    full: bool = False


class Done(NamedTuple):
    """A chunk of records, classified: lines of JSON, how many, and how many of each label, risk and type."""

    lines: bytes
    records: int
    counts: Counts


def classify_files(
    classifier: ScamClassifier,
    paths: Iterable[str],
    output: str = STDIN,
    *,
    options: Options | None = None,
    style: Style | None = None,
    workers: int | None = 1,
    resume: bool = False,
    progress: Callable[[int, int, int], None] = lambda records, read, size: None,  # noqa: ARG005
) -> Counts:
    """Classify files into one output, and count labels ("error" for records set aside), risks and types.

    Parameters
    ----------
    paths : input files, folders and patterns (`readers.find_files`); "-" is standard input.
    output : .jsonl, .csv or .parquet; "-" writes JSON lines to standard output.
    workers : processes, -1 for all cores; None leaves it to `joblib.parallel_config` (loky, Dask, Ray).
    resume : resume a run that was stopped.
    progress : called after each chunk with records done, bytes read and total bytes.

    Raises
    ------
    DataError : the only input cannot be read at all, the output is one of the inputs, or the disk is full.
    """
    options, style, files = options or Options(), style or Style(), find_files(paths)
    _refuse_overwrite(files, output, resume)
    convert = converter(Path(output), (*FIELDS, *FULL) if style.full else FIELDS)
    position, counts = Position(), {name: Counter[str]() for name in COUNTED}
    records, size = _read_files(files, options, position), sum(map(_size_of, files))
    with tempfile.TemporaryDirectory() as folder:
        classified = partial(_classified, _Shared(classifier, Path(folder)), options, style, workers)
        if output == STDIN:
            _print(classified(records), counts)
            return counts
        with Journal(Path(output), _terms(classifier, files, options, style), resume) as journal:
            chunks = classified(islice(records, journal.records, None))
            _write(journal, chunks, counts, lambda done: progress(done, position.bytes, size))
            journal.finish(convert)
    return counts


def _size_of(file: str) -> int:
    return Path(file).stat().st_size if Path(file).is_file() else 0


def _print(chunks: Iterable[Done], counts: Counts) -> None:
    """Write classified chunks to standard output as they come."""
    for done in chunks:
        sys.stdout.buffer.write(done.lines)
        sys.stdout.buffer.flush()
        _add(counts, done.counts)


def _write(journal: Journal, chunks: Iterable[Done], counts: Counts, progress: Callable[[int], None]) -> None:
    """Append classified chunks to the journal, and commit it every `SAFE_AFTER` seconds and at the end."""
    _add(counts, journal.state)
    safe = monotonic()
    for done in chunks:
        journal.append(done.lines, done.records)
        _add(counts, done.counts)
        if monotonic() - safe >= SAFE_AFTER:
            journal.commit(counts)
            safe = monotonic()
        progress(journal.records)
    journal.commit(counts)


class _Shared:
    """A classifier that is sent to other processes as its folder, and read there once.

    Parameters
    ----------
    folder : where one that has no model folder can be put for them.
    """

    def __init__(self, classifier: ScamClassifier, folder: Path) -> None:
        self.classifier, self._folder = classifier, folder

    def __reduce__(self) -> tuple[Any, ...]:
        path, fitted = self.classifier.folder_, {name: getattr(self.classifier, name) for name in FITTED}
        if path is None or not (path / META).is_file():
            path = self._folder / "classifier.joblib"
            if not path.exists():
                import joblib

                joblib.dump(self.classifier, path)
        return _read_shared, (path, *fitted.values(), *self.classifier.cue_thresholds_.ravel().tolist())


@lru_cache(maxsize=1)
def _read_shared(path: Path, *fitted: float) -> _Shared:
    """The classifier in a folder, with thresholds as they are now."""
    classifier = load(path, trusted=True)  # a .joblib file is from this run
    for name, value in zip(FITTED, fitted, strict=False):
        setattr(classifier, name, value)
    classifier.cue_thresholds_ = np.array(fitted[len(FITTED) :]).reshape(2, -1)
    return _Shared(classifier, path)


def _classified(
    shared: _Shared, options: Options, style: Style, workers: int | None, records: Iterator[Record]
) -> Iterator[Done]:
    """Chunks of records, classified, in their order."""
    chunks = iter(lambda: list(islice(records, CHUNK)), [])
    first = next(chunks, None)  # an input that cannot be read at all fails here, not in a thread of joblib
    if first is None:
        return
    chunks = chain([first], chunks)
    if workers == 1:
        yield from (_classify(shared, chunk, options, style) for chunk in chunks)
        return
    import joblib

    faults: list[Exception] = []
    parallel = joblib.Parallel(n_jobs=workers, return_as="generator", batch_size=1)
    try:
        yield from parallel(
            joblib.delayed(_classify)(shared, chunk, options, style) for chunk in _until_fault(chunks, faults)
        )
    except BrokenExecutor as error:
        raise DataError(f"a worker process died, perhaps for want of memory; {RESUME}, or fewer --workers") from error
    if faults:
        raise faults[0]


def _until_fault(chunks: Iterator[list[Record]], faults: list[Exception]) -> Iterator[list[Record]]:
    """Chunks up to a fault, which is kept: joblib reads them in a thread of its own, where it would be lost."""
    try:
        yield from chunks
    except Exception as error:
        faults.append(error)


def _classify(shared: _Shared, chunk: list[Record], options: Options, style: Style) -> Done:
    items = [to_call(record, options) for record in chunk]
    verdicts = shared.classifier.classify_many(item for item in items if isinstance(item, Call))
    records = [
        {"id": item.id, "error": item.error} if isinstance(item, Rejected) else _verdict_record(next(verdicts), style)
        for item in items
    ]
    # Lone surrogates of broken input are written as the JSON escapes that they came as.
    lines = [json.dumps(record, ensure_ascii=False).encode("utf-8", "backslashreplace") for record in records]
    counts = {name: Counter(str(record[name]) for record in records if record.get(name)) for name in COUNTED}
    counts["label"] += Counter(error=sum("error" in record for record in records))
    return Done(b"".join(line + b"\n" for line in lines), len(chunk), counts)


def _verdict_record(verdict: Verdict, style: Style) -> dict[str, Any]:
    verdict = verdict.redacted() if style.redact else verdict
    record = verdict.to_record(style.lang)
    if style.full:
        evidence = [item.to_dict() | {"weight": round(item.weight, 6)} for item in verdict.evidence]
        record |= {"turns": verdict.call.to_dict()["turns"], "evidence": evidence}
    return record


def _add(counts: Counts, more: Mapping[str, Mapping[str, int]]) -> None:
    for name, found in more.items():
        counts[name].update(found)


def _terms(classifier: ScamClassifier, files: list[str], options: Options, style: Style) -> dict[str, Any]:
    """What the output depends on."""
    digest = hashlib.sha256()
    for name, array in sorted(classifier.scorer_.arrays.items()):
        digest.update(name.encode() + array.tobytes())
    fitted = [getattr(classifier, name) for name in FITTED], classifier.cue_thresholds_.tolist()
    inputs = {
        file: [Path(file).stat().st_size, Path(file).stat().st_mtime_ns] for file in files if Path(file).is_file()
    }
    return {
        "the inputs": [files, inputs],
        "the options": [asdict(options), style],
        "the model": [digest.hexdigest(), fitted],
        "scamtext": __version__,
    }


def _read_files(files: list[str], options: Options, position: Position) -> Iterator[Record]:
    """All records; of several files, one that cannot be read is set aside like a record."""
    for file in files:
        try:
            yield from read_records(file, options, position)
        except DataError as error:
            if len(files) == 1:
                raise
            yield Record(file, Rejected(file, str(error)))


def _refuse_overwrite(files: Sequence[str], output: str, resume: bool) -> None:
    if resume and STDIN in (*files, output):
        raise DataError("standard input and output cannot be read or written again; --resume needs files")
    if output != STDIN and Path(output).suffix.lower() not in WRITTEN:
        found = Path(output).suffix or "a file without extension"
        raise DataError(f"{output}: I write {', '.join(WRITTEN)}, not {found}")
    for file in files:
        if STDIN not in (file, output) and Path(output).exists() and Path(output).samefile(file):
            raise DataError(f"{output}: is also an input; choose another output")
