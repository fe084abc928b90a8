"""The strangers measure and never train: they share no author, no case and no text with the corpus."""

import json
from pathlib import Path

from scamtext.evaluation.corpus import read_corpus

DATA = Path(__file__).parents[1] / "data"


def records(folder):
    return [
        json.loads(line)
        for path in sorted((DATA / folder).glob("*.jsonl"))
        for line in path.read_text(encoding="utf-8").splitlines()
    ]


def text(record):
    return "\n".join(turn["text"] for turn in record["turns"])


def test_they_are_labelled_calls_half_of_them_scams():
    calls = read_corpus(DATA / "strangers")
    assert sum(call.is_scam for call in calls) == len(calls) / 2


def test_they_share_nothing_with_what_trains():
    strangers, corpus = records("strangers") + records("strangers_next"), records("transcripts") + records("next")
    for what in (lambda record: record["author"], text, lambda record: record.get("case", record["id"])):
        assert not {what(record) for record in strangers} & {what(record) for record in corpus}


def test_cases_exist_and_spans_quote_the_turn():
    cases = {record["id"] for record in records("cases")}
    for record in records("strangers") + records("strangers_next") + records("next"):
        assert record.get("case") is None or record["case"] in cases
        for turn in record["turns"]:
            assert {span["kind"] for span in turn["spans"]} == set(turn["cues"])
            assert all(0 <= span["start"] < span["end"] <= len(turn["text"]) for span in turn["spans"])
