"""What it takes to classify a night's calls: time, memory, and whether it can be stopped at any moment.

Run with `make bench-batch` (about forty minutes for a million calls; CALLS=20000 for a quick look). It writes the
table of benchmarks/README.md. Calls are drawn from the corpus, each with numbers of its own, so that
nothing is the same twice.
"""

import csv
import gzip
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from tqdm import tqdm

import scamtext
from scamtext.evaluation.corpus import read_corpus
from scamtext.io.readers import read_calls
from scamtext.serving.batch import classify_files

HERE = Path(__file__).parent
PAGE = HERE / "README.md"
BEGIN, END = "<!-- begin: written by benchmarks/batch.py -->", "<!-- end of batch -->"
KILLS = 20
LITTLE = 20_000  # calls for what needs no million
GARBAGE = 2 << 30  # bytes
GOOD = "alo anh ơi em giao hàng tới cổng rồi"


def main() -> None:
    """Measure everything and write the page."""
    calls = int(sys.argv[1])
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        much, little = folder / "calls.csv", folder / "little.csv"
        write_calls(much, calls)
        write_calls(little, LITTLE)
        lines = [
            f"{calls:,} calls in a CSV of {much.stat().st_size / 1e9:.2f} GB, two cores",
            "",
            "| workers | minutes | calls a second | peak MB, parent | peak MB, largest worker |",
            "|---|---|---|---|---|",
        ]
        seconds = {}
        for workers in (1, 2):
            output = folder / f"{workers}.jsonl"
            seconds[workers], parent, worker, _ = run([much], output, workers)
            rate = calls / seconds[workers]
            lines.append(f"| {workers} | {seconds[workers] / 60:.1f} | {rate:,.0f} | {parent:.0f} | {worker:.0f} |")
        same = (folder / "1.jsonl").read_bytes() == (folder / "2.jsonl").read_bytes()
        much.unlink()
        garbage, code, records, peak = throw_garbage(folder / "garbage", folder / "garbage.jsonl")
        lines += [
            "",
            f"- Two workers are {seconds[1] / seconds[2]:.2f} times as fast as one; the outputs are "
            f"{'the same, byte by byte' if same else 'DIFFERENT'}.",
            f"- Reading and writing add {overhead(little, folder / 'out.jsonl'):.1%} to the time of classifying.",
            f"- {stop_and_go(little, folder / 'stopped.jsonl')}",
            f"- 2 GB of garbage (random bytes, cut gzip, lines of 50 MB, 10,000 columns): {garbage:.0f} s, "
            f"exit code {code}, {records:,} records, peak {peak:.0f} MB.",
        ]
    page = PAGE.read_text(encoding="utf-8")
    head, tail = page[: page.index(BEGIN)], page[page.index(END) :]
    PAGE.write_text("\n".join([head + BEGIN, *lines, tail]), encoding="utf-8")
    print("\n".join(lines))


def write_calls(path: Path, count: int) -> None:
    """Calls drawn from the corpus."""
    texts = [item.call.text for item in read_corpus(HERE.parent / "data" / "transcripts")]
    chance = random.Random(0)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "text"])
        for number in tqdm(range(count), desc=path.name):
            own = f" {chance.randrange(10**9):09d} xq{chance.randrange(10**6)}"
            writer.writerow([number, chance.choice(texts) + own])


def command(inputs: list[Path], output: Path, workers: int) -> list[str]:
    """The command line that classifies files."""
    scamtext_command = str(Path(sys.executable).with_name("scamtext"))
    return [scamtext_command, "classify", *map(str, inputs), "-o", str(output), "--workers", str(workers), "--resume"]


