"""Laws that hold for every input."""

from hypothesis import given, settings
from hypothesis import strategies as st

from scamtext import Call, Turn, Verdict

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


def test_most_of_a_logit_is_told(shipped, corpus):
    """The words that are shown carry the scam calls, not the remainder."""
    verdicts = [v for v in shipped.classify_many(c.call for c in corpus[:200]) if v.label == "scam"]
    shown = [sum(item.weight for item in v.evidence) / (v.logit - v.bias) for v in verdicts]
    assert sum(shown) / len(shown) > 0.2
