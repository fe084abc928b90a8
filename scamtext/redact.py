"""Personal data made unreadable in place: same length, so that offsets into a call stay true.

Numbers that tell one person, account or code from all others go, as digits or as words that are spoken, and
so do names of people. Organisations, places, dates and sums stay: they say what a call is about.
What names and numbers look like is in names.toml.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

from scamtext.calls import Call, Turn
from scamtext.normal import as_given, normalise
from scamtext.syllable import could_be_vietnamese, fold, key

BULLET = "•"
LISTS = Path(__file__).with_name("names.toml")

Span = tuple[int, int]
Roles = frozenset[str]

NO_ROLES: Roles = frozenset()
MOST_ROUNDS = 20  # of masking; calls need three, and what needs more is a heap of names, where nothing is spared
SHORTEST = 3  # digits that are taken for an identifier
LONGEST_COUNT = 5  # digits of a number that counts something
LEAST_SPOKEN = 4  # digits in words; one less where the words around say that it is a number
LONGEST_NAME, FULL_NAME, GIVEN_NAME = 4, 3, 2  # syllables: at most, with a middle name, of two given names
CUE_REACH = 5  # words before a spoken number in which its cue may stand

_WORD = re.compile(r"[^\W\d_]+")
_CLOSES = re.compile(r"[^\s,\d]|\n")  # between two words: the second one opens a sentence
_SPOKEN_GAP = re.compile(r"[ \t,.…·–-]*")  # between digits that are dictated
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
    speech = _Speech(text, normal, offsets)
    characters = list(text)
    for start, end in (*_written(normal), *_spoken(speech), *_names(speech)):
        for place in range(*as_given(offsets, start, end)):
            characters[place] = _bullet(characters[place])
    return "".join(characters)


def _bullet(character: str) -> str:
    return BULLET if unicodedata.category(character)[0] in "LMN" else character


@cache
def _lists() -> dict[str, tuple[str, ...]]:
    content = tomllib.loads(LISTS.read_text(encoding="utf-8"))
    return {name: tuple(words.split()) for name, words in content.items()}


@cache
def _roles(form: Callable[[str], str]) -> dict[str, Roles]:
    """What each word may be, by one of its forms; places of two words are joined by "_"."""
    found: dict[str, set[str]] = {}
    for role, words in _lists().items():
        for word in words:
            found.setdefault("_".join(map(form, word.split("_"))), set()).add(role)
    return {word: frozenset(roles) for word, roles in found.items()}


# Numbers in digits, and addresses


@cache
def _pieces() -> re.Pattern[str]:
    """Addresses, what looks like an identifier and is none (`keep`), and digits."""
    money, units = (
        "|".join(sorted(map(re.escape, _lists()[name]), key=len, reverse=True)) for name in ("money", "units")
    )
    profiles, hotlines = ("|".join(map(re.escape, _lists()[name])) for name in ("profiles", "hotlines"))
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
    if _YEAR.fullmatch(number) and previous in _lists()["years"]:
        return False
    if count == SHORTEST:
        return len(number) == SHORTEST and previous not in _lists()["sums"]
    return count > SHORTEST


# Words


class _Word(NamedTuple):
    """A word of the normal form, and how it stands there.

    `joined`: only blanks lie between it and the word before; `opens`: it begins a sentence.
    """

    form: str
    start: int
    end: int
    capital: bool
    acronym: bool
    joined: bool
    opens: bool


class _Speech:
    """The words of a text and what each of them may be."""

    def __init__(self, text: str, normal: str, offsets: list[int] | None) -> None:
        self.normal = normal
        self.plain = not any(character.isalpha() and not character.isascii() for character in set(normal))
        self.form: Callable[[str], str] = fold if self.plain else key
        # Nothing is told by capitals where all letters are capitals.
        shouted = not any(map(str.islower, text))
        self.words = list(_words(text, normal, offsets, shouted))
        self.table = _roles(self.form)
        forms = {word: self.form(word) for word in {word.form for word in self.words}}
        self.forms = [forms[word.form] for word in self.words]
        self.roles = [self.table.get(form, NO_ROLES) for form in self.forms]
        self.cased = BULLET in text or any(
            word.capital and not word.opens and not word.acronym and could_be_vietnamese(word.form)
            for word in self.words
        )

    def is_any(self, index: int, *roles: str) -> bool:
        """Whether the word there may be one of these."""
        return 0 <= index < len(self.words) and not self.roles[index].isdisjoint(roles)

    def where(self, *roles: str) -> Iterator[int]:
        """Where words are that may be one of these."""
        wanted = frozenset(roles)
        return (index for index, found in enumerate(self.roles) if found and not wanted.isdisjoint(found))

    def joined(self, index: int) -> bool:
        """Whether there is a word, in one breath with the one before."""
        return 0 < index < len(self.words) and self.words[index].joined

    def before(self, index: int, *roles: str) -> bool:
        """Whether the word before, in one breath, may be one of these."""
        return self.joined(index) and self.is_any(index - 1, *roles)

    def introduced(self, index: int) -> bool:
        """Whether a name is due: "chị ...", "tên ...", "em là ..."."""
        if self.before(index, "heads"):
            return self.joined(index - 1) and self.pair(index - 2, "introducers")
        if self.before(index, "titles", "intros"):
            # Without diacritics "ở" looks like a title.
            return not (self.plain and self.before(index, "whither"))
        return self.before(index, "being") and self.before(index - 1, "titles", "intros")

    def pair(self, index: int, role: str) -> bool:
        """Whether this word and the next together may be this."""
        if not (index >= 0 and self.joined(index + 1)):
            return False
        return role in self.table.get(f"{self.forms[index]}_{self.forms[index + 1]}", NO_ROLES)

    def in_place(self, index: int) -> bool:
        """Whether a place or an organisation is what the word before lets expect."""
        if self.before(index, "heads"):
            return True
        previous = self.words[index - 1]
        brand = previous.acronym or self.is_any(index - 1, "things") or not could_be_vietnamese(previous.form)
        return self.joined(index) and previous.capital and brand

    def begins_place(self, index: int) -> bool:
        """Whether this word and the next name a place or an organisation."""
        return self.pair(index, "places")

    def span(self, first: int, after: int) -> Span:
        """Where some words lie in the normal form."""
        return self.words[first].start, self.words[after - 1].end


def _words(text: str, normal: str, offsets: list[int] | None, shouted: bool) -> Iterator[_Word]:
    end = 0
    for match in _WORD.finditer(normal):
        gap, form = normal[end : match.start()], match.group()
        start, end = match.span()
        capital = not shouted and text[offsets[start] if offsets else start].isupper()
        acronym = capital and len(form) > 1 and text[slice(*as_given(offsets, start, end))].isupper()
        if gap == " " and start > 1:  # nearly all words
            yield _Word(form, start, end, capital, acronym, True, False)
            continue
        opens = start == len(gap) or _CLOSES.search(gap) is not None
        yield _Word(form, start, end, capital, acronym, not opens and gap.isspace(), opens)


# Numbers in words


def _spoken(speech: _Speech) -> Iterator[Span]:
    end = 0
    for index in speech.where("digits", "tens"):
        if index >= end:
            end = _dictated(speech, index)
            first, last = _without_sum(speech, index, end)
            if _is_dictation(speech, first, last):
                yield speech.span(first, last)


def _dictated(speech: _Speech, index: int) -> int:
    """Where the row of digits that begins here ends."""
    end = index
    while speech.is_any(end, "digits", "tens") and (end == index or _in_row(speech, end)):
        end += 1
        linked = speech.is_any(end, "joints") and speech.is_any(end + 1, "digits") and speech.joined(end)
        if linked and speech.joined(end + 1):
            end += 1
    return end


def _in_row(speech: _Speech, index: int) -> bool:
    gap = speech.normal[speech.words[index - 1].end : speech.words[index].start]
    return _SPOKEN_GAP.fullmatch(gap) is not None


def _without_sum(speech: _Speech, first: int, last: int) -> Span:
    """The row without what belongs to a sum or a count at its ends: "... chín | hai triệu"."""
    if speech.joined(last) and speech.is_any(last, "magnitudes", "money", "units"):
        last -= 1
        while last > first and speech.is_any(last, "tens"):
            last -= 1
    if speech.before(first, "magnitudes", "dates"):
        first = last
    return first, last


def _is_dictation(speech: _Speech, first: int, last: int) -> bool:
    ten = speech.form("mười")
    count = sum(speech.is_any(index, "digits") or speech.forms[index] == ten for index in range(first, last))
    if count < SHORTEST:
        return False
    # "hai ba năm không?" asks; "đuôi hai ba năm không" tells.
    forms = speech.forms[first:last]
    nought = speech.form("không")
    asked = forms[-1] == nought and forms[-2] != nought
    if forms[:3] == [speech.form(word) for word in ("năm", "hai", "không")] and count == LEAST_SPOKEN + 1:
        return False  # a year
    return count - asked >= (SHORTEST if _told_as_number(speech, first, last) else LEAST_SPOKEN)


def _told_as_number(speech: _Speech, first: int, last: int) -> bool:
    alone = speech.words[first].opens and (last == len(speech.words) or speech.words[last].opens)
    return alone or any(speech.is_any(index, "number_cues") for index in range(max(0, first - CUE_REACH), first))


# Names


def _names(speech: _Speech) -> Iterator[Span]:
    found = list(_capital_names(speech))
    if not speech.cased:
        found += _quiet_names(speech)
    yield from (speech.span(first, after) for first, after in found)
    known = {
        speech.forms[after - 1]
        for first, after in found
        if not speech.is_any(after - 1, "ordinals", "titles", "places")
    }
    yield from (speech.span(index, index + 1) for index in _again(speech, known))


def _again(speech: _Speech, known: set[str]) -> Iterator[int]:
    """Where names that were found stand once more without anything that tells."""
    for index, form in enumerate(speech.forms):
        if form in known and not speech.before(index, "heads") and not speech.begins_place(index):
            word = speech.words[index]
            telling = word.capital and not (word.opens and speech.is_any(index, "weak"))
            alone = speech.is_any(index, "rare") or (word.opens and speech.is_any(index, "given"))
            if telling or (not speech.cased and alone and not _is_everyday(speech, index)):
                yield index


def _capital_names(speech: _Speech) -> Iterator[Span]:
    index = end = 0
    while index < len(speech.words):
        if not speech.words[index].capital:
            index += 1
            continue
        end = max(end, index + 1)
        while speech.joined(end) and speech.words[end].capital:
            end += 1
        first = _without_opening(speech, index, end)
        after = _name_end(speech, first, end)
        if after > first and _is_name(speech, first, after):
            yield first, after
        # The second word of a place would look like a name.
        index = after + 2 if speech.begins_place(after) else max(after, first + 1)


def _without_opening(speech: _Speech, first: int, end: int) -> int:
    """Past the title, or the first word of the sentence, that a row of capitals begins with."""
    if first + 1 == end or speech.begins_place(first):
        return first
    if speech.is_any(first, "surnames") and (speech.introduced(first) or speech.is_any(first + 1, "gender")):
        return first
    named = speech.is_any(first, "surnames", "given")
    # Without diacritics "anh" may be a given name too; it hardly ever is.
    if speech.is_any(first, "titles", "intros") and (speech.plain or not named or speech.is_any(first + 1, "surnames")):
        return first + 1
    named = named or speech.is_any(first, "weak", "middles", "ordinals")
    return first + 1 if speech.words[first].opens and not named else first


def _name_end(speech: _Speech, first: int, end: int) -> int:
    """Where a name that begins here must end: before places, brands and acronyms."""
    after = first
    while after < end and after - first < LONGEST_NAME + 1:
        word = speech.words[after]
        if word.acronym or (len(word.form) == 1 and not word.form.isalpha()) or speech.is_any(after, "things"):
            break
        if speech.begins_place(after):
            break
        if not could_be_vietnamese(word.form):
            foreign = after == first and speech.before(first, "titles") and not speech.before(first, "classifiers")
            return after + 1 if foreign else after
        after += 1
    return after


def _is_name(speech: _Speech, first: int, after: int) -> bool:
    if speech.introduced(first):
        known = any(speech.is_any(i, "given", "weak", "surnames", "ordinals") for i in range(first, after))
        titles_only = after - first == 1 and speech.is_any(first, "titles")
        return known or not (titles_only or speech.before(first, "classifiers"))
    if speech.in_place(first):
        return False
    full = after - first >= FULL_NAME
    likely = speech.is_any(after - 1, "given", "weak")
    if after - first > 1 and speech.is_any(first, "surnames") and (likely or full):
        return full or not speech.before(first, "whither")
    return not speech.before(first, "whither") and _is_bare_name(speech, first, after)


def _is_bare_name(speech: _Speech, first: int, after: int) -> bool:
    """Whether given names stand there, with no title or surname to tell."""
    opens = speech.words[first].opens
    if after - first > 1:
        begins = speech.is_any(first, "given", "weak", "middles") and not opens
        return speech.is_any(after - 1, "given") and (begins or speech.is_any(first, "ordinals"))
    called = speech.joined(after) and speech.is_any(after, "callings")
    if called and speech.is_any(first, "given", "weak"):
        return True
    return speech.is_any(first, "given") and not opens and not speech.is_any(first, "heads", "countries")


def _quiet_names(speech: _Speech) -> Iterator[Span]:
    """Names in text whose capitals tell nothing."""
    end = 0
    for index in speech.where("surnames", "middles", "given", "weak", "ordinals"):
        if index >= end:
            end = _quiet_full(speech, index) or _quiet_given(speech, index) or _quiet_called(speech, index)
            if end:
                yield index, end


def _quiet_full(speech: _Speech, index: int) -> int:
    """Where the full name that begins here ends, or 0."""
    if not speech.is_any(index, "surnames") or speech.before(index, "heads"):
        return 0
    if speech.begins_place(index) or _is_everyday(speech, index):
        return 0
    after = index + 1
    while after - index < LONGEST_NAME and speech.joined(after) and _continues(speech, index, after):
        after += 1
    size = after - index
    if size == 1:
        return 0
    clear = speech.is_any(index, "clear_surnames") or speech.is_any(index + 1, "gender")
    told = speech.introduced(index) and speech.is_any(after - 1, "given", "weak")
    return after if told or (clear and (size >= FULL_NAME or speech.is_any(after - 1, "given", "weak"))) else 0


def _continues(speech: _Speech, first: int, index: int) -> bool:
    if speech.is_any(index - 1, "gender") and index - first > 1:
        return not speech.is_any(index, "magnitudes")  # "nguyễn văn ..." must go on
    if speech.pair(index, "everyday"):
        return False
    if index - first < LONGEST_NAME - 1:
        return speech.is_any(index, "middles", "given", "weak")
    return speech.is_any(index, "given") or (speech.is_any(index, "weak") and speech.is_any(index - 1, "middles"))


def _quiet_given(speech: _Speech, index: int) -> int:
    """Where the given name after a title ends, or 0."""
    if not speech.introduced(index) or speech.begins_place(index) or _is_everyday(speech, index):
        return 0
    sure = "plain" if speech.plain else "given"
    if speech.is_any(index, "ordinals"):
        return _ordinal(speech, index)
    after = index
    while speech.joined(after) and after - index < GIVEN_NAME and _may_be_given(speech, after):
        after += 1
    while after > index and not speech.is_any(after - 1, sure):
        after -= 1
    if after > index:
        return after
    called = speech.joined(index + 1) and speech.is_any(index + 1, "callings")
    return index + 1 if called and speech.is_any(index, "given", "weak") else 0


def _may_be_given(speech: _Speech, index: int) -> bool:
    return speech.is_any(index, "given", "weak", "middles") and not speech.pair(index, "everyday")


def _is_everyday(speech: _Speech, index: int) -> bool:
    """Whether the word there is half of an everyday word."""
    return speech.pair(index, "everyday") or (speech.joined(index) and speech.pair(index - 1, "everyday"))


def _ordinal(speech: _Speech, index: int) -> int:
    """Where a name by order of birth ends: "chú tám", "chị năm hạnh"."""
    if not speech.joined(index + 1):
        return index + 1 if speech.before(index, "elders") else 0
    if speech.is_any(index + 1, "given") and not speech.plain:
        return index + 2
    counts = speech.is_any(index + 1, "digits", "tens", "magnitudes", "units", "money", "counted")
    if speech.is_any(index + 1, "callings"):
        return index + 1
    return index + 1 if speech.before(index, "elders") and not counts else 0


def _quiet_called(speech: _Speech, index: int) -> int:
    """Where a name ends that is called or answers, or 0."""
    if _is_everyday(speech, index) or not speech.is_any(index, "plain" if speech.plain else "given"):
        return 0
    follows = ("calls", "callings") if speech.words[index].opens else ("calls",)
    return index + 1 if speech.joined(index + 1) and speech.is_any(index + 1, *follows) else 0
