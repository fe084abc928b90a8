"""Spellings that hide words from a filter while people still read them, to measure what they cost.

What each spelling does is in evasion.toml. It hides the words listed there, and some others by chance;
the chance depends on the text alone, so that it is the same in every run.
"""

from __future__ import annotations

import random
import re
import tomllib
import unicodedata
from collections.abc import Callable, Sequence
from functools import cache, partial
from pathlib import Path
from typing import Any

from scamtext.evaluation.corpus import LabelledCall
from scamtext.evaluation.perturbations import rewritten
from scamtext.text.letters import look_alikes
from scamtext.text.syllables import TONES, fold, key

DATA = Path(__file__).with_name("attacks.toml")
OTHERS = 0.1  # share of the words not listed that are hidden too
SWAPPED = 0.5  # share of the letters of a hidden word that are swapped for others
SPLIT = 0.15  # share of the words that a recogniser tears
EMOJI = ("😀", "💰", "🔥", "❤️", "⭐", "👉", "🇻🇳")
INVISIBLE = ("\u200b", "\u200c", "\u200d", "\u2060", "\ufeff", "\u00ad", "\u034f", "\u061c", "\u3164")
STYLES = (0xFF41, 0x1D41A, 0x1D5EE, 0x24D0)  # "a" in full width, in two mathematical faces, in a circle
_WORD = re.compile(r"[^\W\d_]+")
_TONE = f"[{''.join(TONES)}]"
# Two vowels at the end of a decomposed syllable that bear the tone on the first (old style) or the second (new).
_PAIR = re.compile(rf"(?<![qQ])([oO](?={_TONE}?[aeAE])|[uU](?={_TONE}?[yY]))({_TONE}?)(\w)({_TONE}?)$")

Hide = Callable[[str, random.Random], str]


@cache
def _data() -> dict[str, Any]:
    return tomllib.loads(DATA.read_text(encoding="utf-8"))


@cache
def _hidden() -> frozenset[str]:
    return frozenset(map(key, _data()["hidden"].split()))


@cache
def _alike() -> dict[str, str]:
    """The small Cyrillic and Greek letters that look like each Latin one."""
    found: dict[str, str] = {}
    for other, letter in look_alikes().items():
        if other.islower() and unicodedata.name(other).startswith(("CYRILLIC", "GREEK")):
            found[letter] = found.get(letter, "") + other
    return found


def _by_word(hide: Hide, call: LabelledCall) -> LabelledCall:
    """The call with the words that matter, and some others, hidden one by one."""
    dice = random.Random(call.call.text)

    def rewrite(match: re.Match[str]) -> str:
        word = match.group()
        chosen = dice.random() < OTHERS or key(word.lower()) in _hidden()
        return hide(word, dice) if chosen and len(word) > 1 else word

    return rewritten(call, lambda text: _WORD.sub(rewrite, unicodedata.normalize("NFC", text)))


def _by_phrase(table: str, call: LabelledCall) -> LabelledCall:
    """The call with the phrases of a table replaced, longer ones first."""
    pairs = _data()[table]
    phrases = "|".join(sorted(pairs, key=len, reverse=True))
    pattern = re.compile(rf"\b(?:{phrases})\b", re.IGNORECASE)
    return rewritten(call, lambda text: pattern.sub(lambda match: pairs[match.group().lower()], text))


def _filled(fillers: Sequence[str], word: str, dice: random.Random) -> str:
    """The word with fillers at one place within, and by chance at others."""
    sure = dice.randrange(1, len(word))
    holes = {place for place in range(1, len(word)) if place == sure or dice.random() < 1 / len(word)}
    return "".join(dice.choice(fillers) * (place in holes) + letter for place, letter in enumerate(word))


def _swapped(others: Callable[[str], Sequence[str]], word: str, dice: random.Random) -> str:
    """The word with some of its letters, their marks left off or aside, swapped for one of `others`."""
    letters = [(letter, others(letter)) for letter in word]
    able = [place for place, (_, choices) in enumerate(letters) if choices]
    if not able:
        return word
    sure = dice.choice(able)
    return "".join(
        dice.choice(choices) if choices and (place == sure or dice.random() < SWAPPED) else letter
        for place, (letter, choices) in enumerate(letters)
    )


def _with_marks(others: Callable[[str], Sequence[str]], letter: str) -> list[str]:
    """What may stand for a letter with marks: what stands for the bare one, with these marks."""
    letters = unicodedata.normalize("NFD", letter.lower())
    return [other + letters[1:] for other in others(letters[0])]


def _foreign(letter: str) -> Sequence[str]:
    return _alike().get(letter, "")


def _styled(letter: str) -> list[str]:
    place = ord(letter) - ord("a")
    styled = [chr(first + place) for first in STYLES] if letter.isascii() else []
    return [*styled, *_foreign(letter)]


def _digits(letter: str) -> str:
    return str(_data()["leet"].get(fold(letter.lower()), ""))


def old_tones(call: LabelledCall) -> LabelledCall:
    """The call with "hoà" for "hòa" and the other way round."""
    return rewritten(call, lambda text: _WORD.sub(lambda match: _other_style(match.group()), text))


def _other_style(word: str) -> str:
    letters = unicodedata.normalize("NFD", word)
    return unicodedata.normalize("NFC", _PAIR.sub(r"\1\4\3\2", letters))


def decomposed(call: LabelledCall) -> LabelledCall:
    """The call with its marks apart from their letters (NFD)."""
    return rewritten(call, partial(unicodedata.normalize, "NFD"))


def torn(call: LabelledCall) -> LabelledCall:
    """The call with words torn apart, as recognisers do: "chuyể n tiề n"."""
    dice = random.Random(call.call.text)

    def tear(match: re.Match[str]) -> str:
        word = match.group()
        at = dice.randrange(len(word) - 2, len(word)) if len(word) > 2 and dice.random() < SPLIT else 0  # noqa: PLR2004
        return f"{word[:at]} {word[at:]}" if at else word

    return rewritten(call, lambda text: _WORD.sub(tear, text))


EVASIONS: dict[str, Callable[[LabelledCall], LabelledCall]] = {
    "zero width": partial(_by_word, partial(_filled, INVISIBLE)),
    "look-alikes": partial(_by_word, partial(_swapped, partial(_with_marks, _foreign))),
    "mixed scripts": partial(_by_word, partial(_swapped, partial(_with_marks, _styled))),
    "emoji in words": partial(_by_word, partial(_filled, EMOJI)),
    "spaced letters": partial(_by_word, lambda word, _: " ".join(word)),
    "dotted letters": partial(_by_word, lambda word, _: ".".join(word)),
    "leet": partial(_by_word, partial(_swapped, _digits)),
    "teencode": partial(_by_phrase, "teencode"),
    "English words": partial(_by_phrase, "english"),
    "decomposed": decomposed,
    "old tones": old_tones,
    "torn words": torn,
}
