"""From a turn's text to tokens that remember where they stand in the text as given."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

from scamtext.text.normalization import as_given, normalise
from scamtext.text.syllables import remembered

if TYPE_CHECKING:
    pass

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


MIN_SYLLABLES = 5  # the shortest call that is judged; the corpus has none under 11
