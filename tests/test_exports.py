"""Labelled calls as others write them."""

import csv
import json
import re
from pathlib import Path

import pandas as pd
import pytest

from scamtext import DataError
from scamtext.evaluation.corpus import read_corpus, reviewed
from scamtext.labels import SCAM_TYPES

SAMPLES = Path(__file__).parents[1] / "data" / "samples"
TURNS = [{"speaker": "caller", "text": "chị đọc mã cho em"}, {"speaker": "callee", "text": "không"}]


def write(path, content):
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return path


def lines(*records):
    return "\n".join(json.dumps(record) for record in records) + "\n"


def faults(path):
    with pytest.raises(DataError) as error:
        read_corpus(path)
    return str(error.value)


def task(number, *choices, text="alo chị ơi", **data):
    """A task of Label Studio; a choice is a list of words, or None for an annotation that was cancelled."""
    annotations = [
        {"was_cancelled": words is None, "result": [{"type": "choices", "value": {"choices": words or []}}]}
        for words in choices
    ]
    return {"id": number, "data": {"text": text} | data, "annotations": annotations}


def test_text_and_label_are_enough(tmp_path):
    calls = read_corpus(write(tmp_path / "own.csv", "text,label\nchuyển tiền đi,1\n\nalo mẹ,0\n"))
    assert [(c.label, c.call.id, c.group) for c in calls] == [
        ("scam", "own.csv:2", "own.csv:2"),
        ("legit", "own.csv:4", "own.csv:4"),
    ]


@pytest.mark.parametrize(
    ("word", "label"),
    [
        *dict.fromkeys(("scam", "SCAM", "1", "1.0", "true", "Lừa  đảo", "lừa đảo", "spam"), "scam").items(),
        *dict.fromkeys(("legit", "0", "False", "bình thường", "Bình_thường", "ham"), "legit").items(),
    ],
)
def test_labels_in_other_words(tmp_path, word, label):
    (call,) = read_corpus(write(tmp_path / "own.csv", f"text,label\nalo,{word}\n"))
    assert call.label == label


@pytest.mark.parametrize(("value", "label"), [(1, "scam"), (0, "legit"), (True, "scam"), (False, "legit")])
def test_labels_that_are_no_words(tmp_path, value, label):
    (call,) = read_corpus(write(tmp_path / "own.jsonl", lines({"text": "alo", "label": value})))
    assert call.label == label


def test_types_groups_and_speakers_of_a_table(tmp_path):
    rows = [
        ("1", "Người gọi: alo\nNgười nghe: dạ", "", "scam", "card_swap", "desk 1"),
        ("2", "", json.dumps(TURNS), "legit", "bank_service", "desk 1"),
        ("3", "Người gọi: alo\ndạ, ai đấy", "", "scam", "", ""),
    ]
    with (tmp_path / "own.tsv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, delimiter="\t").writerows([("id", "text", "turns", "label", "type", "group"), *rows])
    calls = read_corpus(tmp_path / "own.tsv")
    assert [(c.scam_type, c.legit_kind, c.group) for c in calls] == [
        ("card_swap", None, "desk 1"),
        (None, "bank_service", "desk 1"),
        (None, None, "3"),
    ]
    assert [[turn.speaker for turn in c.call.turns] for c in calls] == [["caller", "callee"]] * 2 + [[None]]


def test_what_excel_saves_where_the_comma_is_decimal(tmp_path):
    (call,) = read_corpus(write(tmp_path / "own.csv", '\ufefftext;label\r\n"alo, ""mẹ"" ơi; con đây";lừa đảo\r\n'))
    assert call.call.text == 'alo, "mẹ" ơi; con đây'


def test_parquet(tmp_path):
    pd.DataFrame({"label": [1.0, 0.0], "turns": [TURNS, TURNS], "type": ["bank", None]}).to_parquet(
        tmp_path / "a.parquet"
    )
    calls = read_corpus(tmp_path / "a.parquet")
    assert [(c.label, c.scam_type, c.call.id) for c in calls] == [
        ("scam", "bank", "a.parquet:1"),
        ("legit", None, "a.parquet:2"),
    ]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("id,text\n1,a\n", "own.csv: no column \"label\"; columns are 'id', 'text'"),
        ("label,call\nscam,a\n", 'own.csv: no column "text"'),
        ("text,label\na,maybe\n", "own.csv:2: field \"label\": 'maybe' is no label that I know; write scam or legit"),
        ("text,label\na, b,scam\n", "own.csv:2: the row has 3 cells, the head 2; put texts"),
        ('text,label\nb,scam\n"a,scam\n', "own.csv:3: not readable as CSV"),
        ("text,label\n,scam\n", 'own.csv:2: field "text": the text is empty'),
        ("text,label,type\na,scam,Card swap!\n", "own.csv:2: field \"scam_type\": 'Card swap!' is no name of a type"),
        ("label,turns\nscam,[a]\n", 'own.csv:2: field "turns": not JSON'),
        ("text,label,scam_type\na,legit,bank\n", "own.csv:2: field \"scam_type\": 'bank' on a legit call"),
    ],
)
def test_faults_of_tables(tmp_path, content, message):
    assert message in faults(write(tmp_path / "own.csv", content))


