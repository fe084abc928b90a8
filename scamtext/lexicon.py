"""Cue phrases as data: reads lexicons/*.toml, checks them, and finds their phrases.

A phrase is a row of syllables, compared whole (the "an" of "công an" is never found in
"quan"), blind to case and to old or new tone placement. Its small language:

    đọc mã              two syllables in a row
    (đọc|gửi) mã        one of several, each of one or more syllables
    mã số? otp          an optional syllable
    chuyển ..3 <tiền>   up to three syllables between; <tiền>, <sđt>, <link> are marks
"""

from __future__ import annotations

import itertools
import re
import tomllib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from scamtext.calls import SPEAKERS
from scamtext.errors import LexiconError
from scamtext.text import fold, key

CUE_KINDS = (
    "threat",
    "agency",
    "money_request",
    "credential_request",
    "secrecy",
    "urgency",
    "remote_app",
    "channel_switch",
    "reward",
)
DIRECTIONS = ("forward", "backward", "terminate")
LEXICONS = Path(__file__).parent / "lexicons"

_ELEMENT = re.compile(r"\.\.(?P<gap>\d+)|\((?P<any>[^()]+)\)(?P<anyopt>\??)|(?P<one>[^\s()?|]+)(?P<oneopt>\??)")


@dataclass(frozen=True, slots=True)
class Cue:
    """Phrases of one kind; `speaker` limits them to turns of that party (or of nobody known)."""

    kind: str
    phrases: tuple[str, ...]
    speaker: str | None = None
    examples: tuple[str, ...] = ()
    counterexamples: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Modifier:
    """Phrases that deny, report or warn about what stands near them.

    A forward modifier reaches `scope` syllables ahead, a backward one as many back.
    A "terminate" phrase ends a reach; so does the end of a sentence, unless
    `across_sentences` is set (a warning goes on for several).
    """

    direction: str
    phrases: tuple[str, ...]
    scope: int = 0
    across_sentences: bool = False


class Match(NamedTuple):
    """An entry found at syllables start..end (half open)."""

    entry: Cue | Modifier
    start: int
    end: int


class Lexicon:
    """All cues and modifiers, as one tree of syllables.

    Parameters
    ----------
    cues, modifiers : the entries; `read` takes them from a folder.
    """

    def __init__(self, cues: Sequence[Cue], modifiers: Sequence[Modifier]) -> None:
        self.cues, self.modifiers = tuple(cues), tuple(modifiers)
        entries: list[Cue | Modifier] = [*self.cues, *self.modifiers]
        self._by_key = _index(entries, key)
        self._by_fold = _index(entries, fold)

    @classmethod
    @lru_cache(maxsize=4)
    def read(cls, folder: Path = LEXICONS) -> Lexicon:
        """The lexicon in `folder`.

        Raises
        ------
        LexiconError : a file is missing or breaks a rule; the message names file and entry.
        """
        cues: list[Cue] = []
        modifiers: list[Modifier] = []
        paths = sorted(folder.glob("*.toml"))
        if not paths:
            raise LexiconError(f"{folder}: no lexicon files (*.toml) here")
        for path in paths:
            for number, fields in enumerate(_entries(path), 1):
                entry = _entry(fields, f"{path.name}, entry {number}")
                (cues if isinstance(entry, Cue) else modifiers).append(entry)  # type: ignore[arg-type]
        return cls(cues, modifiers)

    def find(self, forms: Sequence[str], folded: bool = False) -> list[Match]:
        """All entries found in a turn's syllables, the longest first at each place.

        `folded` compares without diacritics, for calls that were typed without them.
        """
        root, form = (self._by_fold, fold) if folded else (self._by_key, key)
        syllables = [form(syllable) for syllable in forms]
        found: list[Match] = []
        for start in range(len(syllables)):
            longest: dict[int, Match] = {}
            for entry, end in root.matches(syllables, start):
                if id(entry) not in longest or longest[id(entry)].end < end:
                    longest[id(entry)] = Match(entry, start, end)
            found.extend(sorted(longest.values(), key=lambda match: -match.end))
        return found


