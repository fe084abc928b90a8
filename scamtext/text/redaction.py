"""Personal data made unreadable in place: same length, so that offsets into a call stay true.

Numbers that tell one person, account or code from all others go, as digits or as words that are spoken, and
so do names of people. Organisations, places, dates and sums stay: they say what a call is about.
What names and numbers look like is in names.toml.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import cache

from scamtext.calls import Call, Turn
from scamtext.text.dictation import LONGEST_COUNT, SHORTEST, spoken_numbers
from scamtext.text.normalization import as_given, normalise
from scamtext.text.person_names import person_names
from scamtext.text.spoken import BULLET, Span, Speech, word_lists

MOST_ROUNDS = 20  # of masking; calls need three, and what needs more is a heap of names, where nothing is spared

_YEAR = re.compile(r"(?:19|20)\d\d")
_GROUPED = re.compile(r"\d{1,3}\.\d{3}|\d{1,3}(?:\.\d{3})*\.\d00")


def mask(text: str) -> str:
    """The text with "•" for every letter and digit of personal data.

    >>> mask("Chị Nguyễn Thị Hoa, số 0901 234 567, chuyển 2 triệu")
    'Chị •••••• ••• •••, số •••• ••• •••, chuyển 2 triệu'
    """
    for _ in range(MOST_ROUNDS):  # a neighbour that is gone may have been all that spoke against a name
        masked = _mask_once(text)
        if masked == text:
            return text
        text = masked
    return "".join(map(_bullet, text))


def mask_call(call: Call) -> Call:
    """The call with its turns masked together, so that a name told in one turn is known in the others.

    Its id stays: it is what a verdict is found by.

    >>> mask_call(Call.of("em là Nguyễn Văn An")).text
    'em là •••••• ••• ••'
    """
    masked = mask(call.text)
    turns, start = [], 0
    for turn in call.turns:
        turns.append(Turn(masked[start : start + len(turn.text)], turn.speaker))
        start += len(turn.text) + 1
    return Call(tuple(turns), call.id)


def _mask_once(text: str) -> str:
    normal, offsets = normalise(text)
    speech = Speech(text, normal, offsets)
    characters = list(text)
    for start, end in (*_written(normal), *spoken_numbers(speech), *person_names(speech)):
        for place in range(*as_given(offsets, start, end)):
            characters[place] = _bullet(characters[place])
    return "".join(characters)


def _bullet(character: str) -> str:
    return BULLET if unicodedata.category(character)[0] in "LMN" else character


# Numbers in digits, and addresses


@cache
def _pieces() -> re.Pattern[str]:
    """Addresses, what looks like an identifier and is none (`keep`), and digits."""
    money, units = (
        "|".join(sorted(map(re.escape, word_lists()[name]), key=len, reverse=True)) for name in ("money", "units")
    )
    profiles, hotlines = ("|".join(map(re.escape, word_lists()[name])) for name in ("profiles", "hotlines"))
    return re.compile(
        rf"(?<![\w.-])(?:https?://)?(?:www\.)?(?:{profiles})/(?P<user>[^\s?#]+)"
        r"|(?<=://)(?P<login>[^\s/@]++)@"
        r"|(?<![\w.+-])(?P<mail>[\w.+-]*+@[\w-]++(?:\.[\w-]++)*+)"
        r"|(?P<link>(?:https?://|www\.)\S++|(?<![\w.-])(?:[\w-]++\.)+(?:com|vn|net|org|info|top|apk|xyz|cc|app|me)\b\S*+)"
        r"|(?<!\w)(?P<plate>\d{2}[a-zđ]{1,2}\d?[ .-]{0,3}\d{3}[ .]?\d{1,2}(?![\w.]\d|\w))"
        r"|(?<![\d.,/-])(?P<keep>"
        r"\d{1,2}[/.-]\d{1,2}[/.-](?:19|20)\d\d(?!\d)|\d{1,2}/\d{1,4}(?![\d/])"
        r"|\d{1,2}\s?(?:h|g|:)\s?\d{2}(?!\d)|\d{1,2}\s?(?:giờ|gio)\s?\d{1,2}(?![\d.])"
        r"|\d{1,2}\s?-\s?\d{1,2}(?![\d.-])"
        rf"|\d+(?:[.,]\d+)*+\s?(?:{money})(?:\s?\d{{1,3}})?(?![\w]|[ .-]?\d)"
        rf"|\d{{1,{LONGEST_COUNT}}}(?:[.,]\d+)?\s?(?:(?:{units})(?!\w)|%)"
        rf"|(?:{hotlines}|1[89]00[ .]?\d{{4}}|1[89]00[ .]?\d\d[ .]?\d\d[ .]?\d\d)(?![ .-]?\d))"
        r"|(?P<digits>\d(?:[ .\u00a0_–-]{0,2}\d)*)"
    )


def _written(normal: str) -> Iterator[Span]:
    for match in _pieces().finditer(normal):
        kind = match.lastgroup or ""
        if kind == "digits":
            if _identifies(normal, match):
                yield match.span()
        elif kind == "link":
            yield from (
                (match.start() + number.start(), match.start() + number.end())
                for number in re.finditer(r"\d{9,}", match.group())
            )
        elif kind != "keep":
            yield match.span(kind)


def _identifies(normal: str, match: re.Match[str]) -> bool:
    number = match.group()
    count = sum(map(str.isdecimal, number))
    before = normal[max(0, match.start() - 12) : match.start()].split()
    previous = before[-1] if before else ""
    if _GROUPED.fullmatch(number):
        return False  # a sum without its currency
    if _YEAR.fullmatch(number) and previous in word_lists()["years"]:
        return False
    if count == SHORTEST:
        return len(number) == SHORTEST and previous not in word_lists()["sums"]
    return count > SHORTEST


# Words


# Numbers in words


# Names
