"""What is said in a call stands in no log, warning, error, traceback or file name (SECURITY.md)."""

import gzip
import json
import logging
import traceback

import pandas as pd
import pytest

import scamtext
from scamtext import Call, CallMonitor, DataError, ScamClassifier, Turn
from scamtext.evaluation.corpus import read_corpus, reviewed
from scamtext.io.formats import Rejected
from scamtext.io.readers import read_calls
from scamtext.serving.batch import classify_files
from scamtext.serving.streaming import watch_lines
from scamtext.verdict.report import write_report

PHONE, CARD, IDENTITY, CODE = "0912345678", "4111 1111 1111 1111", "001099012345", "482913"
NAME, WORDS = "Nguyễn Thị Kim Oanh", "sổ tiết kiệm để dưới gầm giường"
TEXT = f"Chị {NAME} ạ, {WORDS}, gọi {PHONE}, thẻ {CARD}, căn cước {IDENTITY}, mã {CODE}"
# Short enough to be quoted, but for their digits; and what no message may hold.
SHORT = (PHONE, CARD, IDENTITY, CODE)
SECRETS = (PHONE, CARD, IDENTITY, CODE, *NAME.split()[1:], *WORDS.split()[1:3], "gầm giường")
TURNS = [{"speaker": "caller", "text": TEXT}]
GOOD = {"id": "1", "text": TEXT, "label": "scam"}


def lines(*records):
    return "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records).encode()


def task(*choices):
    results = [{"result": [{"type": "choices", "value": {"choices": list(words)}}]} for words in choices]
    return json.dumps([{"id": 1, "data": {"text": TEXT}, "annotations": results}]).encode()


UNREADABLE = {
    "cut.jsonl": lines(GOOD)[:-20],
    "bare.jsonl": TEXT.encode(),
    "latin.jsonl": b"\xe1" + lines(GOOD),
    "list.jsonl": lines([TEXT]),
    "name.jsonl": lines({TEXT: "text"}),
    "id.jsonl": lines({"id": {TEXT: TEXT}, "text": TEXT}),
    "speaker.jsonl": lines(*({"turns": [{"speaker": secret, "text": TEXT}]} for secret in (TEXT, *SHORT))),
    "turns.jsonl": lines({"turns": TEXT}),
    "turn.jsonl": lines({"turns": [TEXT]}),
    "text.jsonl": lines({"text": [TEXT]}),
    "control.jsonl": lines(GOOD).replace(b"sc", b"s\x00c"),
    "headless.csv": f'1,"{TEXT}"\n2,"{TEXT}"\n'.encode(),
    "short.csv": f'id,x,text\n"{TEXT}"\n'.encode(),
    "odd.csv": f"id,text\n1,{TEXT}\n".encode() + b"2,\xff\xfe" + TEXT.encode(),
    "wide.csv": f'text\n"{TEXT}'.encode("utf-16"),
    "bytes.txt": TEXT.encode("utf-16"),
    "bytes.srt": b"\xff" + TEXT.encode(),
    "times.ass": TEXT.encode(),
    "times.srt": TEXT.encode(),
    "times.vtt": f"WEBVTT\n\n{TEXT} --> {TEXT}\n{TEXT}\n".encode(),
    "heard.json": json.dumps({"segments": [TEXT]}).encode(),
    "cut.json": json.dumps({"segments": [{"text": TEXT}]})[:-3].encode(),
    "told.json": json.dumps({TEXT: TEXT}).encode(),
    "not.parquet": TEXT.encode(),
    "cut.jsonl.gz": gzip.compress(lines(GOOD) * 99)[:-12],
}
MISLABELLED = {
    "label.jsonl": lines(*({**GOOD, "id": n, "label": secret} for n, secret in enumerate((TEXT, *SHORT)))),
    "fields.jsonl": lines(
        *({**GOOD, "id": name, name: TEXT} for name in ("scam_type", "legit_kind", "form", "region")),
        {**GOOD, "label": "legit", "scam_type": TEXT},
    ),
    "cues.jsonl": lines({**GOOD, "turns": [{**TURNS[0], "cues": [TEXT, PHONE]}]}),
    "twice.jsonl": lines({**GOOD, "id": TEXT}, {**GOOD, "id": TEXT}),
    "cut.jsonl": lines(GOOD)[:-20],
    "turns.jsonl": lines({**GOOD, "turns": TEXT}),
    "reviewed.jsonl": lines({**GOOD, "reviewed": TEXT}, {**GOOD, "label": TEXT, "reviewed": "right"}),
    "headless.csv": f'"{TEXT}",scam\n"{TEXT}",legit\n'.encode(),
    "swapped.csv": f'label,text\n"{TEXT}",scam\n'.encode(),
    "cells.csv": f"text,label\n{TEXT},scam\n".encode(),
    "quotes.csv": f'text,label\n"{TEXT}" x,scam\n'.encode(),
    "cut.json": task(["scam"])[:-5],
    "chosen.json": task([TEXT, PHONE]),
    "apart.json": task(["scam"], [TEXT]),
    "unnamed.json": json.dumps([{"annotations": [], "data": {TEXT: TEXT, "b": TEXT}}]).encode(),
    "data.json": json.dumps([{"annotations": [], "data": TEXT}]).encode(),
}
CALLS = [TEXT, "alo mẹ ơi chiều nay con về trễ mẹ nấu cơm trước đi"]
MARK = {"kind": "threat", "turn": 0, "start": 0, "end": 4, "text": TEXT, "negated": False, "speaker": None}
VERDICT = {"id": "1", "label": "scam", "risk": "high", "probability": 0.9, "scam_type": "bank", "reasons": []}
VERDICT |= {"cues": [], "turns": TURNS, "evidence": [MARK]}
WRONG_CALLS = {
    "classify a dict": lambda clf: clf.classify({TEXT: TEXT}),
    "classify a list": lambda clf: clf.classify([TEXT]),
    "classify turns": lambda clf: clf.classify({"turns": [{"speaker": TEXT, "text": TEXT}]}),
    "classify one as many": lambda clf: list(clf.classify_many(TEXT)),
    "classify a frame": lambda clf: clf.classify_frame(pd.DataFrame({TEXT: [TEXT]})),
    "classify cells": lambda clf: clf.classify_frame(pd.DataFrame({"text": [[{"speaker": PHONE, "text": TEXT}]]})),
    "fit with calls as labels": lambda _: ScamClassifier().fit(CALLS, CALLS),
    "fit with codes as labels": lambda _: ScamClassifier().fit(CALLS, [PHONE, CODE]),
    "fit with too few labels": lambda _: ScamClassifier().fit(CALLS, [TEXT]),
    "fit with too few cues": lambda _: ScamClassifier().fit(CALLS, ["scam", "legit"], cues=[[TEXT, TEXT], None]),
    "hear a speaker": lambda clf: clf.monitor().update({"speaker": TEXT, "text": TEXT}),
    "correct turn": lambda clf: clf.monitor().correct(TEXT, TEXT),
    "go on from a level": lambda clf: CallMonitor.from_dict(clf, {"level": TEXT, "call": {"turns": TURNS, "id": "1"}}),
    "go on from a text": lambda clf: CallMonitor.from_dict(clf, {"level": "low", "call": TEXT}),
    "use reviews": lambda _: reviewed([{**GOOD, "reviewed": TEXT}]),
}


