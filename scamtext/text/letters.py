"""Tables of letters and words that `normalization` reads odd spellings by."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

from scamtext.text.segmentation import segmenter
from scamtext.text.syllables import could_be_vietnamese, fold

LETTERS = Path(__file__).with_name("letters.toml")


SPELT, FOLDED, UNKNOWN = 2, 3, 4  # what words cost, when parts are made into them: two are worse than one


@cache
def letter_data() -> dict[str, Any]:
    """Return the content of letters.toml, read once."""
    return tomllib.loads(LETTERS.read_text(encoding="utf-8"))


@cache
def look_alikes() -> dict[str, str]:
    """The Latin letter that each letter of another script looks like."""
    return {other: letter for letter, others in letter_data()["look_alikes"].items() for other in others}


@cache
def known_syllables() -> dict[str, int]:
    """Syllables of the segmenter's dictionary, and without diacritics, and a few foreign words: what each costs."""
    syllables = [word for word in segmenter().vocabulary if word.isalpha() and could_be_vietnamese(word)]
    words = syllables + letter_data()["foreign"].split()
    return dict.fromkeys(map(fold, syllables), FOLDED) | dict.fromkeys(words, SPELT)


@cache
def expansions() -> dict[str, str]:
    """What short and English words stand for."""
    return {**letter_data()["short"], **letter_data()["english"]}


def _any_of(words: Iterable[str]) -> str:
    """A pattern of all words, those with the same first letter together, which is several times faster."""
    ends: dict[str, list[str]] = {}
    for word in sorted(words, reverse=True):  # longer ones first
        ends.setdefault(word[0], []).append(word[1:])
    return "|".join(f"{first}(?:{'|'.join(rest)})" for first, rest in ends.items())


@cache
def short_words() -> re.Pattern[str]:
    """Words that are shortened or English, where they stand alone; single letters not beside others, which may spell
    a word.
    """
    longer, letters = (
        _any_of(w for w in letter_data()["short"] if (len(w) == 1) is single) for single in (False, True)
    )
    letter = rf"(?<!(?<![^\W_])[^\W\d_] )(?:{letters})(?! [^\W\d_ạà](?![^\W_]))"
    alone = rf"(?<![^ ])(?:{longer}|{letter})(?![^\s,;!?…)”\"])"
    return re.compile(rf"{alone}|(?<![^ ])(?:{_any_of(letter_data()['english'])})(?![^\W_])")


@cache
def split_words() -> re.Pattern[str]:
    """Two letters that stand alone, one with which torn words may end, or a short or English word."""
    words = _any_of(expansions())
    return re.compile(rf" (?:[^\W\d_] [^\W\d_]|[cghinpt]|{words})(?![^\W_])")


def may_be_split(text: str) -> bool:
    """Whether a lower-case text may have words that are torn, short, or letters apart."""
    return bool(split_words().search(text) or short_words().match(text))
