from dataclasses import replace

import pytest

from scamtext import Call, Turn
from scamtext.evaluation.corpus import LabelledCall
from scamtext.evaluation.evaluate import tokenise
from scamtext.evaluation.metrics import Scored
from scamtext.evaluation.review import (
    belief,
    calibration,
    doubles_between_authors,
    error_shares,
    left_out,
    relabelled,
    suspected_labels,
    threshold,
    uncertain,
    worst_errors,
    writing_plan,
)


def row(id, label, probability, **fields):
    truth = LabelledCall(Call((Turn("x " * 60),), id), label, **fields)
    return Scored(truth, probability, probability >= 0.9, None)


@pytest.fixture(scope="module")
def reviewed(few):
    return left_out(few, tokenise(few))


def test_every_call_is_scored_and_every_error_has_its_verdict(few, reviewed):
    scored, verdicts = reviewed
    assert [one.truth for one in scored] == few
    alarms, misses = worst_errors(scored)
    assert set(verdicts) == {one.truth.call.id for one in (*alarms, *misses)}
    probabilities = {one.truth.call.id: one.probability for one in scored}
    assert all(verdict.probability == pytest.approx(probabilities[id]) for id, verdict in verdicts.items())


def test_a_planted_wrong_label_is_found_on_top(few, reviewed):
    scored, _ = reviewed
    clearest = max(scored, key=lambda one: one.probability)
    wrong = relabelled(few, clearest.truth.call.id)
    rescored, _ = left_out(wrong, tokenise(few))
    first = suspected_labels(rescored)[0]
    assert (first["id"], first["given"], first["suspect"]) == (clearest.truth.call.id, "honest", True)
    # It was not learnt from before it was scored.
    assert next(one for one in rescored if one.truth.call.id == first["id"]).probability == clearest.probability


def test_one_scam_labelled_honest_raises_the_threshold(few, reviewed):
    clearest = max(reviewed[0], key=lambda one: one.probability)
    table = tokenise(few)
    assert threshold(relabelled(few, clearest.truth.call.id), table) > threshold(few, table)


def test_relabelling_changes_one_call_and_takes_its_kind():
    calls = [row("a", "scam", 0.5, scam_type="bank").truth, row("b", "legit", 0.5, legit_kind="chat").truth]
    changed = relabelled(calls, "a")
    assert (changed[0].label, changed[0].scam_type, changed[1]) == ("legit", None, calls[1])
    assert relabelled(calls, "b")[1].label == "scam"


def test_labels_are_suspect_from_the_least_believed_down():
    rows = [row("s1", "scam", 0.99), row("s2", "scam", 0.97), row("s3", "scam", 0.02), row("h1", "legit", 0.01)]
    rows += [row("h2", "legit", 0.99), row("h3", "legit", 0.4)]
    found = suspected_labels(rows)
    assert [one["id"] for one in found[:3]] == ["h2", "s3", "h3"]
    assert [one["suspect"] for one in found] == [True, True, False, False, False, False]
    assert belief(rows[0]) == 0.99
    assert belief(rows[4]) == pytest.approx(0.01)


def test_the_worst_errors_come_first():
    rows = [row("a", "legit", 0.91), row("b", "legit", 0.99), row("c", "scam", 0.5), row("d", "scam", 0.1)]
    rows += [row("e", "scam", 0.95), row("f", "legit", 0.2)]
    alarms, misses = worst_errors(rows)
    assert [one.truth.call.id for one in alarms] == ["b", "a"]
    assert [one.truth.call.id for one in misses] == ["d", "c"]


def test_shares_of_errors_by_kind():
    rows = [row("a", "scam", 0.1, scam_type="job"), row("b", "scam", 0.95, scam_type="job")]
    rows += [row("c", "scam", 0.95, scam_type="loan"), row("d", "legit", 0.95, legit_kind="chat")]
    found = error_shares(rows, "scam")
    assert list(found) == ["easy job, high pay", "quick loan, false debt"]
    assert (found["easy job, high pay"]["hits"], found["easy job, high pay"]["n"]) == (1, 2)
    assert error_shares(rows, "legit")["chat"]["value"] == 1


def test_calibration_says_what_happened_in_each_tenth():
    rows = [row("a", "scam", 0.92), row("b", "scam", 0.98), row("c", "legit", 0.95), row("d", "legit", 0.05)]
    low, high = calibration(rows)
    assert (low["n"], low["value"]) == (1, 0)
    assert (high["n"], high["hits"], high["said"]) == (3, 2, pytest.approx(0.95))


def test_a_double_by_another_hand_is_found():
    text = "dạ em chào chị em gọi từ kho hàng quận chín chị có đơn giao chiều nay phí ship ba mươi nghìn chị nhé"
    first, second = row("a1", "scam", 0.5, author="a"), row("b1", "legit", 0.5, author="b")
    calls = [
        replace(first.truth, call=Call((Turn(text),), "a1")),
        replace(second.truth, call=Call((Turn(text.replace("chiều nay", "sáng mai").title()),), "b1")),
        replace(first.truth, call=Call((Turn(text.replace("chị", "anh")),), "a2")),
        replace(second.truth, call=Call((Turn("mẹ ơi chiều nay con về trễ mẹ nấu cơm trước đi nha"),), "b2")),
    ]
    found = doubles_between_authors(calls, 0.5)
    assert (found[0]["first"], found[0]["second"], found[0]["labels"]) == ("a1", "b1", "DIFFER")
    assert all(one["first"][0] != one["second"][0] for one in found)


def test_the_least_certain_come_first():
    rows = [row("a", "scam", 0.99), row("b", "scam", 0.45), row("c", "legit", 0.3), row("d", "legit", 0.0)]
    assert [one["id"] for one in uncertain(rows, 2)] == ["b", "c"]


def test_the_budget_goes_where_scams_are_missed_and_where_there_are_few():
    rows = [row(f"j{n}", "scam", 0.95 if n > 14 else 0.1, scam_type="job", form="asr") for n in range(20)]
    rows += [row(f"l{n}", "scam", 0.95, scam_type="loan", form="asr") for n in range(20)]
    rows += [row("b", "scam", 0.95, scam_type="bank", form="asr")]
    plan = {one["type"]: one for one in writing_plan(rows, 12)}
    assert sum(one["to_write"] for one in plan.values()) == 12
    missed, thin, well = plan["easy job, high pay"], plan["false bank or wallet"], plan["quick loan, false debt"]
    assert missed["to_write"] > thin["to_write"] > well["to_write"] == 0
    assert (missed["recall"], well["recall"]) == (0.25, 1.0)
    assert writing_plan([row("h", "legit", 0.1)], 12) == []


def test_a_field_without_calls_is_written_first():
    rows = [row(f"j{n}", "scam", 0.95, scam_type="job", form="asr") for n in range(9)]
    rows += [row(f"l{n}", "scam", 0.95, scam_type="loan", form="nodia") for n in range(9)]
    assert {(one["type"], one["form"]) for one in writing_plan(rows, 2)[:2]} == {
        ("easy job, high pay", "no diacritics"),
        ("quick loan, false debt", "recogniser output"),
    }