_Step = str | int


class _Node:
    """A place in the tree of all phrases: what may follow, and what ends here."""

    __slots__ = ("entries", "gaps", "next")

    def __init__(self) -> None:
        self.next: dict[str, _Node] = {}
        self.gaps: dict[int, _Node] = {}
        self.entries: list[Cue | Modifier] = []

    def add(self, steps: Sequence[_Step], entry: Cue | Modifier) -> None:
        """Grow the path of a phrase."""
        node = self
        for step in steps:
            following: dict[Any, _Node] = node.gaps if isinstance(step, int) else node.next
            node = following.setdefault(step, _Node())
        node.entries.append(entry)

    def matches(self, syllables: list[str], position: int) -> Iterator[tuple[Cue | Modifier, int]]:
        """Every entry whose phrase runs from here, and where it ends."""
        for entry in self.entries:
            yield entry, position
        for gap, node in self.gaps.items():
            for skip in range(gap + 1):
                yield from node.matches(syllables, position + skip)
        if position < len(syllables) and (following := self.next.get(syllables[position])):
            yield from following.matches(syllables, position + 1)


def _index(entries: Sequence[Cue | Modifier], form: Callable[[str], str]) -> _Node:
    root = _Node()
    for entry in entries:
        for phrase in entry.phrases:
            for steps in expand(phrase):
                root.add([step if isinstance(step, int) else form(step) for step in steps], entry)
    return root


def expand(phrase: str) -> list[tuple[_Step, ...]]:
    """Every plain row of syllables and gaps that a phrase stands for.

    >>> expand("(đọc|gửi) mã số?")
    [('đọc', 'mã', 'số'), ('đọc', 'mã'), ('gửi', 'mã', 'số'), ('gửi', 'mã')]
    """
    rows = (tuple(itertools.chain(*row)) for row in itertools.product(*_elements(phrase)))
    return [_without_last_gap(row) for row in rows]


def _without_last_gap(row: tuple[_Step, ...]) -> tuple[_Step, ...]:
    """A row cut after its last syllable: an optional end leaves a gap with nothing behind it."""
    return _without_last_gap(row[:-1]) if row and isinstance(row[-1], int) else row


def _elements(phrase: str) -> Iterator[list[tuple[_Step, ...]]]:
    if _ELEMENT.sub("", phrase).strip():
        raise LexiconError(f"phrase {phrase!r}: stray characters; see scamtext/lexicon.py for the syntax")
    for match in _ELEMENT.finditer(phrase):
        if match["gap"]:
            yield [(int(match["gap"]),)]
            continue
        options = [tuple(option.split()) for option in (match["any"] or match["one"]).split("|")]
        optional = match["anyopt"] or match["oneopt"]
        yield [*options, ()] if optional else [*options]


def _entries(path: Path) -> list[dict[str, Any]]:
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise LexiconError(f"{path.name}: not readable as TOML: {error}") from error
    shared = {name: content[name] for name in ("kind",) if name in content}
    return [{**shared, **fields} for name in ("cue", "modifier") for fields in content.get(name, [])]


def _entry(fields: dict[str, Any], where: str) -> Cue | Modifier:
    fields = {name: tuple(value) if isinstance(value, list) else value for name, value in fields.items()}
    try:
        entry = Cue(**fields) if "kind" in fields else Modifier(**fields)
    except TypeError as error:
        raise LexiconError(f"{where}: {error}") from error
    if isinstance(entry, Cue) and (entry.kind not in CUE_KINDS or entry.speaker not in SPEAKERS):
        raise LexiconError(f"{where}: kind {entry.kind!r} or speaker {entry.speaker!r} is not known")
    if isinstance(entry, Modifier) and entry.direction not in DIRECTIONS:
        raise LexiconError(f"{where}: direction {entry.direction!r} is not one of {DIRECTIONS}")
    for phrase in entry.phrases:
        for first, *_ in expand(phrase):
            if isinstance(first, int):
                raise LexiconError(f"{where}: phrase {phrase!r} begins with a gap")
    return entry
