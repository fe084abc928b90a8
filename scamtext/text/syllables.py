"""Forms in which a syllable is compared: as spelt, by its key, and folded.

The *key* has the tone mark moved to the end, so that "toả" and "tỏa" agree; the *folded* form has no diacritics ("đ" as
"d"), which is what hurried typing leaves.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from functools import lru_cache, wraps
from typing import TypeVar

Answer = TypeVar("Answer")
LONGEST = 64  # characters of a string that is remembered
TONES = {"\u0300": "f", "\u0301": "s", "\u0303": "x", "\u0309": "r", "\u0323": "j"}
# Onset, rime and coda of a folded syllable (Vietnamese orthography, standard since 1945).
_VIETNAMESE = re.compile(
    r"(?:b|c|ch|d|g|gh|gi|h|k|kh|l|m|n|ng|ngh|nh|p|ph|q|qu|r|s|t|th|tr|v|x)?"
    r"(?:[aeiouy]|ai|ao|au|ay|eo|eu|ia|ie|ieu|iu|iue|oa|oai|oao|oay|oe|oeo|oi|oo|ua|uao|uai|uau|uay|ue|ui|uo|uoi|uou|uu|uy|uya|uye|uyu|ye|yeu|ueu)"
    r"(?:c|ch|m|n|ng|nh|p|t)?"
)


def remembered(function: Callable[[str], Answer]) -> Callable[[str], Answer]:
    """Remember what a function says of short strings; long ones are seldom met again."""
    cached = lru_cache(maxsize=1 << 16)(function)

    @wraps(function)
    def ask(string: str) -> Answer:
        return cached(string) if len(string) <= LONGEST else function(string)

    return ask


@remembered
def key(syllable: str) -> str:
    """The spelling with its tone at the end, as Telex types it.

    >>> key("toả") == key("tỏa") == "toar"
    True
    """
    letters, tone = [], ""
    for character in unicodedata.normalize("NFD", syllable):
        if character in TONES:
            tone = TONES[character]
        else:
            letters.append(character)
    return unicodedata.normalize("NFC", "".join(letters)) + tone


@remembered
def fold(syllable: str) -> str:
    """The spelling without any diacritics.

    >>> fold("đường")
    'duong'
    """
    bare = "".join(c for c in unicodedata.normalize("NFD", syllable) if not unicodedata.combining(c))
    return bare.replace("đ", "d")


@remembered
def could_be_vietnamese(form: str) -> bool:
    """Whether a syllable is spelt as Vietnamese ones are, with or without diacritics.

    >>> could_be_vietnamese("chuyển"), could_be_vietnamese("transfer")
    (True, False)
    """
    return _VIETNAMESE.fullmatch(fold(form)) is not None
