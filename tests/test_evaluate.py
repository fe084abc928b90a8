from dataclasses import replace

import numpy as np
import pytest

from scamtext import Call, ScamClassifier, Turn
from scamtext.evaluation.corpus import LabelledCall
from scamtext.evaluation.evaluate import (
    CLEAN,
    SPELLINGS,
    authors_left_out,
    evaluate,
    tokenise,
    types_left_out,
)
from scamtext.evaluation.evaluation_plots import draw
from scamtext.evaluation.metrics import Scored, cue_measures, gain, measure, recall_at, share
from scamtext.evaluation.summary import summary
from scamtext.inference.calibration import upper_quantile


def scored(label, probability, flagged=False, scam_type=None, **fields):
    truth = LabelledCall(Call((Turn("x " * 60),), str(probability)), label, scam_type, **fields)
    return Scored(truth, probability, flagged, scam_type)


def test_share_is_exact():
    row = share([True] * 9 + [False])
    assert (row["value"], row["hits"], row["n"]) == (0.9, 9, 10)
    assert row["low"] == pytest.approx(0.5550, abs=1e-4)  # Clopper-Pearson by hand: Beta(9, 2) and Beta(10, 1)
    assert row["high"] == pytest.approx(0.9975, abs=1e-4)
    assert share([])["value"] is None


def test_the_quantile_flags_no_more_than_allowed():
    honest = np.array([0.1, 0.2, 0.3, 0.9])
    assert (honest >= upper_quantile(honest, 0.0)).sum() == 0
    assert (honest >= upper_quantile(honest, 0.25)).sum() == 1
    assert (np.array([0.5, 0.5, 0.5, 0.5]) >= upper_quantile(np.full(4, 0.5), 0.25)).sum() == 0


def test_measures_of_a_known_set():
    rows = [
        scored("scam", 0.9, True, "bank", form="asr", author="a"),
        scored("scam", 0.2, False, "bank", form="asr", author="a"),
        scored("legit", 0.1, False, form="asr", author="b", legit_kind="police"),
        scored("legit", 0.8, True, form="nodia", author="b", legit_kind="chat"),
    ]
    result = measure(rows)
    assert result["auc"]["value"] == 0.75
    assert result["recall"]["hits"] == 1
    assert result["recall_at_1pc"]["hits"] == 1
    assert result["false_alarms"]["value"] == 0.5
    assert (result["hard_false_alarms"]["n"], result["hard_false_alarms"]["hits"]) == (1, 0)
    assert result["type_right"]["value"] == 1.0
    assert result["calibration_error"] == pytest.approx((0.1 + 0.8 + 0.1 + 0.8) / 4)
    assert result["slices"]["form"]["asr"]["recall"]["n"] == 2
    assert result["slices"]["form"]["nodia"]["false_alarms"]["hits"] == 1
    assert list(result["slices"]["length"]) == ["up to 200"]
    assert result["slices"]["length"]["up to 200"]["recall"]["n"] == 2


def spy(monkeypatch, name):
    """A list that collects the set of values of one argument of every fit."""
    seen, fit = [], ScamClassifier.fit

    def watched(self, table, y, scam_type=None, groups=None, cues=None, reviewed=None):
        seen.append(set({"scam_type": scam_type, "groups": groups}[name]))
        return fit(self, table, y, scam_type, groups, cues, reviewed)

    monkeypatch.setattr(ScamClassifier, "fit", watched)
    return seen


def test_authors_left_out_scores_every_call_once_without_its_author(few, monkeypatch):
    seen = spy(monkeypatch, "groups")
    table = tokenise(few)
    rows = authors_left_out(ScamClassifier(folds=2), few, {CLEAN: table, "same": table})
    assert [row.truth for row in rows[CLEAN]] == few
    assert rows["same"] == [replace(row, cues=frozenset()) for row in rows[CLEAN]]  # cues are asked of one spelling
    authors = {call.author for call in few}
    assert all(len(authors - groups) >= 1 for groups in seen)
    assert set.union(*[authors - groups for groups in seen]) == authors


def test_calls_beside_are_learnt_from_and_not_asked_about(few, monkeypatch):
    seen = spy(monkeypatch, "groups")
    asked, beside = few[:60], few[60:]
    found = authors_left_out(
        ScamClassifier(folds=1, live=False), asked, {CLEAN: tokenise(asked)}, beside=(beside, tokenise(beside)), folds=2
    )
    assert [row.truth for row in found[CLEAN]] == asked
    first, second = sorted({call.author for call in asked})
    others = {call.author for call in beside}
    assert sorted(seen, key=sorted) == [others | {first}, others | {second}]


def test_what_was_gained_is_paired():
    labels = ["scam", "legit"] * 20
    before = [scored(label, 0.5) for label in labels]
    after = [scored(label, 0.9 if label == "scam" else 0.1) for label in labels]
    assert gain(before, after) == {"n": 40, "value": 0.5, "low": 0.5, "high": 0.5}
    assert gain(after, after)["value"] == 0


def test_types_left_out_never_train_on_the_type(few, monkeypatch):
    seen = spy(monkeypatch, "scam_type")
    recalls = types_left_out(ScamClassifier(folds=2), few, tokenise(few))
    assert len(seen) == len(recalls)
    for kind, groups in zip(recalls, seen, strict=True):
        assert kind not in groups


def test_types_of_ones_own_are_left_out_too(few):
    calls = [replace(call, scam_type="card_swap") if call.scam_type == "bank" else call for call in few]
    assert list(types_left_out(ScamClassifier(folds=2), calls, tokenise(calls)))[-1] == "card_swap"


def test_cue_measures_count_calls():
    call = LabelledCall(
        Call((Turn("anh đọc mã OTP cho em"),), "1"), "scam", cues=(frozenset({"credential_request", "threat"}),)
    )
    unread = replace(call, cues=None)  # nobody marked its cues, so it proves nothing
    found = frozenset({"credential_request"})
    rows = cue_measures([Scored(call, 0.9, True, None, found), Scored(unread, 0.9, True, None, found)])
    assert rows["credential_request"] == {"calls": 1, "precision": 1.0, "recall": 1.0, "f1": 1.0}
    assert rows["threat"]["recall"] == 0.0
    assert rows["reward"]["f1"] is None


def test_recall_is_read_off_where_few_honest_calls_are_flagged():
    rows = [scored("legit", p / 100) for p in range(50)] + [scored("scam", p) for p in (0.485, 0.2, 0.6, 0.481)]
    assert recall_at(rows, 0.0)["hits"] == 1  # the honest call at 0.49 must not be flagged
    assert recall_at(rows, 0.02)["hits"] == 3


def test_evaluate_and_its_summary(fitted, few):
    second = [replace(call, cues=tuple(frozenset[str]() for _ in call.call.turns)) for call in few[:9]]
    result, rows = evaluate(fitted, few, second=second)
    assert [row.truth for row in rows] == few
    assert set(result["noise"]) == set(SPELLINGS)
    assert all(row["n"] == sum(call.is_scam for call in few) for row in result["noise"].values())
    assert {row["recall"] for row in result["second_reader"].values()} == {None}  # she heard no cue at all
    text = summary(result)
    assert f"{len(few)} calls" in text
    assert "by legit_kind" in text
    assert "without diacritics" in text
    assert "cues, second reader" in text


def test_the_curves_are_drawn(tmp_path):
    rows = [scored("scam" if p > 40 else "legit", p / 100, p > 60) for p in range(1, 100)]
    draw(rows, tmp_path / "curves.png")
    assert (tmp_path / "curves.png").read_bytes().startswith(b"\x89PNG")
