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
from collections.abc import Iterator, Sequence
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
    """All cues and modifiers, indexed by their first syllable.

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
        index, form = (self._by_fold, fold) if folded else (self._by_key, key)
        syllables = [form(syllable) for syllable in forms]
        found: list[Match] = []
        for start, syllable in enumerate(syllables):
            longest: dict[int, Match] = {}
            for entry, rest in index.get(syllable, ()):
                end = _end(rest, syllables, start + 1)
                if end and (id(entry) not in longest or longest[id(entry)].end < end):
                    longest[id(entry)] = Match(entry, start, end)
            found.extend(sorted(longest.values(), key=lambda match: -match.end))
        return found


_Step = str | int
_Index = dict[str, list[tuple[Cue | Modifier, tuple[_Step, ...]]]]


def _index(entries: Sequence[Cue | Modifier], form: Any) -> _Index:
    index: _Index = {}
    for entry in entries:
        for phrase in entry.phrases:
            for first, *rest in expand(phrase):
                steps = tuple(step if isinstance(step, int) else form(step) for step in rest)
                index.setdefault(form(first), []).append((entry, steps))
    return index


def _end(steps: tuple[_Step, ...], syllables: list[str], position: int) -> int:
    """Where the steps end when matched from `position`, or 0."""
    for number, step in enumerate(steps):
        if isinstance(step, int):
            ends = (_end(steps[number + 1 :], syllables, position + skip) for skip in range(step + 1))
            return next(filter(None, ends), 0)
        if position >= len(syllables) or syllables[position] != step:
            return 0
        position += 1
    return position


def expand(phrase: str) -> list[tuple[_Step, ...]]:
    """Every plain row of syllables and gaps that a phrase stands for.

    >>> expand("(đọc|gửi) mã số?")
    [('đọc', 'mã', 'số'), ('đọc', 'mã'), ('gửi', 'mã', 'số'), ('gửi', 'mã')]
    """
    return [tuple(itertools.chain(*row)) for row in itertools.product(*_elements(phrase))]


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
