"""The files that pin versions agree with pyproject.toml, and with what the shipped tables and model were made of."""

import re
import tomllib
from pathlib import Path

import pytest

from scamtext.persistence.model_folder import DEFAULT, read_meta, shipped
from scamtext.text.segmentation import UNDERTHESEA

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
RULE = re.compile(r"([\w-]+)>=([\d.]+)(?:,<\d+)?")


def pins(file):
    return dict(line.split("==") for line in (ROOT / file).read_text(encoding="utf-8").splitlines() if line[0] != "#")


def parts(version):
    return [int(part) for part in re.findall(r"\d+", version)]


def test_minimum_versions_are_those_of_pyproject():
    rules = [*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["parquet"]]
    lowest = dict(RULE.fullmatch(rule).groups() for rule in rules)
    assert pins("constraints-minimum.txt") == lowest, "run make constraints-minimum.txt"


def test_pinned_versions_are_allowed():
    pinned = {name.lower(): version for name, version in pins("constraints.txt").items()}
    rules = [*PROJECT["dependencies"], *(rule for extra in PROJECT["optional-dependencies"].values() for rule in extra)]
    for name, lowest in (RULE.fullmatch(rule).groups() for rule in rules):
        assert parts(pinned[name]) >= parts(lowest), name


@pytest.mark.parametrize("name", ["scikit-learn", "numpy", "scipy", "underthesea"])
def test_the_shipped_model_was_made_with_the_pinned_versions(name):
    assert read_meta(shipped(DEFAULT))["versions"][name] == pins("constraints.txt")[name]


def test_the_word_segmentation_is_that_of_the_pinned_underthesea():
    assert pins("constraints.txt")["underthesea"] == UNDERTHESEA
