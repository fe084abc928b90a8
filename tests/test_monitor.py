import json

import numpy as np
import pytest

from scamtext import Call, DataError, ScamClassifier, Turn
from scamtext.evaluation.corpus import LabelledCall
from scamtext.evaluation.dilution import dilutions
from scamtext.evaluation.early_warning import Watched, measure_live, watch
from scamtext.evaluation.evaluate import fit, tokenise
from scamtext.inference.scorer import SURCHARGE, live_scores
from scamtext.labels import HIGH, LOW, WATCH
from scamtext.monitor import CallMonitor
from scamtext.serving.streaming import watch_lines

SCAM = [
    Turn("tôi là cán bộ điều tra công an thành phố, chị liên quan đường dây rửa tiền", "caller"),
    Turn("ơ tôi có làm gì đâu", "callee"),
    Turn("chị không được nói với ai, chuyển hết tiền vào tài khoản tạm giữ cho tôi", "caller"),
    Turn("vâng", "callee"),
    Turn("mã OTP vừa về máy chị đọc ngay cho tôi, không là bắt", "caller"),
]
HONEST = ["alo mẹ à", "ừ mẹ đây con", "chiều nay con về trễ nha mẹ nấu cơm trước đi"]


def follow(monitor, turns):
    return [(monitor.update(turn), monitor.level)[1] for turn in turns]


def test_after_every_turn_the_verdict_is_that_of_the_call_so_far(shipped, corpus):
    for item in corpus[:2000:100]:
        monitor = shipped.monitor(item.call.id)
        for heard, turn in enumerate(item.call.turns, 1):
            assert monitor.update(turn) == shipped.classify(Call(item.call.turns[:heard], item.call.id))


def test_a_turn_is_tokenised_once(shipped, monkeypatch):
    heard = []
    tokeniser = shipped.scorer_.tokeniser
    read = tokeniser.read
    monkeypatch.setattr(tokeniser, "read", lambda calls: heard.extend(call.text for call in calls) or read(calls))
    monitor = shipped.monitor()
    for turn in SCAM:
        monitor.update(turn)
    assert heard == [turn.text for turn in SCAM]
    monitor.correct(1, "ơ tôi không làm gì")
    assert heard[len(SCAM) :] == ["ơ tôi không làm gì"]


def test_a_scam_alerts_before_its_last_turn_and_stays(shipped):
    monitor = shipped.monitor()
    levels = follow(monitor, SCAM)
    first = levels.index(HIGH)
    assert first < len(SCAM) - 1
    assert monitor.alerted_at == first
    assert set(follow(monitor, [Turn(text) for text in HONEST * 5])) == {HIGH}
    assert monitor.alerted_at == first


def test_an_ask_after_much_honest_talk_alerts_when_it_is_heard(shipped, corpus):
    scams = [item for item in corpus if item.scam_type == "authority" and item.length > 150][:8]
    alerted = 0
    for item in scams:
        padded = dilutions(corpus)["after honest talk"](item).call
        talk = len(padded.turns) - len(item.call.turns)
        state = {"call": Call(padded.turns[:talk]).to_dict(), "level": LOW, "alerted_at": None}
        monitor = CallMonitor.from_dict(shipped, state)
        assert monitor.level != HIGH
        follow(monitor, padded.turns[talk:])
        assert monitor.score < shipped.alert_threshold_  # of the whole, which is mostly talk
        alerted += monitor.level == HIGH and monitor.alerted_at >= talk
    assert alerted > len(scams) / 2


def test_an_honest_call_stays_low(shipped):
    monitor = shipped.monitor()
    assert follow(monitor, HONEST) == [LOW] * 3
    assert monitor.finish().label == "legit"
    assert (monitor.level, monitor.alerted_at) == (LOW, None)


def test_levels_ease_late_and_alerts_never(fitted):
    monitor = fitted.monitor()
    watched, alert = fitted.live_watch_threshold_, fitted.alert_threshold_
    levels = []
    for score in (watched - 0.1, watched, watched - 0.5, watched - 1.5, alert, watched - 5):
        monitor.score = score
        monitor._set_level(0)
        levels.append(monitor.level)
    assert levels == [LOW, WATCH, WATCH, LOW, HIGH, HIGH]