def test_a_suffix_that_is_no_data_is_named(tmp_path):
    with pytest.raises(DataError, match=r"own.xlsx: .xlsx is no labelled data that I read .*save it as CSV"):
        read_corpus(write(tmp_path / "own.xlsx", "x"))


def test_doccano(tmp_path):
    content = lines(
        {"id": 4, "text": "alo", "label": ["scam", "bank"]},
        {"id": 5, "data": "alo", "labels": ["Bình thường"]},
        {"id": 6, "text": "alo", "label": "lừa đảo", "Comments": []},
    )
    calls = read_corpus(write(tmp_path / "all.jsonl", content))
    assert [(c.call.id, c.label, c.scam_type) for c in calls] == [
        ("4", "scam", "bank"),
        ("5", "legit", None),
        ("6", "scam", None),
    ]


@pytest.mark.parametrize(
    ("label", "message"),
    [
        ([], "no choice is made"),
        (["scam", "legit"], "'scam', 'legit' chosen; choose one label"),
        (["scam", "bank", "job"], "choose one label"),
        ([[0, 3, "scam"]], "is no label that I know"),  # doccano's project for spans
    ],
)
def test_faults_of_doccano(tmp_path, label, message):
    found = faults(write(tmp_path / "all.jsonl", lines({"id": 1, "text": "a", "label": label})))
    assert 'all.jsonl:1: field "label": ' in found
    assert message in found


def test_label_studio(tmp_path):
    tasks = [
        task(7, ["Lừa đảo"], None, type="card_swap", group="g"),
        task(8, ["legit"], ["ham"]),
        task(9, None),
        task(10, ["scam", "loan"], text=TURNS),
        {**task(11, ["scam"]), "data": {"agent_id": 5, "transcript": "Người gọi: alo"}},
    ]
    tasks[0]["annotations"][0]["result"].append({"type": "relation", "from_id": "a"})
    calls = read_corpus(write(tmp_path / "project.json", tasks))
    assert [(c.call.id, c.label, c.scam_type, len(c.call.turns)) for c in calls] == [
        ("7", "scam", "card_swap", 1),
        ("8", "legit", None, 1),
        ("10", "scam", "loan", 2),
        ("11", "scam", None, 1),
    ]
    assert calls[0].group == "g"
    assert calls[3].call.turns[0].speaker == "caller"


@pytest.mark.parametrize(
    ("tasks", "message"),
    [
        (
            [task(3, ["scam"], ["legit"])],
            "project.json: task 3: field \"annotations\": the annotators disagree: 'scam' against",
        ),
        ([task(3, ["scam", "bank"], ["scam", "loan"])], "the annotators disagree"),
        ([task(3)], 'project.json: task 3: field "label": no choice is made'),
        ([task(3, [])], "no choice is made"),
        ([task(3, ["hm"])], "project.json: task 3: field \"label\": 'hm' is no label"),
        ([task(3, None), task(4, None)], "project.json: none of 2 records is labelled"),
        ([{**task(3, ["scam"]), "data": {"a": "x", "b": "y"}}], "no \"text\", and 'a' and 'b' could be it"),
        ([{**task(3, ["scam"]), "data": {}}], 'no "text", and nothing could be it'),
        ([{"id": 3, "annotations": [{"result": 5}], "data": {"text": "a"}}], "task 3: not a task as Label Studio"),
        ([{"id": 3, "annotations": None}], "task 3: not a task as Label Studio"),
        ([5], "project.json: task 1: expected an object, got int"),
        ({"text": "alo"}, "project.json: expected a list of tasks"),
        ("[", "project.json: not JSON"),
    ],
)
def test_faults_of_label_studio(tmp_path, tasks, message):
    assert message in faults(write(tmp_path / "project.json", tasks))


def verdict(number, label="scam", kind="bank", **fields):
    """A record as classify --full writes it."""
    told = {"id": str(number), "label": label, "probability": 0.9, "risk": "high", "scam_type": kind, "cues": []}
    return told | {"reasons": [], "turns": TURNS, "evidence": []} | fields


