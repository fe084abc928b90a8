"""From a turn's text to tokens that remember where they stand in the text as given.

Everything is compared in lower-case NFC. Three forms of a syllable are used:
its spelling, its *key* (tone mark moved to the end, so that "toả" and "tỏa" agree)
and its *folded* form (no diacritics, "đ" as "d"), which is what hurried typing leaves.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache, lru_cache, wraps
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from scamtext.segment import segmenter

Answer = TypeVar("Answer")

LETTERS = Path(__file__).with_name("letters.toml")
LONGEST = 64  # characters of a string that is remembered
MOST_MARKS = 30  # that go with one letter (as in Unicode's stream-safe text); Python sorts them in quadratic time
TONES = {"\u0300": "f", "\u0301": "s", "\u0303": "x", "\u0309": "r", "\u0323": "j"}

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
FEWEST_APART = 3  # letters of the longest word that blanks or signs take apart; honest people put two side by side
SPELT, FOLDED, UNKNOWN = 2, 3, 4  # what words cost, when parts are made into them: two are worse than one

_MONEY_UNIT = r"(?:triệu|tr|nghìn|ngàn|ngìn|trăm|tỷ|tỉ|tỏi|củ|chai|k|đ|đồng|vnđ|vnd|usd|đô)"
_PIECES = re.compile(
    r"(?P<link>https?://\S+|www\.\S+|[^\s@]{1,64}@[^\s@]{1,255}\.\w+|[\w-]{1,64}(?:\.[\w-]{1,64}){0,9}\.(?:com|vn|net|org|info|top|apk|xyz|cc)\b\S*)"
    rf"|(?P<money>\d[\d.,]{{0,63}}\s?{_MONEY_UNIT}(?!\w))"
    r"|(?P<phone>(?:\+?84|0)(?:[\s.-]?\d){8,10}(?!\d))"
    r"|(?P<number>\d+(?:[.,:/-]\d+)*)"
    r"|(?P<word>[^\W\d_]+)"
    r"|(?P<stop>[.!?…;\n]+)"
)
_MARKS = {"link": "<link>", "money": "<tiền>", "phone": "<sđt>"}


def remembered(function: Callable[[str], Answer]) -> Callable[[str], Answer]:
    """Remember what a function says of short strings; long ones are seldom met again."""
    cached = lru_cache(maxsize=1 << 16)(function)

    @wraps(function)
    def ask(string: str) -> Answer:
        return cached(string) if len(string) <= LONGEST else function(string)

    return ask


class Token(NamedTuple):
    """A form and its half-open code-point slice of the turn's text as given."""

    form: str
    start: int
    end: int


class Line(NamedTuple):
    """The syllables of one turn, and the positions where a sentence ends.

    `stops` holds i when a sentence mark stands between syllables i - 1 and i.
    """

    syllables: list[Token]
    stops: frozenset[int]


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
    if not (_ODD.search(text) or _alone().search(text)):
        return text.lower(), None
    same = list(range(len(text) + 1))
    letters, offsets = _latin(text) if _STRANGE.search(text) else (text.lower(), same)
    letters, offsets = _joined(_CODED.sub(_decoded, letters), offsets)
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
        self[character] = "" if _INVISIBLE.match(character) else form if is_form else character
        return self[character]


_COMPATIBLE = _Compatible()


@cache
def _data() -> dict[str, Any]:
    return tomllib.loads(LETTERS.read_text(encoding="utf-8"))


@cache
def look_alikes() -> dict[str, str]:
    """The Latin letter that each letter of another script looks like."""
    return {other: letter for letter, others in _data()["look_alikes"].items() for other in others}


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
        is_read = word in _known() or any(map(_is_latin, letters)) or not letters
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


@cache
def _known() -> dict[str, int]:
    """Syllables of the segmenter's dictionary, and without diacritics, and a few foreign words: what each costs."""
    syllables = [word for word in segmenter().vocabulary if word.isalpha() and could_be_vietnamese(word)]
    words = syllables + _data()["foreign"].split()
    return dict.fromkeys(map(fold, syllables), FOLDED) | dict.fromkeys(words, SPELT)


@cache
def _short() -> re.Pattern[str]:
    """Words that are shortened, where they stand alone; single letters not beside others, which may spell a word."""
    longer, letters = ("|".join(w for w in _data()["short"] if (len(w) == 1) is single) for single in (False, True))
    letter = rf"(?<!(?<![^\W_])[^\W\d_] )(?:{letters})(?! [^\W\d_ạà](?![^\W_]))"
    return re.compile(rf"(?<![^\s(“\"])(?:{longer}|{letter})(?![^\s,;!?…)”\"])")


@cache
def _alone() -> re.Pattern[str]:
    """Two letters that stand alone, one with which torn words may end, or a short word: `_joined` looks closer."""
    words = "|".join(_data()["short"])
    return re.compile(rf" (?:[^\W\d_] [^\W\d_]|[cghinpt]|{words})(?![^\W_])")