def test_the_end_of_a_call_applies_the_threshold_for_whole_calls(shipped, corpus):
    late = 0
    for item in corpus:
        if item.is_scam and len(item.call.turns) == 2 and item.length < 60:
            monitor = shipped.monitor()
            follow(monitor, item.call.turns)
            before = monitor.level
            assert (monitor.finish().risk == HIGH) <= (monitor.level == HIGH)
            late += before != HIGH and monitor.level == HIGH and monitor.alerted_at == 1
    assert late > 0


def test_a_correction_counts_as_if_it_had_been_heard_first(shipped):
    monitor = shipped.monitor()
    for turn in SCAM[:2]:
        monitor.update(turn)
    corrected = monitor.correct(0, SCAM[4].text)  # a text leaves the speaker as it was
    assert corrected == shipped.classify(Call((SCAM[4], SCAM[1])))
    for number in (3, -1):
        with pytest.raises(DataError, match="has 2 turns"):
            monitor.correct(number, "a")


def test_the_state_moves_between_processes_as_plain_data(shipped):
    monitor = shipped.monitor("c1")
    follow(monitor, SCAM[:3])
    again = CallMonitor.from_dict(shipped, json.loads(json.dumps(monitor.to_dict())))
    assert again.to_dict() == monitor.to_dict()
    assert again.score == monitor.score
    assert again.update(SCAM[3]) == monitor.update(SCAM[3])


def test_text_without_vietnamese_never_alerts(fitted, monkeypatch):
    monkeypatch.setattr(fitted, "alert_threshold_", -1e9)
    monitor = fitted.monitor()
    assert set(follow(monitor, ["", "transfer the money now", "otp otp otp otp otp otp"])) == {LOW}
    assert follow(monitor, ["chị ơi chuyển tiền cho em ngay đi chị nhé em đang cần gấp lắm"]) == [HIGH]


def test_little_evidence_needs_more():
    scores = live_scores(np.array([2.0, 2.0, 2.0]), np.array([0, 40, 10_000]))
    assert scores.tolist() == pytest.approx([2 - SURCHARGE, 2 - SURCHARGE / np.e, 2.0])


@pytest.mark.parametrize(
    "state", [{}, {"level": "banana", "call": {"id": None, "turns": []}}, {"level": "low", "call": None}]
)
def test_a_state_of_something_else_is_refused(fitted, state):
    with pytest.raises(DataError, match="no state of a monitor"):
        CallMonitor.from_dict(fitted, state)


def test_a_monitor_needs_a_call_and_a_live_model(few):
    silent = fit(ScamClassifier(folds=2, live=False), few, tokenise(few))
    with pytest.raises(DataError, match="live=True"):
        silent.monitor()


def test_nothing_heard_cannot_end(shipped):
    with pytest.raises(DataError, match="no turn"):
        shipped.monitor().finish()


def line(call_id, spoken=None, **fields):
    spoken = {} if spoken is None else {"speaker": spoken.speaker, "text": spoken.text}
    return json.dumps({"call_id": call_id, **spoken, **fields}, ensure_ascii=False)


def test_lines_of_mixed_calls(shipped):
    lines = [
        "\ufeff" + line("a", SCAM[0]),
        line("b", Turn(HONEST[0])),
        "not json",
        line("a", SCAM[2]),
        line("b", Turn("x", "boss")),
        "",
        line("b", Turn(HONEST[2])),
        line("c", end=True),
        line("a", SCAM[4], end=True),  # the last turn and the end in one
        json.dumps({"text": "no id"}),
        b"\xff\xfe",
        line("b", end="yes"),
    ]
    records = list(watch_lines(shipped, [x if isinstance(x, bytes) else x.encode() for x in lines], "en"))
    errors = {record["line"]: record["call_id"] for record in records if "error" in record}
    assert errors == {3: None, 5: "b", 8: "c", 10: None, 11: None, 12: "b"}
    told = [record for record in records if "error" not in record]
    assert [(r["call_id"], r["label"], r["level"]) for r in told if r.get("ended")] == [
        ("a", "scam", HIGH),
        ("b", "legit", LOW),
    ]
    changes = [record for record in told if not record.get("ended")]
    assert {change["call_id"] for change in changes} == {"a"}
    assert changes[-1]["level"] == HIGH
    assert changes[-1]["advice"]
    said = [SCAM[0].text, SCAM[2].text, SCAM[4].text]
    assert all(quote["text"] in said[quote["turn"]] for change in changes for quote in change["raised_by"])


