"""The normal form of a text: what a reader takes odd, hidden, torn and short spellings for, and where they stand."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import pairwise

from scamtext.text.letters import (
    UNKNOWN,
    expansions,
    known_syllables,
    letter_data,
    look_alikes,
    may_be_split,
    short_words,
)
from scamtext.text.syllables import TONES, could_be_vietnamese, fold

MOST_REMEMBERED = 1 << 16  # characters; hostile texts may hold a million others
MOST_MARKS = 30  # that go with one letter (as in Unicode's stream-safe text); Python sorts them in quadratic time

# What is not seen: controls, all that Unicode says may be ignored where it has no glyph, and lone surrogates, which
# come from broken JSON escapes and which no encoder takes.
_INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8\ud800-\udfff\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0000-\U000e0fff]"
)
_VOWELS = "aăâeêioôơuưy"
_SMALL = "".join(unicodedata.normalize("NFC", vowel + tone) for vowel in _VOWELS for tone in ("", *TONES)) + "đ"
_GAPS, _DIGITS = r"._*/,+~|'-", "013457"  # signs between letters, and digits for letters
_PLAIN = "".join(c for c in map(chr, range(32, 127)) if c not in f"{_GAPS}{_DIGITS}@$") + f"{_SMALL}{_SMALL.upper()}"
# What `normalise` may have more to do for than lower-casing: a character that few Vietnamese texts hold, a letter
# between two like signs or blanks and one more behind it, digits between letters, "0" before letters.
_ODD = re.compile(
    rf"[^\s…–—“”‘’{re.escape(_PLAIN)}](?:(?<![{_DIGITS}{_GAPS}])|(?<=([{_GAPS}]))[^\W\d_]\1[^\W\d_](?![^\W_])"
    rf"|(?<=[^\W\d_][{_DIGITS}])[{_DIGITS}]*[^\W\d_]|(?<=\b0)[^\W\d_]{{2}})"
)
_STRANGE = re.compile(rf"[^\s…–—“”‘’{re.escape(_PLAIN)}{_DIGITS}{_GAPS}]")
_RUN = re.compile(r"\S+")
_CODED = re.compile(r"(?<![\w@$])[^\W\d_]*[\d@$][\w@$]*")
_LETTERS = re.compile(r"[^\W\d_]+")
# Letters with emoji or other rare signs between them, and single letters with like signs or blanks between them.
_FILLED = re.compile(r"(?<![^\W\d_])[^\W\d_]+(?:[^\w\s!-/:-@\[-`{-~…–—“”‘’]+[^\W\d_]+)+")
_APART = re.compile(rf"(?<![^\W_])[^\W\d_]([ {_GAPS}])[^\W\d_](?:\1[^\W\d_])+(?![^\W_])")
_DIGITS_WITHIN = re.compile(rf"0?[^\W\d_]+(?:[{_DIGITS}]+[^\W\d_]+)*")
LONGEST_WORD = 12  # parts
ENDS = frozenset("ngh")  # of words, that nobody writes for a word of their own, as "c" for "chị" or "m" for "mình"
# Parts of the longest word that is taken apart, by emoji, and by blanks or signs: honest people put two side by side.
FEWEST_FILLED, FEWEST_APART = 2, 3


def normalise(text: str) -> tuple[str, list[int] | None]:
    """Lower-case NFC as a reader takes it, and where each character came from.

    Dropped are invisible characters, marks that no letter takes, and emoji, signs or blanks that take a word apart;
    replaced are compatibility forms, letters of other scripts in Latin words, and digits for letters.
    What may mean something else ("mk", "A. Nam", "5h30", "A1") stays.

    The second value maps position i of the result to its offset in `text`
    (with one more entry for the end); None means that the offsets are the same.

    >>> normalise("Chuyển TIỀN")
    ('chuyển tiền', None)
    >>> normalise("đọc 0TP, chuуển t.i.ề.n")[0]  # the "у" is Cyrillic
    'đọc otp, chuyển tiền'
    """
    lowered = text.lower()
    if not (_ODD.search(text) or may_be_split(lowered)):
        return lowered, None
    same = list(range(len(text) + 1))
    letters, offsets = _latin(text) if _STRANGE.search(text) else (lowered, same)
    letters, offsets = _joined(_decoded(letters), offsets)
    if may_be_split(letters):
        letters, offsets = _whole(letters, offsets, text)
    return letters, offsets if offsets != same else None


def _latin(text: str) -> tuple[str, list[int]]:
    """Lower-case NFC without invisible characters, and with Latin letters for those that look like them."""
    seen = [_COMPATIBLE[character] for character in text]
    offsets = [place for place, characters in enumerate(seen) for _ in characters]
    return _composed(_with_latin_letters("".join(seen)), [*offsets, len(text)])


class _Compatible(dict[str, str]):
    """What NFKC makes of a character, if that is a Latin letter, a digit or a sign; nothing of invisible ones."""

    def __missing__(self, character: str) -> str:
        form = unicodedata.normalize("NFKC", character)
        is_sign = len(form) == 1 and not form.isspace() and character.isdigit() == character.isdecimal()  # no "²"
        is_form = form.isascii() and (form.isalnum() if character.isalpha() else is_sign)
        read = "" if _INVISIBLE.match(character) else form if is_form else character
        if len(self) < MOST_REMEMBERED:
            self[character] = read
        return read


_COMPATIBLE = _Compatible()


def _is_latin(letter: str) -> bool:
    return letter < "\u0250" or "\u1e00" <= letter <= "\u1eff"


def _with_latin_letters(text: str) -> str:
    """The text, of the same length, with Latin letters in words that look Latin, if there are Latin ones in it.

    Words without any Latin letter must be known ones then: few letters look like no Latin ones.
    """
    alike = look_alikes()
    if alike.keys().isdisjoint(text) or not any(map(_is_latin, filter(str.isalpha, text))):
        return text

    def rewrite(run: re.Match[str]) -> str:
        letters = [letter for letter in run.group() if letter.isalpha()]
        if not all(letter in alike or _is_latin(letter) for letter in letters):
            return run.group()
        word = "".join(alike.get(letter, letter) for letter in letters)
        is_read = word in known_syllables() or any(map(_is_latin, letters)) or not letters
        return "".join(alike.get(c, c) for c in run.group()) if is_read else run.group()

    return _RUN.sub(rewrite, text)


def _composed(text: str, offsets: list[int]) -> tuple[str, list[int]]:
    """Lower-case NFC, Latin letters without marks that do not compose."""
    lowered = text.lower()
    has_marks = not unicodedata.is_normalized("NFC", text) or any(map(unicodedata.combining, lowered))
    if not has_marks and len(lowered) == len(text):
        return lowered, offsets
    characters: list[str] = []
    places: list[int] = []
    for start, cluster in _clusters(text):
        composed = unicodedata.normalize("NFC", cluster).lower()
        if _is_latin(composed[0]):
            composed = "".join(c for c in composed if not unicodedata.combining(c))
        characters.append(composed)
        places.extend([offsets[start]] * len(composed))
    return "".join(characters), [*places, offsets[-1]]


def _clusters(text: str) -> list[tuple[int, str]]:
    """Base characters, each with the marks that compose with it."""
    starts: list[int] = []
    for position, character in enumerate(text):
        joins = (starts and position - starts[-1] <= MOST_MARKS) and (
            unicodedata.combining(character)
            # Vowel signs and letters of syllables in some Asian scripts compose, too.
            or (character > "\u0900" and len(unicodedata.normalize("NFC", text[position - 1] + character)) == 1)
        )
        if not joins:
            starts.append(position)
    return [(a, text[a:b]) for a, b in zip(starts, [*starts[1:], len(text)], strict=True)]


def _decoded(text: str) -> str:
    """The text, of the same length, with letters for digits and signs in words that are known then.

    "5h", "t4" and "A1" are such codes only beside sure ones, with digits within.
    """
    decoded = _CODED.sub(lambda match: _word(match.group()) if _is_sure(match.group()) else match.group(), text)
    return text if decoded == text else _CODED.sub(lambda match: _word(match.group()), decoded)


def _is_sure(code: str) -> bool:
    return bool(_DIGITS_WITHIN.fullmatch(code)) or "@" in code or "$" in code


def _word(code: str) -> str:
    """The word that a code stands for, some of its marks may be lost; else the code itself."""
    word = "".join(letter_data()["leet"].get(character, character) for character in code)
    if word == code or not any(map(str.isalpha, code)):
        return code
    return next((form for form in (word, fold(word)) if form in known_syllables()), code)


def _joined(text: str, offsets: list[int]) -> tuple[str, list[int]]:
    """The text without the signs and blanks that take the letters of known words apart."""
    characters = list(text)
    runs = [(match, FEWEST_FILLED) for match in _FILLED.finditer(text)]
    runs += [(match, FEWEST_APART) for match in _APART.finditer(text)]
    for match, fewest in runs:
        parts = list(_LETTERS.finditer(text, *match.span()))
        firsts = _word_starts([part.group() for part in parts])
        if max(last - first for first, last in pairwise([*firsts, len(parts)])) < fewest:
            continue
        starts = set(firsts)
        for number, (before, after) in enumerate(pairwise(parts), 1):
            filler = " " if number in starts else ""
            characters[before.end() : after.start()] = [filler] * (after.start() - before.end())
    return _rewritten(characters, offsets)


def _whole(text: str, offsets: list[int], given: str) -> tuple[str, list[int]]:
    """The text with torn words in one, short and English ones spelt out; short ones `given` in capitals are names."""
    characters = list(text)
    for start, end in _torn(text):
        characters[start:end] = [""] * (end - start)
    matches = list(short_words().finditer(text))
    english = letter_data()["english"]
    is_english = any(match.group() in english for match in matches) and not _is_vietnamese(text)
    for match in matches:
        start, end = match.span()
        is_torn = start and not characters[start - 1]
        is_name = given[offsets[start]].isupper()
        if not (is_torn or (is_english if match.group() in english else is_name)):
            word = expansions()[match.group()]
            characters[start:end] = [fold(word) if text.isascii() else word, *[""] * (end - start - 1)]
    return _rewritten(characters, offsets)


def _is_vietnamese(text: str) -> bool:
    """Whether half of the words of a lower-case text could be Vietnamese; English ones mixed in are spelt out then."""
    words = _LETTERS.findall(text)
    return sum(map(could_be_vietnamese, words)) >= len(words) / 2


def _rewritten(characters: list[str], offsets: list[int]) -> tuple[str, list[int]]:
    """What now stands in the place of each character, and where it came from."""
    kept = [place for place, written in enumerate(characters) for _ in written]
    return "".join(characters), [*map(offsets.__getitem__, kept), offsets[-1]]


def _torn(text: str) -> Iterator[tuple[int, int]]:
    """The blanks within words that a recogniser tore in two ("chuyể n"): what they part is known only as one word."""
    is_end = False  # of a word that was torn
    for before, after in pairwise(_LETTERS.finditer(text)):
        first, last = before.group(), after.group()
        is_end = (
            not is_end
            and after.start() - before.end() == 1
            and text[before.end()] == " "
            and (last in ENDS or _is_part(first) or _is_part(last))
            and first + last in known_syllables()
        )
        if is_end:
            yield before.end(), after.start()


def _is_part(letters: str) -> bool:
    """Whether letters are no word; single ones may stand for a word."""
    return len(letters) > 1 and letters not in known_syllables()


def _word_starts(parts: Sequence[str]) -> list[int]:
    """Which parts begin a word, when the cheapest words are made of all parts, few and long ones."""
    best, last_of = [0] * (len(parts) + 1), [0] * len(parts)
    for first in reversed(range(len(parts))):
        costs = []
        for last in range(first + 1, min(first + LONGEST_WORD, len(parts)) + 1):
            cost = known_syllables().get("".join(parts[first:last]), UNKNOWN)
            if cost < UNKNOWN or last == first + 1:
                costs.append((best[last] + cost, -last))
        best[first], last_of[first] = min(costs)[0], -min(costs)[1]
    starts, first = [], 0
    while first < len(parts):
        starts.append(first)
        first = last_of[first]
    return starts


def as_given(offsets: list[int] | None, start: int, end: int) -> tuple[int, int]:
    """The slice of a text for one of its normal form; a letter takes along its marks and what was dropped behind it."""
    if offsets is None or start == end:
        return start, end
    return offsets[start], offsets[bisect_right(offsets, offsets[end - 1], hi=len(offsets) - 1)]
