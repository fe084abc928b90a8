"""Words of a text with what is known of them: numerals, roles, names."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

from scamtext.text.normalization import as_given
from scamtext.text.syllables import could_be_vietnamese, fold, key

LISTS = Path(__file__).with_name("names.toml")


Roles = frozenset[str]


NO_ROLES: Roles = frozenset()


_WORD = re.compile(r"[^\W\d_]+")


_CLOSES = re.compile(r"[^\s,\d]|\n")  # between two words: the second one opens a sentence


@cache
def word_lists() -> dict[str, tuple[str, ...]]:
    """Return the word lists of names.toml by name, read once."""
    content = tomllib.loads(LISTS.read_text(encoding="utf-8"))
    return {name: tuple(words.split()) for name, words in content.items()}


@cache
def word_roles(form: Callable[[str], str]) -> dict[str, Roles]:
    """What each word may be, by one of its forms; places of two words are joined by "_"."""
    found: dict[str, set[str]] = {}
    for role, words in word_lists().items():
        for word in words:
            found.setdefault("_".join(map(form, word.split("_"))), set()).add(role)
    return {word: frozenset(roles) for word, roles in found.items()}


class Word(NamedTuple):
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


class Speech:
    """The words of a text and what each of them may be."""

    def __init__(self, text: str, normal: str, offsets: list[int] | None) -> None:
        self.normal = normal
        self.plain = not any(character.isalpha() and not character.isascii() for character in set(normal))
        self.form: Callable[[str], str] = fold if self.plain else key
        # Nothing is told by capitals where all letters are capitals.
        shouted = not any(map(str.islower, text))
        self.words = list(split_words(text, normal, offsets, shouted))
        self.table = word_roles(self.form)
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


def split_words(text: str, normal: str, offsets: list[int] | None, shouted: bool) -> Iterator[Word]:
    """Yield the words of a text with their positions; `normal` is its normal form, `offsets` maps it to the text."""
    end = 0
    for match in _WORD.finditer(normal):
        gap, form = normal[end : match.start()], match.group()
        start, end = match.span()
        capital = not shouted and text[offsets[start] if offsets else start].isupper()
        acronym = capital and len(form) > 1 and text[slice(*as_given(offsets, start, end))].isupper()
        if gap == " " and start > 1:  # nearly all words
            yield Word(form, start, end, capital, acronym, True, False)
            continue
        opens = start == len(gap) or _CLOSES.search(gap) is not None
        yield Word(form, start, end, capital, acronym, not opens and gap.isspace(), opens)


BULLET = "•"


Span = tuple[int, int]


SPOKEN_GAP = re.compile(r"[ \t,.…·–-]*")  # between digits that are dictated


CUE_REACH = 5  # words before a spoken number in which its cue may stand