def test_a_level_that_falls_is_raised_by_nothing(shipped, monkeypatch):
    scores = iter([5.0, -5.0])
    monkeypatch.setattr(shipped.scorer_, "live_scores", lambda values, syllables: [next(scores)])
    monkeypatch.setattr(shipped, "alert_threshold_", 9.0)
    lines = [line("a", SCAM[2]), line("a", SCAM[4])]
    records = watch_lines(shipped, lines, "en")
    risen, fallen = next(records), next(records)
    assert (risen["level"], bool(risen["raised_by"])) == (WATCH, True)
    assert (fallen["level"], fallen["raised_by"]) == (LOW, [])


def test_a_bad_line_costs_the_call_nothing(shipped):
    bad = [line("a", Turn("x", "boss")), line("a", SCAM[1], turn="0"), line("a", SCAM[1], turn=True), "[" * 200_000]
    lines = [line("a", turn) for turn in SCAM]
    expected = list(watch_lines(shipped, lines))
    records = list(watch_lines(shipped, [lines[0], *bad, *lines[1:]]))
    assert [record for record in records if "error" not in record] == expected
    assert [record["line"] for record in records if "error" in record] == [2, 3, 4, 5]


def test_an_event_names_the_turn_that_changed_the_level(shipped):
    lines = [line("a", Turn(text)) for text in HONEST] + [line("a", Turn(" ".join(t.text for t in SCAM)), turn=1)]
    assert [record["turn"] for record in watch_lines(shipped, lines) if record["level"] == HIGH] == [
        1,
        2,
    ]  # and the end


def test_the_longest_silent_call_is_over_when_too_many_are_open(shipped, monkeypatch):
    monkeypatch.setattr("scamtext.serving.streaming.OPEN_CALLS", 2)
    # Too short to alert while it goes on, but a scam when it is over.
    short = Turn("Con ơi bố bị tai nạn, chuyển tiền gấp cho bố vào số này.", "caller")
    hello = Turn("alo ai đấy")
    assert [r["level"] for r in watch_lines(shipped, [line("b", short)])] == [HIGH]
    lines = [line("a", hello), line("b", short), line("a", hello), line("c", hello), line("b", hello, turn=1)]
    records = list(watch_lines(shipped, lines))
    assert [(r["call_id"], r["level"]) for r in records if "error" not in r and r["level"] == HIGH] == [("b", HIGH)]
    (error,) = [record["error"] for record in records if "error" in record]
    assert "has 0 turns" in error  # "b" was the one that was over, and began anew


def test_measures_of_known_alerts():
    turns = tuple(Turn("x", speaker) for speaker in ("caller", "callee", "caller", "callee"))
    cues = (frozenset(), frozenset(), frozenset({"money_request"}), frozenset())
    scam = LabelledCall(Call(turns), "scam", "bank", cues=cues)
    honest = LabelledCall(Call(turns), "legit", legit_kind="police")
    heard = (5, 10, 15, 20)
    rows = [
        Watched(scam, 1, heard, True),
        Watched(scam, 2, heard, True),
        Watched(scam, 3, heard, True),
        Watched(scam, None, heard, True),
        Watched(honest, 0, heard, False),
        Watched(honest, None, heard, True),
    ]
    live = measure_live(rows)
    assert [row["hits"] for row in live["alerted_by"].values()] == [0, 1, 2, 3]
    assert (live["before_ask"]["hits"], live["by_ask"]["hits"], live["before_answer"]["hits"]) == (1, 2, 2)
    assert live["finished"]["hits"] == 4
    assert (live["ever"]["hits"], live["ever_or_finished"]["hits"], live["ever"]["n"]) == (1, 2, 2)
    assert live["syllables_until_alert"] == 15


def test_what_is_measured_is_what_a_monitor_does(fitted, few):
    calls = few[::6]
    table = tokenise([LabelledCall(item.call.in_pieces(), item.label) for item in calls])
    for row in watch(fitted, calls, table):
        monitor = fitted.monitor()
        follow(monitor, row.truth.call.in_pieces().turns)
        assert monitor.alerted_at == row.alerted


def test_pieces_keep_the_words():
    turn = Turn("một " * 61 + "hai", "caller")
    assert [len(piece.text.split()) for piece in turn.pieces()] == [20, 21, 21]
    assert " ".join(piece.text for piece in turn.pieces()) == turn.text
    assert Turn("").pieces() == [Turn("")]
