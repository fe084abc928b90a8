"""Files in, one file out: in order, whole, the same however often it was stopped."""

import csv
import gzip
import json
import os
import random
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import joblib
import numpy as np
import pytest

import scamtext
from scamtext import Call, DataError
from scamtext.io.formats import Options
from scamtext.io.readers import MOST_CHARACTERS, read_records
from scamtext.serving import batch
from scamtext.serving.batch import Style, classify_files
from scamtext.serving.checkpoint import Journal

# A slow enough run: few records at a time, safe after each.
RUN = """
import sys
from scamtext import load
from scamtext.serving import batch
batch.CHUNK, batch.SAFE_AFTER = 16, 0.0
batch.classify_files(load(), [sys.argv[1]], sys.argv[2], workers=int(sys.argv[3]), resume=True)
"""


@pytest.fixture(scope="module")
def calls(corpus, tmp_path_factory):
    """A CSV of 1,200 calls, some of no use, and what comes of it undisturbed."""
    path = tmp_path_factory.mktemp("batch") / "calls.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "text"])
        for number, item in enumerate(corpus[:1200]):
            writer.writerow([item.call.id, item.call.text if number % 50 else ""])
    output = path.with_name("undisturbed.jsonl")
    classify_files(scamtext.load(), [str(path)], str(output))
    return path, output.read_bytes()


def left_behind(output):
    return [path.name for path in output.parent.iterdir() if path.name.startswith(f".{output.name}")]


def start(*arguments):
    run = [sys.executable, "-c", RUN, *map(str, arguments)]
    return subprocess.Popen(run, stderr=subprocess.PIPE, start_new_session=True)


def test_output_is_in_order_and_counted(calls, corpus, tmp_path, shipped):
    path, undisturbed = calls
    seen = []
    counts = classify_files(
        shipped, [str(path)], str(tmp_path / "out.jsonl"), progress=lambda *progress: seen.append(progress)
    )
    records = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [record["id"] for record in records] == [item.call.id for item in corpus[:1200]]
    assert counts["label"]["error"] == sum("error" in record for record in records) == 24
    for name in ("label", "risk", "scam_type"):
        for value in {record.get(name) for record in records} - {None}:
            assert counts[name][value] == sum(record.get(name) == value for record in records)
    assert seen[-1] == (1200, path.stat().st_size, path.stat().st_size)
    assert (tmp_path / "out.jsonl").read_bytes() == undisturbed
    assert left_behind(tmp_path / "out.jsonl") == []


def test_verdicts_are_those_of_classify(calls, shipped, corpus):
    record = json.loads(calls[1].splitlines()[7])
    assert record == shipped.classify(Call.of(corpus[7].call.text)).to_record() | {"id": corpus[7].call.id}


@pytest.mark.parametrize("suffix", [".jsonl", ".csv", ".parquet"])
def test_workers_change_nothing(calls, tmp_path, shipped, suffix):
    for workers in (1, 2):
        classify_files(shipped, [str(calls[0])], str(tmp_path / f"{workers}{suffix}"), workers=workers)
    assert (tmp_path / f"1{suffix}").read_bytes() == (tmp_path / f"2{suffix}").read_bytes()


def test_workers_have_the_thresholds_of_the_classifier(calls, tmp_path):
    classifier = scamtext.load()
    classifier.threshold_, classifier.watch_threshold_ = 0.01, 0.005
    counts = classify_files(classifier, [str(calls[0])], str(tmp_path / "a.jsonl"), workers=2)
    assert counts == classify_files(classifier, [str(calls[0])], str(tmp_path / "b.jsonl"))
    assert (tmp_path / "a.jsonl").read_bytes() == (tmp_path / "b.jsonl").read_bytes() != calls[1]


def test_workers_have_what_was_learnt_after_loading(calls, tmp_path, few):
    """Fitting a loaded classifier anew leaves its folder behind."""
    classifier = scamtext.load().set_params(folds=2, live=False)
    classifier.fit([c.call for c in few], [c.label for c in few])
    counts = classify_files(classifier, [str(calls[0])], str(tmp_path / "a.jsonl"), workers=2)
    assert counts == classify_files(classifier, [str(calls[0])], str(tmp_path / "b.jsonl"))
    assert (tmp_path / "a.jsonl").read_bytes() == (tmp_path / "b.jsonl").read_bytes() != calls[1]


