from itertools import count
from pathlib import Path

import pytest

from scamtext import Call, Turn
from scamtext.evaluation.corpus import LabelledCall
from scamtext.evaluation.evaluate import tokenise
from scamtext.evaluation.exploration import cue_shares, describe, draw_sample, read_sample, telling_words, twins

DATA = Path(__file__).parents[1] / "data"
NUMBERS = count()


def call(text, label="scam", author="a", **fields):
    return LabelledCall(Call((Turn(text),), f"{author}-{next(NUMBERS)}"), label, author=author, **fields)


@pytest.fixture
def by_five():
    return [call(f"cuộc gọi số {n}", author=author) for author in "abcde" for n in range(10)]


def test_a_sample_has_whole_authors_and_as_many_calls_as_asked(by_five):
    sample = draw_sample(by_five, 25, seed=0)
    assert len(sample) == 30
    assert len({one.author for one in sample}) == 3
    assert sample == [one for one in by_five if one in sample]


def test_a_sample_depends_on_its_seed_alone(by_five):
    assert draw_sample(by_five, 20, seed=1) == draw_sample(by_five, 20, seed=1)
    assert len({tuple(one.call.id for one in draw_sample(by_five, 20, seed)) for seed in range(8)}) > 1


def test_the_smallest_sample_has_two_authors_and_none_means_all(by_five):
    assert len(draw_sample(by_five, 1, seed=0)) == 20
    assert draw_sample(by_five, None, seed=0) == by_five


def test_no_test_author_is_ever_drawn():
    drawn = {one.author for one in read_sample(DATA / "transcripts", DATA / "split.json", None, 0)}
    assert "a01" in drawn
    assert not drawn & {"a12", "a65"}


def test_no_data_holds_no_calls():
    assert read_sample(None, "no-such-split.json", None, 0) == []
    assert len(tokenise([])) == 0


def test_data_without_a_split_is_read_as_it_is(tmp_path):
    file = tmp_path / "own.csv"
    file.write_text("id,label,text\n1,scam,đọc mã cho em\n2,legit,mẹ nấu cơm trước đi\n", encoding="utf-8")
    assert len(read_sample(file, None, None, 0)) == 2


def test_a_row_says_kinds_in_words():
    rows = describe([call("x", scam_type="egov"), call("x", "legit", legit_kind="bank_service"), call("x", "legit")])
    assert [row["kind"] for row in rows] == ["false public service, tax, insurance", "bank service", "not told"]
    assert [row["label"] for row in rows] == ["scam", "honest", "honest"]
    assert [row["hard"] for row in rows] == [False, True, False]


def test_shares_of_cues_are_of_the_calls_that_were_marked():
    marked = (frozenset({"threat"}),)
    shares = cue_shares(
        [
            call("x", scam_type="loan", cues=marked),
            call("x", scam_type="loan", cues=(frozenset(),)),
            call("x", scam_type="loan"),
            call("x", "legit", legit_kind="chat", cues=marked),
        ]
    )
    assert shares["quick loan, false debt"]["threat, accusation"] == 0.5
    assert shares["quick loan, false debt"]["demands secrecy"] == 0
    assert shares["HONEST, plain"]["threat, accusation"] == 1
    assert list(shares)[-1] == "HONEST, plain"


def test_words_of_many_authors_come_before_one_authors_pet_phrase():
    calls = []
    for author in "abcdef":
        calls += [call("chào anh chuyển khoản", author=author), call("chào anh ăn cơm", "legit", author)]
    calls += [call("chào anh bò vàng", author="a") for _ in range(30)]
    words = telling_words(calls, tokenise(calls))
    rows = {row["words"]: row for row in words}
    assert "chuyển" in words[0]["words"]
    assert (words[0]["scam"], words[0]["honest"]) == (6, 0)
    assert words[-1]["honest"] == 6
    assert rows["chào"]["log_ratio"] == 0
    assert 0 < rows["bò"]["standing"] < words[0]["standing"]
    assert not any("^" in row["words"] for row in words)


def test_twins_are_the_pair_with_most_words_in_common():
    scam, honest = call("một hai ba bốn", pair="p"), call("một hai ba", "legit", pair="p")
    others = [call("một hai ba bốn năm", pair="q"), call("sáu bảy", "legit", pair="q")]
    long = [call("x " * 90, pair="r"), call("x " * 90, "legit", pair="r")]
    assert twins([*others, honest, *long, call("y"), scam], most=50) == (scam, honest)
    assert twins([honest, *long, call("y")], most=50) is None
