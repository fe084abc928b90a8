import json
import unicodedata
from pathlib import Path

import jsonschema
import numpy as np
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer

from scamtext import DataError, data, labels

FOLDER = Path(__file__).parents[1] / "data" / "cases"
LINES = (FOLDER / "cases.jsonl").read_text(encoding="utf-8").splitlines()
CASES = [json.loads(line) for line in LINES]
SCHEMA = json.loads((FOLDER / "schema.json").read_text(encoding="utf-8"))
MOST_ALIKE = 0.68  # cosine of TF-IDF; the same event told by two collectors had 0.58 to 0.85 and was merged by hand


def test_every_case_follows_the_schema():
    validator = jsonschema.Draft202012Validator(SCHEMA, format_checker=jsonschema.FormatChecker())
    faults = [f"{case.get('id')}: {fault.message}" for case in CASES for fault in validator.iter_errors(case)]
    assert not faults


@pytest.mark.parametrize(
    "change",
    [
        {"published": "2025-13-01"},
        {"sources": ["a page"]},
        {"scam_type": "phishing"},
        {"amount_lost": -5},
        {"name": "A"},
    ],
)
def test_the_schema_refuses(change):
    validator = jsonschema.Draft202012Validator(SCHEMA, format_checker=jsonschema.FormatChecker())
    assert not validator.is_valid(CASES[0] | change)


def test_the_vocabulary_is_the_package_s():
    properties = SCHEMA["properties"]
    assert set(properties["scam_type"]["enum"]) == set(labels.SCAM_TYPES)
    assert set(properties["asks"]["items"]["enum"]) == set(labels.CUE_KINDS)


def test_no_event_is_recorded_twice():
    assert len({case["id"] for case in CASES}) == len(CASES)
    told = TfidfVectorizer().fit_transform(
        " ".join([case["pretext"], *(step["what"] for step in case["steps"])]) for case in CASES
    )
    likeness = np.triu((told @ told.T).toarray(), 1)
    assert [(CASES[i]["id"], CASES[j]["id"]) for i, j in zip(*np.where(likeness > MOST_ALIKE), strict=True)] == []


def test_text_is_in_nfc():
    assert all(unicodedata.is_normalized("NFC", line) for line in LINES)


def test_the_table_has_every_case():
    table = data.cases()
    assert list(table.index) == [case["id"] for case in CASES]
    assert table["amount_lost"].dropna().tolist() == [case["amount_lost"] for case in CASES if case["amount_lost"]]
    assert str(table["published"].dtype).startswith("datetime64")


def test_a_missing_or_broken_file_is_a_clear_error(tmp_path, monkeypatch):
    monkeypatch.setattr(data, "PLACES", (tmp_path / "none", tmp_path / "none either"))
    with pytest.raises(DataError, match="documented cases"):
        data.cases()
    (tmp_path / "cases.jsonl").write_text("{", encoding="utf-8")
    monkeypatch.setattr(data, "PLACES", (tmp_path,))
    with pytest.raises(DataError, match="documented cases"):
        data.cases()