def test_workers_take_a_classifier_that_has_no_folder(calls, tmp_path, fitted):
    for workers in (1, 2):
        classify_files(fitted, [str(calls[0])], str(tmp_path / f"{workers}.jsonl"), workers=workers)
    assert (tmp_path / "1.jsonl").read_bytes() == (tmp_path / "2.jsonl").read_bytes()


@pytest.mark.filterwarnings("ignore")  # of Dask's own
def test_a_dask_cluster_does_the_work(calls, tmp_path, shipped):
    distributed = pytest.importorskip("distributed", reason="pip install distributed to test on Dask")
    with (
        distributed.LocalCluster(2, threads_per_worker=1, host="127.0.0.1", dashboard_address=None) as cluster,
        distributed.Client(cluster),
        joblib.parallel_config(backend="dask"),
    ):
        classify_files(shipped, [str(calls[0])], str(tmp_path / "out.jsonl"), workers=None)
    assert (tmp_path / "out.jsonl").read_bytes() == calls[1]


@pytest.mark.parametrize(("workers", "kills"), [(1, 16), (2, 5)])
def test_a_run_killed_at_any_moment_is_gone_on_with(calls, tmp_path, workers, kills):
    path, undisturbed = calls
    output, count = tmp_path / "out.jsonl", tmp_path / ".out.jsonl.part.json"
    began = time.monotonic()
    start(path, tmp_path / "other.jsonl", workers).communicate()
    seconds = time.monotonic() - began
    moments, done = random.Random(workers), [0]
    for number in range(kills):
        run = start(path, output, workers)
        # Early ones anywhere; later ones too soon for the run to end by itself.
        time.sleep(seconds * moments.uniform(0, 1 if number < 3 else 0.6))
        os.killpg(run.pid, signal.SIGKILL)
        run.communicate()
        if output.exists():
            break
        done.append(json.loads(count.read_text())["records"] if count.exists() else 0)
    assert done == sorted(done)
    run = start(path, output, workers)
    assert (run.communicate()[1], run.returncode) == (b"", 0)
    assert output.read_bytes() == undisturbed
    assert left_behind(output) == []


def test_a_full_disk_is_told_and_the_run_gone_on_with(calls, tmp_path):
    path, undisturbed = calls
    output = tmp_path / "out.jsonl"
    code = "import resource\nresource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))\n" + RUN
    failed = subprocess.run(
        [sys.executable, "-c", code, str(path), str(output), "1"], capture_output=True, text=True, check=False
    )
    assert failed.stderr.splitlines()[-1].startswith("scamtext.errors.DataError")
    assert "--resume goes on" in failed.stderr
    assert not output.exists()
    assert start(path, output, 1).communicate()[1] == b""
    assert output.read_bytes() == undisturbed


def test_a_dead_worker_is_told(calls, tmp_path, shipped, monkeypatch):
    monkeypatch.setattr(batch, "CHUNK", 16)
    monkeypatch.setattr(batch, "SAFE_AFTER", 0.0)
    output = tmp_path / "out.jsonl"

    def kill_one(records, _read, _size):
        if records == 320:
            children = Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").read_text().split()
            workers = [int(pid) for pid in children if b"popen_loky" in Path(f"/proc/{pid}/cmdline").read_bytes()]
            os.kill(workers[0], signal.SIGKILL)

    with pytest.raises(
        DataError, match="a worker process died, perhaps for want of memory; the same command with --resume"
    ):
        classify_files(shipped, [str(calls[0])], str(output), workers=2, progress=kill_one)
    classify_files(shipped, [str(calls[0])], str(output), resume=True)
    assert output.read_bytes() == calls[1]


def stopped(path, output, classifier, monkeypatch, at=600):
    """A run that stops when so many records are done."""
    monkeypatch.setattr(batch, "CHUNK", 100)
    monkeypatch.setattr(batch, "SAFE_AFTER", 0.0)

    def stop(records, _read, _size):
        if records >= at:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        classify_files(classifier, [str(path)], str(output), progress=stop)


def test_going_on_counts_what_was_done_and_does_not_do_it_again(calls, tmp_path, shipped, monkeypatch):
    path, undisturbed = calls
    output = tmp_path / "out.jsonl"
    stopped(path, output, shipped, monkeypatch)
    seen = []
    counts = classify_files(
        shipped, [str(path)], str(output), resume=True, progress=lambda done, _read, _size: seen.append(done)
    )
    assert seen == [700, 800, 900, 1000, 1100, 1200]
    assert sum(counts["label"].values()) == 1200
    assert output.read_bytes() == undisturbed


