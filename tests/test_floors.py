"""The gate holds: it fails on worse numbers, on other calls, on nothing, and lowers only with a reason."""

import copy
import json

import pytest

from scamtext import DataError
from scamtext.evaluation.evaluate import evaluate
from scamtext.evaluation.quality_gate import check, floors_of, pin


@pytest.fixture(scope="module")
def result(fitted, few):
    return evaluate(fitted, few, live=True)[0]


@pytest.fixture
def path(result, tmp_path):
    pin(result, "d1", tmp_path / "floors.json")
    return tmp_path / "floors.json"


def worse(result, *keys, by):
    changed = copy.deepcopy(result)
    row = changed
    for key in keys[:-1]:
        row = row[key]
    row[keys[-1]] += by
    return changed


def test_the_same_result_passes(result, path):
    floors = floors_of(result)
    assert check(result, "d1", path) == len(floors)
    assert {"auc", "recall_at_1pc", "false_alarms", "form/dialogue/recall", "noise/misheard/recall_at_1pc"} <= set(
        floors
    )


@pytest.mark.parametrize(
    ("keys", "by", "named"),
    [
        (("measures", "auc", "value"), -0.03, "auc"),
        (("measures", "hard_false_alarms", "value"), 0.5, "hard_false_alarms"),
        (("measures", "slices", "form", "dialogue", "recall", "value"), -0.6, "form/dialogue/recall"),
        (("noise", "misheard", "value"), -0.05, "noise/misheard"),
        (("live", "by_ask", "value"), -0.05, "live/by_ask"),
        (("live", "ever", "value"), 0.5, "live/false_alarms"),
    ],
)
def test_a_worse_result_fails_and_says_where(result, path, keys, by, named):
    with pytest.raises(DataError, match=named):
        check(worse(result, *keys, by=by), "d1", path)


def test_other_calls_a_missing_measure_and_no_floors_fail(result, path, tmp_path):
    with pytest.raises(DataError, match="pin again"):
        check(result, "d2", path)
    less = copy.deepcopy(result)
    del less["measures"]["slices"]["form"]["dialogue"]
    with pytest.raises(DataError, match="not measured"):
        check(less, "d1", path)
    path.write_text(json.dumps({"digest": "d1", "floors": {}, "lowered": []}), encoding="utf-8")
    with pytest.raises(DataError, match="nothing was checked"):
        check(result, "d1", path)
    with pytest.raises(DataError, match="no floors here"):
        check(result, "d1", tmp_path / "none.json")


def test_floors_rise_freely_and_fall_only_with_a_reason(result, path):
    before = json.loads(path.read_text(encoding="utf-8"))
    better = worse(result, "measures", "auc", "value", by=0.01)
    pin(better, "d1", path)
    assert json.loads(path.read_text(encoding="utf-8"))["floors"]["auc"] == pytest.approx(
        before["floors"]["auc"] + 0.01
    )
    with pytest.raises(DataError, match="auc"):
        pin(result, "d1", path)
    with pytest.raises(DataError, match="other test calls"):
        pin(better, "d2", path)
    pin(result, "d1", path, "a harder test")
    (lowered,) = json.loads(path.read_text(encoding="utf-8"))["lowered"]
    assert lowered["reason"] == "a harder test"
    assert "auc" in lowered["what"][0]
