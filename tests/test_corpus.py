import json
from collections import Counter
from pathlib import Path

import pytest

from scamtext import DataError
from scamtext.evaluation.corpus import counts, digest, read_corpus, split_calls
from scamtext.labels import FORMS, HARD_KINDS, PLAIN_KINDS, SCAM_TYPES

DATA = Path(__file__).parents[1] / "data"
GOOD = {
    "id": "1",
    "label": "scam",
    "scam_type": "bank",
    "turns": [{"speaker": "caller", "text": "a", "cues": ["threat"]}],
}


@pytest.fixture(scope="module")
def everything():
    return read_corpus(DATA / "transcripts")


def test_the_corpus_is_whole(everything):
    assert len(everything) >= 600
    assert {call.scam_type for call in everything if call.is_scam} == set(SCAM_TYPES)
    assert {call.legit_kind for call in everything if not call.is_scam} == {*HARD_KINDS, *PLAIN_KINDS}
    assert {call.form for call in everything} == set(FORMS)
    assert all(call.author and call.region and call.cues for call in everything)
    assert all(call.call.id and ":" not in call.call.id for call in everything)  # ids of their own, no places


def test_at_least_half_of_the_honest_calls_are_hard(everything):
    honest = [call for call in everything if not call.is_scam]
    assert sum(call.is_hard for call in honest) >= len(honest) / 2


def test_twins_are_one_scam_and_one_honest_call_of_one_author_and_form(everything):
    pairs = {}
    for call in everything:
        if call.pair:
            pairs.setdefault(call.pair, []).append(call)
    assert sum(map(len, pairs.values())) >= len(everything) / 3
    for name, twins in pairs.items():
        assert sorted(call.label for call in twins) == ["legit", "scam"], name
        assert len({(call.author, call.form) for call in twins}) == 1, name


def test_every_author_has_a_plot_list(everything):
    counts = Counter(call.author for call in everything)
    for author, calls in counts.items():
        plots = (DATA / "plots" / f"{author}.txt").read_text(encoding="utf-8").strip().splitlines()
        assert len([line for line in plots if line.strip()]) >= calls, author


def test_the_split_takes_whole_authors_and_is_frozen(everything, tmp_path):
    parts = {part: split_calls(everything, DATA / "split.json", part) for part in ("train", "test", "all")}
    assert not {c.author for c in parts["train"]} & {c.author for c in parts["test"]}
    assert len(parts["train"]) + len(parts["test"]) == len(parts["all"]) == len(everything)
    changed = json.loads((DATA / "split.json").read_text(encoding="utf-8")) | {"test_digest": "0"}
    (tmp_path / "split.json").write_text(json.dumps(changed), encoding="utf-8")
    with pytest.raises(DataError, match="frozen was 0"):
        split_calls(everything, tmp_path / "split.json", "test")


def test_digest_sees_labels_and_not_order(everything):
    calls = everything[:5]
    assert digest(calls) == digest(calls[::-1])
    assert digest(calls) != digest(calls[:4])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"label": "maybe"}, "'maybe' is no label that I know; write scam or legit"),
        ({"scam_type": "Police"}, "'Police' is no name of a type; write lower-case letters"),
        ({"scam_type": 5}, "5 is no name of a type"),
        ({"region": "west"}, "'west' is not one of bac, trung, nam"),
        ({"label": "legit"}, "'bank' on a legit call"),
        ({"legit_kind": "police"}, "'police' on a scam call"),
        ({"turns": [{"speaker": "x", "text": "a"}]}, "turns[0].speaker"),
        ({"turns": [{"speaker": None, "text": "a", "cues": ["fear"]}]}, "turns[0].cues"),
        ({"id": "1"}, "already used at bad.jsonl:1"),
    ],
)
def test_every_fault_is_reported_with_its_line(tmp_path, change, message):
    records = [GOOD, {**GOOD, "id": "2", **change}, {**GOOD, "id": "3", "label": "?"}]
    (tmp_path / "bad.jsonl").write_text("\n".join(map(json.dumps, records)), encoding="utf-8")
    with pytest.raises(DataError) as error:
        read_corpus(tmp_path)
    assert message in str(error.value)
    assert "bad.jsonl:3" in str(error.value)
    assert "2 faults" in str(error.value)


def test_unreadable_files_are_faults_too(tmp_path):
    (tmp_path / "a.jsonl").write_bytes(b"\xff\xfe")
    (tmp_path / "b.jsonl").write_text("{\n[]\n", encoding="utf-8")
    with pytest.raises(DataError, match="3 faults"):
        read_corpus(tmp_path)
    with pytest.raises(DataError, match="no such file or folder"):
        read_corpus(tmp_path / "nothing")


def test_a_call_without_id_gets_its_place(tmp_path):
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "own.jsonl").write_text('\n{"label": "scam", "text": "alo"}\n', encoding="utf-8")
    assert [call.call.id for call in read_corpus(tmp_path / "a", tmp_path / "b")] == ["own.jsonl:2", "own.jsonl:2"]


def test_own_types_are_counted(tmp_path):
    (tmp_path / "own.csv").write_text("text,label,type\nđổi thẻ đi,scam,card_swap\n", encoding="utf-8")
    assert "| card_swap | 1 | 0 |" in counts(read_corpus(tmp_path / "own.csv"))


def test_own_calls_need_only_id_label_and_text(tmp_path):
    (tmp_path / "own.csv").write_text("id,label,text\n1,scam,chuyển tiền đi\n2,legit,alo mẹ\n", encoding="utf-8")
    calls = read_corpus(tmp_path / "own.csv")
    assert [(c.label, c.cues, c.group) for c in calls] == [("scam", None, "1"), ("legit", None, "2")]


def test_calls_written_against_the_model_set_no_thresholds(tmp_path):
    rows = [{"label": "scam", "text": "chuyển tiền đi", "in_loop": True}, {"label": "legit", "text": "alo mẹ"}]
    (tmp_path / "own.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    assert [call.reviewed for call in read_corpus(tmp_path / "own.jsonl")] == [True, False]