def test_without_resume_a_run_begins_anew(calls, tmp_path, shipped, monkeypatch):
    output = tmp_path / "out.jsonl"
    stopped(calls[0], output, shipped, monkeypatch)
    seen = []
    classify_files(shipped, [str(calls[0])], str(output), progress=lambda done, _read, _size: seen.append(done))
    assert seen[0] == 100
    assert output.read_bytes() == calls[1]


@pytest.mark.parametrize("change", ["the inputs", "the options", "the model"])
def test_what_has_changed_is_not_gone_on_with(calls, tmp_path, monkeypatch, change):
    path, output, classifier = tmp_path / "in.csv", tmp_path / "out.jsonl", scamtext.load()
    path.write_bytes(calls[0].read_bytes())
    stopped(path, output, classifier, monkeypatch)
    style = Style()
    if change == "the inputs":
        path.write_bytes(path.read_bytes() + b"x,alo\n")
    elif change == "the options":
        style = Style(lang="en")
    else:
        classifier.threshold_ = 0.5
    with pytest.raises(DataError, match=f"changed since the run stopped: {change}; run without --resume"):
        classify_files(classifier, [str(path)], str(output), resume=True, style=style)


@pytest.mark.parametrize("fault", ["cut short", "no number", "no part"])
def test_damaged_traces_of_a_run(calls, tmp_path, shipped, monkeypatch, fault):
    output = tmp_path / "out.jsonl"
    stopped(calls[0], output, shipped, monkeypatch)
    part, count = (tmp_path / f".out.jsonl.part{suffix}" for suffix in ("", ".json"))
    if fault == "no number":
        count.write_text("{")
        with pytest.raises(DataError, match=r"damaged.*begin anew without --resume"):
            classify_files(shipped, [str(calls[0])], str(output), resume=True)
        return
    if fault == "cut short":  # as after a power cut on a disk that lies about fsync
        os.truncate(part, 100)
    else:
        part.unlink()
    classify_files(shipped, [str(calls[0])], str(output), resume=True)
    assert output.read_bytes() == calls[1]


def test_traces_of_a_run_do_not_mix_with_those_of_another(calls, tmp_path, shipped, monkeypatch):
    output = tmp_path / "out.jsonl"
    stopped(calls[0], output, shipped, monkeypatch)
    monkeypatch.setattr(batch, "SAFE_AFTER", 99.0)

    def stop(records, _read, _size):
        if records >= 900:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):  # in English, stopped before anything is safe
        classify_files(shipped, [str(calls[0])], str(output), style=Style(lang="en"), progress=stop)
    classify_files(shipped, [str(calls[0])], str(output), resume=True)
    assert output.read_bytes() == calls[1]


def test_a_fault_in_reading_is_not_lost_with_workers(calls, tmp_path, shipped, monkeypatch):
    def broken(*_):
        yield from list(read_records(str(calls[0]), Options()))[:1100]
        raise MemoryError("no more")

    monkeypatch.setattr(batch, "CHUNK", 64)
    monkeypatch.setattr(batch, "read_records", broken)
    with pytest.raises(MemoryError, match="no more"):
        classify_files(shipped, [str(calls[0])], str(tmp_path / "out.jsonl"), workers=2)
    assert not (tmp_path / "out.jsonl").exists()


