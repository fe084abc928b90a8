import json
from pathlib import Path

import pytest

import scamtext
from scamtext.evaluation.corpus import read_corpus, split_calls
from scamtext.evaluation.evaluate import fit, tokenise

ROOT = Path(__file__).parents[1]
CASES = Path(__file__).parent / "cases"


@pytest.fixture(scope="session")
def shipped():
    """The shipped model, loaded once."""
    return scamtext.load()


@pytest.fixture(scope="session")
def corpus():
    """Training calls of the corpus."""
    return split_calls(read_corpus(ROOT / "data" / "transcripts"), ROOT / "data" / "split.json", "train")


@pytest.fixture(scope="session")
def few(corpus):
    """120 calls of four authors: enough to fit something in a second."""
    authors = sorted({call.author for call in corpus})[:4]
    return [call for author in authors for call in [c for c in corpus if c.author == author][:30]]


@pytest.fixture(scope="session")
def fitted(few):
    """A classifier fitted to those."""
    return fit(scamtext.ScamClassifier(folds=3), few, tokenise(few))


def cases(name):
    """Rows of tests/cases/<name>.json."""
    return json.loads((CASES / f"{name}.json").read_text(encoding="utf-8"))
