"""From a turn's text to tokens that remember where they stand in the text as given.

Everything is compared in lower-case NFC. Three forms of a syllable are used:
its spelling, its *key* (tone mark moved to the end, so that "toả" and "tỏa" agree)
and its *folded* form (no diacritics, "đ" as "d"), which is what hurried typing leaves.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable
from functools import lru_cache, wraps
from typing import NamedTuple, TypeVar

Answer = TypeVar("Answer")

# Invisible characters that messengers leave inside words, and which would cut a syllable
# in two; lone surrogates come from broken JSON escapes, and no encoder takes them.
INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufe0f\ufeff\ud800-\udfff]")
LONGEST = 64  # characters of a string that is remembered
MOST_MARKS = 30  # that go with one letter (as in Unicode's stream-safe text); Python sorts them in quadratic time
TONES = {"\u0300": "f", "\u0301": "s", "\u0303": "x", "\u0309": "r", "\u0323": "j"}

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
    """Lower-case NFC without invisible characters, and where each character came from.

    The second value maps position i of the result to its offset in `text`
    (with one more entry for the end); None means that the offsets are the same.

    >>> normalise("Chuyển TIỀN")
    ('chuyển tiền', None)
    """
    plain = unicodedata.is_normalized("NFC", text) and not INVISIBLE.search(text)
    lowered = text.lower()
    if plain and len(lowered) == len(text):
        return lowered, None
    characters: list[str] = []
    offsets: list[int] = []
    for start, piece in _clusters(text):
        composed = unicodedata.normalize("NFC", INVISIBLE.sub("", piece)).lower()
        characters.append(composed)
        offsets.extend([start] * len(composed))
    return "".join(characters), [*offsets, len(text)]


def _clusters(text: str) -> list[tuple[int, str]]:
    """Base characters, each with the marks that compose with it."""
    starts: list[int] = []
    for position, character in enumerate(text):
        joins = (starts and position - starts[-1] <= MOST_MARKS) and (
            unicodedata.combining(character)
            or INVISIBLE.match(character)
            or len(unicodedata.normalize("NFC", text[position - 1] + character)) == 1
        )
        if not joins:
            starts.append(position)
    return [(a, text[a:b]) for a, b in zip(starts, [*starts[1:], len(text)], strict=True)]


def _slice(offsets: list[int] | None, start: int, end: int) -> tuple[int, int]:
    if offsets is None:
        return start, end
    # The end is where the next cluster begins, so that marks stay with their letter.
    while offsets[end] == offsets[end - 1]:
        end += 1
    return offsets[start], offsets[end]


def syllables(text: str) -> Line:
    """Cut a turn into syllables; links, amounts, phones and numbers become marks.

    >>> [token.form for token in syllables("Chuyển 2 triệu vào 0901234567").syllables]
    ['chuyển', '<tiền>', 'vào', '<sđt>']
    """
    normal, offsets = normalise(text)
    tokens: list[Token] = []
    stops: set[int] = set()
    for match in _PIECES.finditer(normal):
        kind = match.lastgroup or ""
        if kind == "stop":
            stops.add(len(tokens))
            continue
        form = match.group() if kind == "word" else _MARKS.get(kind) or number_mark(match.group())
        tokens.append(Token(form, *_slice(offsets, *match.span())))
    return Line(tokens, frozenset(stops))


def number_mark(digits: str) -> str:
    """The mark of a number: only how many digits it has, up to nine.

    >>> number_mark("123456")
    '<số6>'
    """
    return f"<số{min(sum(character.isdigit() for character in digits), 9)}>"


def place_words(words: Iterable[tuple[str, int]], normal: str, offsets: list[int] | None) -> list[Token]:
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
            tokens.append(Token(word_form(word), *_slice(offsets, solid[first], solid[seen - 1] + 1)))
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
