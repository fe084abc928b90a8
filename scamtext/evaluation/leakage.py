"""What would make a corpus look better than it is: habits of its authors that give labels away.

A detector trained on a spoilt corpus learns the habit, not the ask, and fails on calls by others.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from scamtext.calls import CALLEE
from scamtext.evaluation.corpus import LabelledCall
from scamtext.text.syllables import fold

EDGE = 5  # first and last words that the shallow model sees
FOLDS = 10  # whole authors in each
NGRAM, CALLS = 6, 8  # a row of 6 words in 8 calls of one label and none of the other is boilerplate
SHINGLE = 5  # characters, for near-duplicates
_PUNCTUATION = ".,?!…-"


def shallow_auc(calls: Sequence[LabelledCall]) -> float:
    """ROC-AUC, authors left out, of a model that sees no content.

    It sees length, punctuation, casing, digits, turns and speakers, and the first and last
    5 words. Near 0.5 is good; well above it, the corpus gives labels away.
    """
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import roc_auc_score
    from sklearn.model_selection import GroupKFold
    from sklearn.preprocessing import StandardScaler

    labels = np.array([call.is_scam for call in calls])
    shapes = np.array([_shape(call) for call in calls])
    edges = np.array([" ".join(_edges(call)) for call in calls], dtype=object)
    groups = [call.group for call in calls]
    scores = np.zeros(len(calls))
    for train, test in GroupKFold(min(FOLDS, len(set(groups)))).split(shapes, groups=groups):
        scaler = StandardScaler().fit(shapes[train])
        words = TfidfVectorizer(token_pattern=r"\S+", min_df=2).fit(edges[train])

        def see(rows: NDArray[np.int_], scaler: StandardScaler = scaler, words: TfidfVectorizer = words) -> object:
            return np.hstack([scaler.transform(shapes[rows]), words.transform(edges[rows]).toarray()])

        model = LogisticRegression(max_iter=1000).fit(see(train), labels[train])
        scores[test] = model.decision_function(see(test))
    return float(roc_auc_score(labels, scores))


def _shape(call: LabelledCall) -> list[float]:
    text, turns = call.call.text, call.call.turns
    return [
        np.log(call.length),
        len(turns),
        call.length / len(turns),
        *(text.count(mark) / call.length for mark in _PUNCTUATION),
        sum(map(str.isupper, text)) / len(text),
        sum(map(str.isdigit, text)) / len(text),
        len({turn.speaker for turn in turns}),
        sum(turn.speaker == CALLEE for turn in turns) / len(turns),
        turns[0].speaker == CALLEE,
        turns[-1].speaker == CALLEE,
    ]


def _words(call: LabelledCall) -> list[str]:
    return re.findall(r"\w+", call.call.text.lower())


def _edges(call: LabelledCall) -> list[str]:
    words = _words(call)
    return [*(f"first:{word}" for word in words[:EDGE]), *(f"last:{word}" for word in words[-EDGE:])]


def boilerplate(calls: Sequence[LabelledCall]) -> list[tuple[str, int]]:
    """Rows of 6 words that stand in 8 or more calls of one label and in none of the other."""
    found: dict[tuple[str, ...], tuple[set[int], set[int]]] = defaultdict(lambda: (set(), set()))
    for number, call in enumerate(calls):
        words = _words(call)
        for start in range(len(words) - NGRAM + 1):
            found[tuple(words[start : start + NGRAM])][call.is_scam].add(number)
    return [
        (" ".join(row), len(honest | scam))
        for row, (honest, scam) in found.items()
        if len(honest | scam) >= CALLS and not (honest and scam)
    ]


def near_duplicates(calls: Sequence[LabelledCall], least: float) -> list[tuple[float, str, str]]:
    """Pairs of calls whose sets of folded 5-character strings have a Jaccard overlap over `least`."""
    from sklearn.feature_extraction.text import CountVectorizer

    texts = [fold(" ".join(_words(call))) for call in calls]
    counter = CountVectorizer(analyzer="char", ngram_range=(SHINGLE, SHINGLE), binary=True, dtype=np.float32)
    shingles = counter.fit_transform(texts)
    sizes = np.asarray(shingles.sum(axis=1)).ravel()
    pairs = []
    for start in range(0, len(calls), 256):
        shared = (shingles[start : start + 256] @ shingles.T).toarray()
        overlap = shared / (sizes[start : start + 256, None] + sizes[None, :] - shared)
        for row, column in np.argwhere(overlap > least):
            if start + row < column:
                first, second = calls[start + row].call.id, calls[column].call.id
                pairs.append((round(float(overlap[row, column]), 3), str(first), str(second)))
    return sorted(pairs, reverse=True)


def openings(calls: Sequence[LabelledCall], label: str, most: int = 20) -> list[tuple[str, int]]:
    """The most common first six words of calls with a label."""
    return Counter(" ".join(_words(call)[:NGRAM]) for call in calls if call.label == label).most_common(most)
