"""The corpus does not give its labels away; and the checks notice one that does."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from scamtext import Call, Turn
from scamtext.classifier import ScamClassifier
from scamtext.evaluation.corpus import LabelledCall, counts, read_corpus
from scamtext.evaluation.evaluate import tokenise
from scamtext.evaluation.leakage import boilerplate, near_duplicates, openings, shallow_auc
from scamtext.evaluation.learning_curve import learning_curve
from scamtext.evaluation.metrics import agreement

DATA = Path(__file__).parents[1] / "data"


@pytest.fixture(scope="module")
def everything():
    return read_corpus(DATA / "transcripts")


@pytest.mark.exhaustive
def test_a_model_that_sees_no_content_is_near_chance(everything):
    assert shallow_auc(everything) < 0.65


def test_no_boilerplate_of_one_label(everything):
    reasons = json.loads((DATA / "boilerplate.json").read_text(encoding="utf-8"))
    assert {row for row, _ in boilerplate(everything)} <= set(reasons)


@pytest.mark.exhaustive
def test_no_near_duplicates(everything):
    assert near_duplicates(everything, 0.5) == []


def test_openings_are_spread(everything):
    for label in ("scam", "legit"):
        assert openings(everything, label)[0][1] <= 0.01 * len(everything)


def test_the_checks_notice_a_spoilt_corpus(everything):
    def mark(call):
        turn = Turn("kính chào quý khách hàng thân mến " + call.call.turns[0].text, call.call.turns[0].speaker)
        return replace(call, call=Call((turn, *call.call.turns[1:]), call.call.id)) if call.is_scam else call

    spoilt = [mark(call) for call in everything[:400]]
    assert shallow_auc(spoilt) > 0.9
    assert boilerplate(spoilt)[0][0].startswith("kính chào quý khách hàng")
    twin = replace(everything[0], call=Call(everything[0].call.turns, "copy"))
    assert near_duplicates([*everything[:50], twin], 0.5) == [(1.0, everything[0].call.id, "copy")]


def test_a_second_reader_saw_every_eighth_call_and_agrees(everything):
    second = read_corpus(DATA / "second_reading.jsonl")
    assert len(second) >= 0.12 * len(everything)
    lines = [
        line for path in DATA.glob("transcripts/*.jsonl") for line in path.read_text(encoding="utf-8").splitlines()
    ]
    marked = {record["id"] for record in map(json.loads, lines) if record["second_reader"]}
    assert marked == {call.call.id for call in second}
    found = agreement(everything, second)
    assert found["label"]["value"] >= 0.97
    assert found["scam_type"]["value"] >= 0.85


def test_agreement_counts():
    def call(label, cues, scam_type=None):
        return LabelledCall(Call((Turn("a"),), "1"), label, scam_type, cues=(frozenset(cues),))

    found = agreement([call("scam", {"threat", "reward"}, "bank")], [call("scam", {"threat"}, "loan")])
    assert (found["label"]["value"], found["scam_type"]["value"]) == (1.0, 0.0)
    assert found["cues"]["threat"]["f1"] == 1.0
    assert found["cues"]["reward"]["f1"] == 0.0


def test_the_learning_curve_learns_from_more_and_more(few):
    curve = learning_curve(ScamClassifier(min_df=2), few, tokenise(few))
    assert [row["share"] for row in curve] == [0.25, 0.5, 0.75, 1.0]
    assert curve[-1]["auc"] > 0.6


def test_the_data_card_counts_this_corpus(everything):
    assert counts(everything) in (DATA / "README.md").read_text(encoding="utf-8"), "run make data-card"