def run(inputs: list[Path], output: Path, workers: int) -> tuple[float, float, float, int]:
    """Seconds, peak memory in MB of the process itself and of its largest child, exit code."""
    start, parent, child = time.perf_counter(), 0.0, 0.0
    process = subprocess.Popen(command(inputs, output, workers), stderr=subprocess.DEVNULL)
    while process.poll() is None:
        parent = max(parent, memory(process.pid))
        child = max([child, *map(memory, children(process.pid))])
        time.sleep(0.2)
    return time.perf_counter() - start, parent, child, process.returncode


def children(pid: int) -> list[int]:
    """The processes that a process has started."""
    try:
        return list(map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split()))
    except OSError:
        return []


def memory(pid: int) -> float:
    """Resident memory of a process, in MB."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0.0
    return sum(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS"))


def overhead(source: Path, output: Path) -> float:
    """What reading and writing add to the time that it takes to classify calls that are in memory."""
    classifier = scamtext.load()
    calls = list(read_calls(str(source)))
    shares = []
    for _ in range(3):
        start = time.perf_counter()
        for verdict in classifier.classify_many(calls):
            verdict.to_record()
        between = time.perf_counter()
        classify_files(classifier, [str(source)], str(output))
        shares.append((time.perf_counter() - between) / (between - start) - 1)
    return sorted(shares)[1]


def stop_and_go(source: Path, output: Path) -> str:
    """Kill a run again and again, go on with it, and compare what comes of it."""
    undisturbed = output.with_name("undisturbed.jsonl")
    seconds, *_ = run([source], undisturbed, 2)
    chance, kills = random.Random(0), 0
    while kills < KILLS and not output.exists():
        process = subprocess.Popen(command([source], output, 2), stderr=subprocess.DEVNULL, start_new_session=True)
        time.sleep(chance.uniform(0, 2 * seconds / KILLS + 2))
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        kills += 1
    run([source], output, 2)
    same = output.read_bytes() == undisturbed.read_bytes()
    return f"Killed {kills} times at random moments and gone on with: {'the same' if same else 'OTHER'} bytes."


def throw_garbage(folder: Path, output: Path) -> tuple[float, int, int, float]:
    """Seconds, exit code, records and peak memory in MB for files of no use, and one that is."""
    folder.mkdir()
    for number, content in enumerate(tqdm(garbage(), desc="garbage")):
        (folder / f"{number:03d}{content[0]}").write_bytes(content[1])
    (folder / "zz.txt").write_text(GOOD, encoding="utf-8")
    seconds, parent, child, code = run([folder], output, 2)
    with output.open(encoding="utf-8") as lines:
        records = [json.loads(line) for line in lines]
    if "label" not in records[-1]:
        raise SystemExit("the good call at the end of the garbage was not classified")
    return seconds, code, len(records), max(parent, child)


def garbage() -> Iterator[tuple[str, bytes]]:
    """Suffixes and contents."""
    chance, size = np.random.default_rng(0), 0
    row = ("," * 10_000 + GOOD + "\n").encode()
    while size < GARBAGE:
        noise = chance.bytes(50 << 20)
        for suffix, content in (
            (".csv", noise),
            (".csv", b"id,text\n" + noise.replace(b"\0", b"x")),
            (".jsonl", noise.replace(b"\0", b"x")),
            (".parquet", noise[: 10 << 20]),
            (".json", noise[: 10 << 20]),
            (".srt", noise[: 10 << 20]),
            (".txt", noise[: 10 << 20]),
            (".csv.gz", gzip.compress(b"id,text\n" + f"1,{GOOD}\n".encode() * 100_000 + noise, 1)[: 40 << 20]),
            (".jsonl", b'{"text": "' + b"a " * (25 << 20) + b'"}\n{"text": "' + GOOD.encode() + b'"}\n'),
            (".csv", f"{','.join(map(str, range(10_000)))},text\n".encode() + row * 1_000),
            (".tsv", b'id\ttext\n1\t"' + f"{GOOD}\n".encode() * 1_000_000),
        ):
            size += len(content)
            yield suffix, content


if __name__ == "__main__":
    main()
