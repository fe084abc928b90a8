"""Noise that recognisers and hurried typing put into transcripts, to measure what it costs."""

from __future__ import annotations

import random
import re
import unicodedata
from collections.abc import Callable
from dataclasses import replace

from scamtext.evaluation.corpus import LabelledCall
from scamtext.text.syllables import TONES, fold

WRONG_TONES, LOST_SYLLABLES = 0.06, 0.03  # shares of syllables, of a usable recogniser
_WORD = re.compile(r"\w+")
# The vowel that bears the tone (new style): after "qu" and "gi", before the coda; one of ê, ơ, ...
# if there is one, else the last vowel before a coda, else the one before last.
_RIME = re.compile(
    r"^(?P<onset>(?:qu|gi(?=[aeiouy])|[^aeiouyăâêôơư]*))(?P<vowels>[aeiouyăâêôơư]+)(?P<coda>c|ch|m|n|ng|nh|p|t|)$"
)


def misheard(call: LabelledCall) -> LabelledCall:
    """The call as a recogniser may hear it: lower case, no punctuation, some tones wrong, some syllables lost.

    The noise depends on the text alone, so that it is the same in every run.
    """
    dice = random.Random(call.call.text)

    def mishear(text: str) -> str:
        words = _WORD.findall(unicodedata.normalize("NFC", text).lower())
        return " ".join(filter(None, (_mishear(word, dice) for word in words)))

    return rewritten(call, mishear)


def _mishear(word: str, dice: random.Random) -> str:
    chance = dice.random()
    if chance < LOST_SYLLABLES:
        return ""
    return with_other_tone(word, dice) if chance < LOST_SYLLABLES + WRONG_TONES else word


def with_other_tone(word: str, dice: random.Random) -> str:
    """The syllable with another of the six tones; a word that is no syllable stays as it is."""
    letters = unicodedata.normalize("NFD", word)
    old = next((letter for letter in letters if letter in TONES), "")
    bare = unicodedata.normalize("NFC", letters.replace(old, "") if old else letters)
    rime = _RIME.match(bare)
    if rime is None:
        return word
    vowels = rime["vowels"]
    marked = [place for place, vowel in enumerate(vowels) if vowel in "ăâêôơư"]
    place = marked[-1] if marked else len(vowels) - 1 if rime["coda"] else max(0, len(vowels) - 2)
    tone = dice.choice([tone for tone in ("", *TONES) if tone != old])
    at = rime.end("onset") + place + 1
    return unicodedata.normalize("NFC", bare[:at] + tone + bare[at:])


def without_diacritics(call: LabelledCall) -> LabelledCall:
    """The call as it is typed in a hurry: lower case, no diacritics."""
    return rewritten(call, lambda text: _WORD.sub(lambda word: fold(word.group()), text.lower()))


def without_speakers(call: LabelledCall) -> LabelledCall:
    """The call as one stretch of text, nobody knowing who speaks."""
    turn = replace(call.call.turns[0], speaker=None, text=call.call.text)
    return replace(call, call=replace(call.call, turns=(turn,)), cues=None)


def rewritten(call: LabelledCall, rewrite: Callable[[str], str]) -> LabelledCall:
    """The call with the text of each turn rewritten, in order."""
    turns = tuple(replace(turn, text=rewrite(turn.text)) for turn in call.call.turns)
    return replace(call, call=replace(call.call, turns=turns))


NOISES = {
    "misheard": misheard,
    "without diacritics": without_diacritics,
    "without speakers": without_speakers,
}