REVIEWED = [
    verdict(1, reviewed="not a scam"),
    verdict(2, "legit", None, reviewed="Bỏ sót", reviewed_type="merchant_qr"),
    verdict(3, reviewed="đúng"),
    verdict(4, "legit", "bank", risk="watch", reviewed="right"),
    verdict(5),
    verdict(6, reviewed=""),
    verdict(7, reviewed="right", reviewed_type="card_swap", group="desk"),
    verdict(8, "unknown", None, reviewed="không phải lừa đảo", reviewed_type="wrong_number"),
]
MEANT = [
    ("1", "legit", None, None, True),
    ("2", "scam", "merchant_qr", None, True),
    ("3", "scam", "bank", None, True),
    ("4", "legit", None, None, True),
    ("7", "scam", "card_swap", None, True),
    ("8", "legit", None, "wrong_number", True),
]


def told(calls):
    assert all([turn.speaker for turn in call.call.turns] == ["caller", "callee"] for call in calls)
    return [(c.call.id, c.label, c.scam_type, c.legit_kind, c.reviewed) for c in calls]


def test_reviewed_verdicts_are_labelled_calls(tmp_path):
    assert told(reviewed(REVIEWED)) == MEANT
    assert told(reviewed(write(tmp_path / "verdicts.jsonl", lines(*REVIEWED)))) == MEANT
    frame = pd.DataFrame(REVIEWED)
    assert told(reviewed(frame.to_dict("records"))) == MEANT  # NaN where nothing is said
    frame.drop(columns=["cues", "reasons", "evidence"]).to_parquet(tmp_path / "verdicts.parquet")
    assert told(reviewed(tmp_path / "verdicts.parquet")) == MEANT
    assert told(reviewed(pd.read_parquet(tmp_path / "verdicts.parquet").to_dict("records"))) == MEANT
    frame["turns"] = frame["turns"].map(json.dumps)
    frame.to_csv(tmp_path / "verdicts.csv", index=False)
    assert told(read_corpus(tmp_path / "verdicts.csv")) == MEANT


def test_reviewed_calls_are_in_groups_of_the_size_of_an_author():
    records = [verdict(number, reviewed="right") for number in range(81)]
    calls = reviewed([records[0] | {"group": "desk"}, *records[1:]])
    groups = [call.group for call in calls]
    assert groups[0] == "desk"
    assert [groups.count(group) for group in dict.fromkeys(groups)] == [1, 39, 40, 1]


@pytest.mark.parametrize(
    ("record", "message"),
    [
        (verdict(1, reviewed="maybe"), "record 1: field \"reviewed\": 'maybe' is not one of right, not a scam, missed"),
        (verdict(1, reviewed="right", turns=None), "field \"turns\": missing, so 'right' says nothing; classify with"),
        (verdict(1, reviewed="missed"), "the label is already scam"),
        (verdict(1, "unknown", reviewed="right"), "'right' on a call labelled 'unknown'"),
        (verdict(1, reviewed="right", reviewed_type="A B"), "'A B' is no name of a type"),
        (verdict(1), "none of 1 records is labelled: reviewers write right, not a scam, missed"),
    ],
)
def test_faults_of_reviews(record, message):
    with pytest.raises(DataError) as error:
        reviewed([record])
    assert message in str(error.value)


def test_verdicts_are_no_labels_until_somebody_has_looked(tmp_path):
    set_aside = {"id": "2", "error": "no text"}
    path = write(tmp_path / "verdicts.jsonl", lines(verdict(1), set_aside))
    assert "verdicts.jsonl: none of 2 records is labelled" in faults(path)
    (call,) = read_corpus(write(path, lines(verdict(1, reviewed="right"), set_aside)))
    assert call.call.id == "1"


def test_the_data_card_shows_what_is_read(tmp_path):
    card = (SAMPLES.parent / "README.md").read_text(encoding="utf-8").split("## How to bring your own")[1]
    blocks = [
        "\n".join(line[4:] for line in found.splitlines())
        for found in re.findall(r"(?:^    .+\n)+", card, re.MULTILINE)
    ]
    found = []
    for block in blocks:
        suffix = {"{": ".jsonl", "[": ".json"}.get(block[0], ".csv")
        found.append([(c.label, c.scam_type) for c in read_corpus(write(tmp_path / f"shown{suffix}", block))])
    assert found == [
        [("scam", "card_swap"), ("legit", None)],
        [("scam", "bank")],
        [("scam", "card_swap")],
        [("scam", None)],
        [("legit", None)],
    ]


def test_the_sample_of_a_bank():
    calls = read_corpus(SAMPLES / "own_calls.csv")
    assert sum(call.is_scam for call in calls) == len(calls) - 30 == 30
    own = [call.scam_type for call in calls if call.is_scam and call.scam_type not in SCAM_TYPES]
    assert {kind: own.count(kind) for kind in own} == {"card_swap": 12, "merchant_qr": 12}
    groups = [call.group for call in calls]
    assert {groups.count(group) for group in groups} == {5}
    assert len({call.call.text for call in calls}) == len(calls)
    assert all(20 <= call.length <= 92 for call in calls)