def test_parquet_without_pyarrow_is_told_before_the_work(calls, tmp_path, shipped, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(DataError, match=r"install scamtext\[parquet\]"):
        classify_files(shipped, [str(calls[0])], str(tmp_path / "out.parquet"))
    assert list(tmp_path.iterdir()) == []


def test_two_runs_of_one_output_are_refused(calls, tmp_path, shipped):
    journal = Journal(tmp_path / "out.jsonl", {}, resume=False)
    with pytest.raises(DataError, match="another run is writing it"):
        classify_files(shipped, [str(calls[0])], str(tmp_path / "out.jsonl"))
    journal.close()


def test_standard_streams_are_not_gone_on_with(calls, shipped):
    for files, output in ((["-"], "out.jsonl"), ([str(calls[0])], "-")):
        with pytest.raises(DataError, match="--resume needs files"):
            classify_files(shipped, files, output, resume=True)


def test_an_input_that_cannot_be_read_leaves_nothing_behind(tmp_path, shipped):
    (tmp_path / "in.csv").write_text("id,words\n1,alo\n")
    with pytest.raises(DataError, match="no column 'text'"):
        classify_files(shipped, [str(tmp_path / "in.csv")], str(tmp_path / "out.jsonl"))
    assert [path.name for path in tmp_path.iterdir()] == ["in.csv"]


def test_full_records_hold_the_call_and_all_evidence(tmp_path, shipped, corpus):
    call = next(item.call for item in corpus if item.is_scam and len(item.call.turns) > 4)
    path, output = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    path.write_text(json.dumps(call.to_dict()) + "\n")
    for suffix in (".jsonl", ".csv", ".parquet"):
        classify_files(shipped, [str(path)], str(output.with_suffix(suffix)), style=Style(full=True))
    record = json.loads(output.read_text(encoding="utf-8"))
    assert record["turns"] == call.to_dict()["turns"]
    for item, told in zip(shipped.classify(call).evidence, record["evidence"], strict=True):
        assert item.to_dict() | {"weight": told["weight"]} == told
        assert told["weight"] == pytest.approx(item.weight, abs=1e-6)
    with output.with_suffix(".csv").open(encoding="utf-8", newline="") as file:
        (row,) = csv.DictReader(file)
    assert json.loads(row["evidence"]) == record["evidence"]
    import pandas as pd

    assert pd.read_parquet(output.with_suffix(".parquet"))["turns"][0][0]["text"] == call.turns[0].text


def test_garbage_is_set_aside_and_does_not_stop_the_rest(tmp_path, shipped):
    garbage = np.random.default_rng(0)
    good = "alo anh ơi em giao hàng tới cổng rồi"
    (tmp_path / "random.jsonl").write_bytes(garbage.bytes(200_000).replace(b"\0", b"x"))
    (tmp_path / "random.csv").write_bytes(b"id,text\n" + garbage.bytes(200_000).replace(b"\0", b"x"))
    (tmp_path / "random.parquet").write_bytes(garbage.bytes(10_000))
    (tmp_path / "random.srt").write_bytes(garbage.bytes(10_000))
    (tmp_path / "random.json").write_bytes(garbage.bytes(10_000))
    rows = [f"1,{good} {garbage.integers(10**9)}\n" for _ in range(4000)]
    packed = gzip.compress("".join(["id,text\n", *rows]).encode())
    (tmp_path / "cut.csv.gz").write_bytes(packed[: len(packed) * 2 // 3])
    (tmp_path / "line.jsonl").write_text(f'{{"text": "{"a " * 10_000_000}"}}\n{{"text": "{good}"}}\n')
    (tmp_path / "wide.csv").write_text(",".join([*map(str, range(10_000)), "text"]) + f"\n{',' * 10_000}{good}\n,,\n")
    (tmp_path / "quote.csv").write_text(f'id,text\n1,{good}\n2,"{good}\n' + f"3,{good}\n" * 400_000)
    (tmp_path / "long.txt").write_text("alo " * (MOST_CHARACTERS // 4 + 1))
    (tmp_path / "z.txt").write_text(good)
    output = tmp_path / "out" / "out.jsonl"
    output.parent.mkdir()
    counts = classify_files(shipped, [str(tmp_path)], str(output))
    records = [json.loads(line) for line in output.read_text(encoding="utf-8").splitlines()]
    told = [(record["id"], record.get("error", "")) for record in records]
    assert records[-1]["id"] == "z"
    assert records[-1]["label"] == "legit"
    assert any(identifier == "long" and "a call has at most" in error for identifier, error in told)
    assert any("line.jsonl:1: a line of more than" in error for _, error in told)
    assert sum(record["id"] == "line.jsonl:2" and record["label"] == "legit" for record in records) == 1
    assert any("quote.csv" in error for _, error in told)
    assert any("cut.csv.gz" in error and "the rest of the file" in error for _, error in told)
    assert sum(record["id"] == "1" for record in records if "error" not in record) > 100  # before the cut
    assert any(str(tmp_path / "random.parquet") in error for _, error in told)
    assert counts["label"]["error"] == sum(bool(error) for _, error in told)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss < 4 << 20
