"""Laws that hold for every input."""

import csv
import io
import json
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from scamtext import Call, Turn, Verdict
from scamtext.io.formats import Rejected
from scamtext.io.readers import read_calls
from scamtext.text.redaction import mask_call
from scamtext.text.spoken import BULLET

SPEAKERS = st.sampled_from(["caller", "callee", None])
# Cue phrases broken up by everything that breaks offsets.
PIECES = [
    "chuyển tiền",
    "phong toả",
    "phong tỏa",
    "Đọc mã OTP",
    "đừng",
    "công an",
    "ngay",
    "😀",
    "\u200b",
    "o\u0309",
    "https://a.vn",
    "5 triệu",
    "İ",
    "\n",
]
TEXTS = st.lists(st.sampled_from(PIECES) | st.text(max_size=6), max_size=15).map(" ".join)
CALLS = st.lists(st.builds(Turn, TEXTS, SPEAKERS), min_size=1, max_size=4).map(lambda turns: Call(tuple(turns)))


@given(CALLS)
@settings(max_examples=150, deadline=None)
def test_evidence_quotes_the_call_and_adds_up(shipped, call):
    verdict = shipped.classify(call)
    for item in (*verdict.cues, *verdict.evidence):
        assert call.turns[item.turn].text[item.start : item.end] == item.text
        assert item.speaker == call.turns[item.turn].speaker
    total = verdict.bias + verdict.other + sum(item.weight for item in verdict.evidence)
    assert abs(total - verdict.logit) < 1e-6
    assert 0 <= verdict.probability <= 1


@given(CALLS)
@settings(max_examples=30, deadline=None)
def test_a_verdict_survives_a_round_trip(shipped, call):
    verdict = shipped.classify(call)
    if call.text.strip():
        assert Verdict.from_dict(verdict.to_dict()) == verdict


def rows_of(suffix, content):
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "calls" + suffix)
        file.write_text(content, encoding="utf-8", newline="")
        return list(read_calls(str(file)))


# A file takes no lone surrogates and no NUL.
CELLS = st.lists(
    TEXTS.map(lambda text: text.replace("\0", "").encode(errors="ignore").decode()), min_size=1, max_size=6
)


@given(CELLS)
@settings(max_examples=80, deadline=None)
def test_every_row_of_a_table_is_a_call_or_set_aside(cells):
    file = io.StringIO(newline="")
    csv.writer(file).writerows([["id", "text"], *enumerate(cells)])
    found = rows_of(".csv", file.getvalue())
    assert [item.id for item in found] == list(map(str, range(len(cells))))
    assert [isinstance(item, Rejected) for item in found] == [not cell.strip() for cell in cells]
    assert [item.text for item in found if isinstance(item, Call)] == [cell for cell in cells if cell.strip()]


@given(st.lists(CALLS.map(lambda call: json.dumps(call.to_dict())) | st.sampled_from(["{", "5", "null", '{"id": 1}'])))
@settings(max_examples=60, deadline=None)
def test_every_line_of_json_is_a_call_or_set_aside(lines):
    found = rows_of(".jsonl", "\n".join([*lines, "{"]))
    assert len(found) == len(lines) + 1
    assert isinstance(found[-1], Rejected)


@given(CALLS)
@settings(max_examples=80, deadline=None)
def test_masking_keeps_every_place(call):
    masked = mask_call(call)
    for before, after in zip(call.turns, masked.turns, strict=True):
        assert before.speaker == after.speaker
        assert all(new in (old, BULLET) for old, new in zip(before.text, after.text, strict=True))
    assert mask_call(masked) == masked


@given(CALLS, st.data())
@settings(max_examples=30, deadline=None)
def test_a_monitor_that_hears_turns_grow_ends_as_classify(shipped, call, data):
    monitor = shipped.monitor()
    for number, turn in enumerate(call.turns):
        for cut in sorted(data.draw(st.lists(st.integers(0, len(turn.text)), max_size=2))):
            monitor.correct(number, Turn(turn.text[:cut], turn.speaker))
        last = monitor.correct(number, turn)
    whole = shipped.classify(call)
    assert (last.call.turns, last.label, last.risk) == (whole.call.turns, whole.label, whole.risk)
    assert abs(last.logit - whole.logit) < 1e-6


def test_most_of_a_logit_is_told(shipped, corpus):
    """The words that are shown carry the scam calls, not the remainder."""
    verdicts = [v for v in shipped.classify_many(c.call for c in corpus[:200]) if v.label == "scam"]
    shown = [sum(item.weight for item in v.evidence) / (v.logit - v.bias) for v in verdicts]
    assert sum(shown) / len(shown) > 0.2