@pytest.fixture
def said(caplog, capfd, recwarn):
    """All that is said beside results: what is logged at any level, warned of, and written to the terminal."""
    caplog.set_level(logging.DEBUG)

    def all_of():
        written = capfd.readouterr()
        warned = (str(warning.message) for warning in recwarn)
        return "\n".join([caplog.text, written.out, written.err, *warned])

    return all_of


def assert_silent(text):
    assert [secret for secret in SECRETS if secret in text] == []


def told(function):
    """What an error says, with its traceback and its causes."""
    with pytest.raises(scamtext.ScamtextError) as error:
        function()
    return "".join(traceback.format_exception(error.value))


@pytest.mark.parametrize("name", UNREADABLE)
def test_files_that_cannot_be_read(name, tmp_path, said):
    path = tmp_path / name
    path.write_bytes(UNREADABLE[name])
    faults = []
    try:
        faults += [call.error for call in read_calls(str(path)) if isinstance(call, Rejected)]
    except DataError as error:
        faults.append("".join(traceback.format_exception(error)))
    assert faults or name in ("times.srt", "odd.csv")
    assert_silent("\n".join([*faults, said()]))


@pytest.mark.parametrize("name", MISLABELLED)
def test_labels_that_are_none(name, tmp_path, said):
    path = tmp_path / name
    path.write_bytes(MISLABELLED[name])
    assert_silent(told(lambda: read_corpus(path)) + said())


@pytest.mark.parametrize("name", WRONG_CALLS)
def test_wrong_calls_of_functions(name, shipped, said):
    assert_silent(told(lambda: WRONG_CALLS[name](shipped)) + said())


@pytest.mark.parametrize("fields", [{}, {"label": TEXT}, {"probability": TEXT}, {"turns": TEXT}, {"cues": [TEXT]}])
def test_a_report_of_what_is_no_verdict(fields, tmp_path, said):
    (tmp_path / "verdicts.jsonl").write_bytes(lines({**VERDICT, **fields}))
    assert_silent(told(lambda: write_report(tmp_path / "verdicts.jsonl", tmp_path / "page.html")) + said())


def test_lines_that_a_monitor_cannot_use(shipped, said):
    good = {"call_id": "1", "text": TEXT}
    bad = [{**good, "speaker": TEXT}, {**good, "turn": TEXT}, {**good, "end": TEXT}, {"call_id": [TEXT]}, [TEXT]]
    records = list(watch_lines(shipped, [lines(good)[:-9], *map(lines, bad), lines({"call_id": PHONE, "end": True})]))
    errors = [record["error"] for record in records if "error" in record]
    assert len(errors) == len(bad) + 2
    assert_silent("\n".join([*errors, said()]))


def test_work_that_goes_well(shipped, tmp_path, said, few):
    names = set()

    def look(*_):
        names.update(path.name for path in tmp_path.rglob("*"))

    (tmp_path / "calls.jsonl").write_bytes(lines(*({**GOOD, "id": str(n)} for n in range(40))) + b"{\n")
    for workers in (1, 2):
        output = str(tmp_path / f"verdicts{workers}.jsonl")
        classify_files(shipped, [str(tmp_path / "calls.jsonl")], output, workers=workers, progress=look)
        look()
    monitor = shipped.monitor("7")
    monitor.update(TEXT)
    calls = [Call((Turn(TEXT),)), *(item.call for item in few)]
    ScamClassifier(folds=2, live=False).fit(calls, ["scam", *(item.label for item in few)])
    logging.getLogger("of.a.user").debug("%r %r %r", Call((Turn(TEXT),), "7"), shipped.classify(TEXT), monitor)
    text = said()
    assert "<Call 7 1 turns" in text  # so logs are seen
    assert any(name.endswith(".part") for name in names)
    assert_silent("\n".join([text, *names]))