def _decoded(match: re.Match[str]) -> str:
    """A word with letters for its digits and signs, if it is known then; "5h", "t4" and "A1" are no such codes."""
    code, leet = match.group(), _data()["leet"]
    if leet.keys().isdisjoint(code) or not (_DIGITS_WITHIN.fullmatch(code) or "@" in code or "$" in code):
        return code
    word = "".join(leet.get(character, character) for character in code)
    return word if word in _known() else code


def _joined(text: str, offsets: list[int]) -> tuple[str, list[int]]:
    """The text without what takes known words apart, and with short words spelt out."""
    characters = list(text)
    for pattern, fewest in ((_FILLED, 2), (_APART, FEWEST_APART)):
        for match in pattern.finditer(text):
            parts = list(_LETTERS.finditer(text, *match.span()))
            firsts = _word_starts([part.group() for part in parts])
            if max(last - first for first, last in pairwise([*firsts, len(parts)])) < fewest:
                continue
            starts = set(firsts)
            for number, (before, after) in enumerate(pairwise(parts), 1):
                filler = " " if number in starts else ""
                characters[before.end() : after.start()] = [filler] * (after.start() - before.end())
    for start, end in _torn("".join(characters)) if "" not in characters else ():
        characters[start:end] = [""] * (end - start)
    for match in _short().finditer(text):
        start, end = match.span()
        if not start or characters[start - 1]:  # no end of a torn word
            word = _data()["short"][match.group()]
            characters[start:end] = [fold(word) if text.isascii() else word, *[""] * (end - start - 1)]
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
            and first + last in _known()
        )
        if is_end:
            yield before.end(), after.start()


def _is_part(letters: str) -> bool:
    """Whether letters are no word; single ones may stand for a word."""
    return len(letters) > 1 and letters not in _known()


def _word_starts(parts: Sequence[str]) -> list[int]:
    """Which parts begin a word, when the cheapest words are made of all parts, few and long ones."""
    best, last_of = [0] * (len(parts) + 1), [0] * len(parts)
    for first in reversed(range(len(parts))):
        costs = []
        for last in range(first + 1, min(first + LONGEST_WORD, len(parts)) + 1):
            cost = _known().get("".join(parts[first:last]), UNKNOWN)
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


def syllables(text: str) -> Line:
    """Cut a turn into syllables; links, amounts, phones and numbers become marks.

    >>> [token.form for token in syllables("Chuyển 2 triệu vào 0901234567").syllables]
    ['chuyển', '<tiền>', 'vào', '<sđt>']
    """
    return cut(*normalise(text))


def cut(normal: str, offsets: list[int] | None = None) -> Line:
    """The syllables of the normal form of a text (`normalise`), put in their places."""
    tokens: list[Token] = []
    stops: set[int] = set()
    for match in _PIECES.finditer(normal):
        kind = match.lastgroup or ""
        if kind == "stop":
            stops.add(len(tokens))
            continue
        form = match.group() if kind == "word" else _MARKS.get(kind) or number_mark(match.group())
        tokens.append(Token(form, *as_given(offsets, *match.span())))
    return Line(tokens, frozenset(stops))


def number_mark(digits: str) -> str:
    """The mark of a number: only how many digits it has, up to nine.

    >>> number_mark("123456")
    '<số6>'
    """
    return f"<số{min(sum(character.isdigit() for character in digits), 9)}>"


def place_words(words: Iterable[tuple[str, int]], normal: str, offsets: list[int] | None = None) -> list[Token]:
    """Words of the normal form of a text (`normalise`), put in their places. Punctuation is left out.

    Parameters
    ----------
    words : all words in order, each with how many characters it has that are not white space.
    """
    solid = [position for position, character in enumerate(normal) if not character.isspace()]
    tokens: list[Token] = []
    seen = 0
    for word, size in words:
        first, seen = seen, min(seen + size, len(solid))
        if first < seen and any(map(str.isalnum, word)):
            tokens.append(Token(word_form(word), *as_given(offsets, solid[first], solid[seen - 1] + 1)))
    return tokens


@remembered
def word_form(word: str) -> str:
    """A word as it is counted: syllables joined by "_", numbers and codes as marks."""
    if any(character.isdigit() for character in word):
        return number_mark(word) if not any(map(str.isalpha, word)) else "<mã>"
    return word.replace(" ", "_")


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


# Onset, rime and coda of a folded syllable (Vietnamese orthography, standard since 1945).
_VIETNAMESE = re.compile(
    r"(?:b|c|ch|d|g|gh|gi|h|k|kh|l|m|n|ng|ngh|nh|p|ph|q|qu|r|s|t|th|tr|v|x)?"
    r"(?:[aeiouy]|ai|ao|au|ay|eo|eu|ia|ie|ieu|iu|iue|oa|oai|oao|oay|oe|oeo|oi|oo|ua|uao|uai|uau|uay|ue|ui|uo|uoi|uou|uu|uy|uya|uye|uyu|ye|yeu|ueu)"
    r"(?:c|ch|m|n|ng|nh|p|t)?"
)


@remembered
def could_be_vietnamese(form: str) -> bool:
    """Whether a syllable is spelt as Vietnamese ones are, with or without diacritics.

    >>> could_be_vietnamese("chuyển"), could_be_vietnamese("transfer")
    (True, False)
    """
    return _VIETNAMESE.fullmatch(fold(form)) is not None
