"""Hand-made calls by nature; none of them is in the corpus.

A call that the model gets wrong is moved to known_failures.json with what is right, and back
when it is right again: those run as strict xfail, so the list cannot rot.
"""

import pytest
from conftest import cases


@pytest.mark.parametrize("case", cases("scam"), ids=lambda case: case["name"])
def test_scam(shipped, case):
    verdict = shipped.classify(case["text"])
    assert verdict.risk == "high"
    assert verdict.scam_type == case["scam_type"]


@pytest.mark.parametrize("case", cases("ordinary") + cases("hard_negative"), ids=lambda case: case["name"])
def test_honest(shipped, case):
    assert shipped.classify(case["text"]).label == "legit"


@pytest.mark.parametrize("case", cases("spoken"), ids=lambda case: case["name"])
def test_spoken(shipped, case):
    assert shipped.classify(case["text"]).label == case["label"]


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(case, marks=pytest.mark.xfail(strict=True, reason=case["reason"]))
        for case in cases("known_failures")
    ],
    ids=lambda case: case["name"],
)
def test_known_failure(shipped, case):
    assert shipped.classify(case["text"]).label == case["label"]
