"""What is in a corpus: whole authors as a sample, a row for each call, cues by type, telling words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from scamtext.evaluation.corpus import LabelledCall, read_corpus, split_calls
from scamtext.evaluation.metrics import kinds_of
from scamtext.features.columns import COLUMNS, START
from scamtext.features.table import Table
from scamtext.labels import CUE_KINDS
from scamtext.training.heads import groups_with, log_ratios
from scamtext.verdict.messages import messages

FEWEST_GROUPS = 2  # in a sample, so that an author can be left out of it
MIN_CALLS = 5  # in which a word must occur to be looked at
LONGEST = 2  # words in a row
UNTOLD = "not told"
WORDS = list(COLUMNS).index("words")

# What names of the corpus mean, where its own word for them says little.
MEANINGS = {
    "dialogue": "both speakers",
    "asr": "recogniser output",
    "one_side": "one side heard",
    "nodia": "no diacritics",
    "bac": "north",
    "trung": "centre",
    "nam": "south",
}

Row = dict[str, Any]


def read_sample(data: str | Path | None, split: str | Path | None, size: int | None, seed: int) -> list[LabelledCall]:
    """Labelled calls to look at and to learn from: a sample of those that are not kept for the test.

    Parameters
    ----------
    data : a file or a folder, as `corpus.read_corpus` takes it; None holds no calls.
    split : names the test authors (`corpus.split_calls`); None where none are kept.
    size, seed : see `draw_sample`.
    """
    if data is None:
        return []
    calls = read_corpus(data)
    return draw_sample(calls if split is None else split_calls(calls, Path(split), "train"), size, seed)


def draw_sample(calls: Sequence[LabelledCall], size: int | None, seed: int) -> list[LabelledCall]:
    """Whole authors, drawn by chance until there are `size` calls, in the order given; None draws all."""
    if size is None:
        return list(calls)
    sizes = Counter(call.group for call in calls)
    drawn = np.random.default_rng(seed).permutation(sorted(sizes))
    gathered = np.cumsum([sizes[group] for group in drawn])
    chosen = set(drawn[: max(FEWEST_GROUPS, int((gathered < size).sum()) + 1)])
    return [call for call in calls if call.group in chosen]


def in_words(name: str | None, part: str = "types") -> str:
    """A name from the corpus as people say it: scam types (or, as `part`, cue kinds) by their English sentences."""
    if name is None:
        return UNTOLD
    return (MEANINGS | messages("en")[part]).get(name, name.replace("_", " "))


def describe(calls: Sequence[LabelledCall]) -> list[Row]:
    """A row for each call, with what can be counted."""
    return [
        {
            "id": call.call.id,
            "label": label_of(call),
            "kind": kind_of(call),
            "hard": call.is_hard,
            "form": in_words(call.form),
            "region": in_words(call.region),
            "author": call.author,
            "syllables": call.length,
            "turns": len(call.call.turns),
            "twin": call.pair is not None,
            "partial": call.partial,
        }
        for call in calls
    ]


def label_of(call: LabelledCall) -> str:
    """The label in words."""
    return "scam" if call.is_scam else "honest"


def kind_of(call: LabelledCall) -> str:
    """Which scam, or about what an honest call is, in words."""
    return in_words(call.scam_type or call.legit_kind)


def cue_shares(calls: Sequence[LabelledCall]) -> dict[str, dict[str, float]]:
    """For each scam type, and below them for honest calls, the share of calls that have each cue.

    Calls whose cues nobody has marked do not count.
    """
    members: dict[tuple[bool, str], list[frozenset[str]]] = {}
    for call in calls:
        if call.cues is not None:
            row = kind_of(call) if call.is_scam else "HONEST, hard" if call.is_hard else "HONEST, plain"
            members.setdefault((not call.is_scam, row), []).append(kinds_of(call))
    return {
        row: {in_words(kind, "kinds"): float(np.mean([kind in kinds for kinds in found])) for kind in CUE_KINDS}
        for (_, row), found in sorted(members.items())
    }


def telling_words(calls: Sequence[LabelledCall], table: Table) -> list[Row]:
    """Words and word pairs, from those that mark scams most to those that mark honest calls most.

    Authors are counted, not calls, so that nobody's pet phrase comes first. They are in order of `standing`: the
    log ratio of the shares of authors who use the words in scams and in honest calls (`heads.log_ratios`), in
    standard errors, so that what a few authors happened to say in one of the two does not come first either.

    Parameters
    ----------
    table : the tokens of the calls (`evaluate.tokenise`).
    """
    from sklearn.feature_extraction.text import CountVectorizer

    counter = CountVectorizer(
        token_pattern=r"\S+", lowercase=False, ngram_range=(1, LONGEST), min_df=MIN_CALLS, binary=True
    )
    present = counter.fit_transform(table.calls[:, WORDS])
    grams = counter.get_feature_names_out()
    is_scam = np.array([call.is_scam for call in calls])
    groups = np.array([call.group for call in calls])
    ratios = log_ratios(present, is_scam, groups)
    in_scams, in_honest = (groups_with(present[np.flatnonzero(rows)], groups[rows])[0] for rows in (is_scam, ~is_scam))
    standing = ratios / np.sqrt(1 / (in_scams + 1) + 1 / (in_honest + 1))
    # The alphabet decides among equals, so that the order is the same in every run.
    order = np.lexsort((grams, -standing))
    return [
        {
            "words": grams[place].replace(" ", " + ").replace("_", " "),
            "scam": int(in_scams[place]),
            "honest": int(in_honest[place]),
            "log_ratio": round(float(ratios[place]), 3),
            "standing": round(float(standing[place]), 2),
        }
        for place in order
        if START not in grams[place].split()
    ]


def twins(calls: Sequence[LabelledCall], most: int) -> tuple[LabelledCall, LabelledCall] | None:
    """The scam and its honest twin that have most words in common, of up to `most` syllables each; None without any."""
    scams = {call.pair: call for call in calls if call.pair and call.is_scam and call.length <= most}
    pairs = [
        (scams[call.pair], call) for call in calls if call.pair in scams and not call.is_scam and call.length <= most
    ]
    return max(pairs, key=lambda pair: _in_common(*pair), default=None)


def _in_common(first: LabelledCall, second: LabelledCall) -> float:
    """Jaccard overlap of the words of two calls."""
    words, others = (set(call.call.text.lower().split()) for call in (first, second))
    return len(words & others) / len(words | others)
