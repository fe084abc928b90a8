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
import json
import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from scamtext.calls import SPEAKERS
from scamtext.cues.matcher import Automaton, compile_automaton
from scamtext.errors import LexiconError
from scamtext.labels import CUE_KINDS
from scamtext.text.syllables import fold, key

DIRECTIONS = ("forward", "backward", "terminate")
LEXICONS = Path(__file__).parent / "lexicons"
MOST_ROWS = 10_000  # that one phrase may stand for; half of it is the most so far
MOST_SKIPPED = 12  # syllables, by all gaps of a row; each more is one more way to go on

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


class Lexicon:
    """All cues and modifiers.

    Parameters
    ----------
    cues, modifiers : the entries; `read` takes them from a folder.
    """

    def __init__(self, cues: Sequence[Cue], modifiers: Sequence[Modifier]) -> None:
        self.cues, self.modifiers = tuple(cues), tuple(modifiers)
        self.entries: list[Cue | Modifier] = [*self.cues, *self.modifiers]

    @cached_property
    def by_key(self) -> Automaton:
        """All phrases, compared by key."""
        return Automaton(self._phrases(key))

    @cached_property
    def by_fold(self) -> Automaton:
        """All phrases, compared without diacritics."""
        return Automaton(self._phrases(fold))

    def _phrases(self, form: Callable[[str], str]) -> dict[str, Any]:
        return compile_automaton(
            ([step if isinstance(step, int) else form(step) for step in steps], number)
            for number, entry in enumerate(self.entries)
            for phrase in entry.phrases
            for steps in expand(phrase)
        )

    def compile(self) -> dict[str, Any]:
        """Arrays for `from_arrays`."""
        rules = [{**asdict(entry), "phrases": (), "examples": (), "counterexamples": ()} for entry in self.entries]
        known = [{name: value for name, value in rule.items() if value not in ((), None)} for rule in rules]
        arrays = {"lexicon": np.frombuffer(json.dumps(known).encode(), np.uint8)}
        for name, automaton in (("key", self.by_key), ("fold", self.by_fold)):
            arrays |= {f"{name}_{part}": array for part, array in automaton.arrays.items()}
        return arrays

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Any]) -> Lexicon:
        """A lexicon that finds the same phrases but cannot list them."""
        rules = [{"phrases": (), **fields} for fields in json.loads(arrays["lexicon"].tobytes())]
        lexicon = cls([Cue(**r) for r in rules if "kind" in r], [Modifier(**r) for r in rules if "kind" not in r])
        for name in ("key", "fold"):
            parts = {k.removeprefix(f"{name}_"): v for k, v in arrays.items() if k.startswith(f"{name}_")}
            lexicon.__dict__[f"by_{name}"] = Automaton(parts)
        return lexicon

    def numbers(self, syllable: str) -> tuple[int, int]:
        """The numbers of a spelt syllable in `by_key` and in `by_fold`, 0 where no phrase has it."""
        return self.by_key.numbers.get(key(syllable), 0), self.by_fold.numbers.get(fold(syllable), 0)

    @classmethod
    def of(cls, folder: str | Path | None = None) -> Lexicon:
        """The lexicon in `folder`, or without one that in the package."""
        return cls.read(LEXICONS if folder is None else Path(folder))

    @classmethod
    def read(cls, folder: Path) -> Lexicon:
        """The lexicon in `folder`.

        Raises
        ------
        LexiconError : a file is missing or breaks a rule; the message names file and entry.
        """
        try:
            files = tuple((path.name, path.read_bytes()) for path in sorted(folder.glob("*.toml")))
        except OSError as error:
            raise LexiconError(f"{error.filename}: not readable: {error.strerror}") from error
        if not files:
            raise LexiconError(f"{folder}: no lexicon files (*.toml) here")
        return _parse(files)


@lru_cache(maxsize=4)  # a search fits many models with the same phrases
def _parse(files: tuple[tuple[str, bytes], ...]) -> Lexicon:
    """The lexicon in files, given by name and content."""
    cues: list[Cue] = []
    modifiers: list[Modifier] = []
    for name, content in files:
        for number, fields in enumerate(_entries(name, content), 1):
            entry = _entry(fields, f"{name}, entry {number}")
            (cues if isinstance(entry, Cue) else modifiers).append(entry)  # type: ignore[arg-type]
    return Lexicon(cues, modifiers)


_Step = str | int


def expand(phrase: str) -> list[tuple[_Step, ...]]:
    """Every plain row of syllables and gaps that a phrase stands for.

    Raises
    ------
    LexiconError : the phrase is malformed, empty, begins with a gap, or stands for too much.

    >>> expand("(đọc|gửi) mã số?")
    [('đọc', 'mã', 'số'), ('đọc', 'mã'), ('gửi', 'mã', 'số'), ('gửi', 'mã')]
    """
    elements = list(_elements(phrase))
    count = math.prod(map(len, elements))
    if count > MOST_ROWS:
        raise LexiconError(f"phrase {phrase!r} stands for {count} rows, more than {MOST_ROWS}; cut it into several")
    rows = [with_few_gaps(tuple(itertools.chain(*row))) for row in itertools.product(*elements)]
    if any(not row or isinstance(row[0], int) for row in rows):
        raise LexiconError(f"phrase {phrase!r} is empty or begins with a gap")
    if any(sum(item for item in row if isinstance(item, int)) > MOST_SKIPPED for row in rows):
        raise LexiconError(f"phrase {phrase!r} has gaps of more than {MOST_SKIPPED} syllables in all")
    return rows


def with_few_gaps(row: tuple[_Step, ...]) -> tuple[_Step, ...]:
    """A row in which neighbouring gaps are one, and none is last: optional syllables left them so."""
    few: list[_Step] = []
    for item in row:
        if isinstance(item, int) and few and isinstance(few[-1], int):
            few[-1] += item
        else:
            few.append(item)
    return tuple(few[:-1] if few and isinstance(few[-1], int) else few)


def _elements(phrase: str) -> Iterator[list[tuple[_Step, ...]]]:
    if _ELEMENT.sub("", phrase).strip():
        raise LexiconError(f"phrase {phrase!r}: stray characters; see scamtext/lexicon.py for the syntax")
    for match in _ELEMENT.finditer(phrase):
        if match["gap"]:
            yield [(int(match["gap"][:4]),)]  # more digits are too many anyway
            continue
        options = [tuple(option.split()) for option in (match["any"] or match["one"]).split("|")]
        optional = match["anyopt"] or match["oneopt"]
        yield [*options, ()] if optional else [*options]


def _entries(name: str, content: bytes) -> list[Any]:
    import tomllib

    try:
        table = tomllib.loads(content.decode("utf-8"))
    except (ValueError, RecursionError) as error:  # numbers of 5,000 digits are a bare ValueError
        raise LexiconError(f"{name}: not readable as TOML: {error}") from error
    lists = [table.get(part, []) for part in ("cue", "modifier")]
    if not all(isinstance(part, list) and all(isinstance(item, dict) for item in part) for part in lists):
        raise LexiconError(f"{name}: entries must be written as [[cue]] or [[modifier]]")
    shared = {"kind": table["kind"]} if "kind" in table else {}
    return [{**shared, **fields} for part in lists for fields in part]


def _entry(fields: dict[str, Any], where: str) -> Cue | Modifier:
    for name in ("phrases", "examples", "counterexamples"):
        value = fields.get(name, [])
        if not isinstance(value, list) or not all(isinstance(text, str) for text in value):
            raise LexiconError(f"{where}: {name} must be a list of texts")
    fields = {name: tuple(value) if isinstance(value, list) else value for name, value in fields.items()}
    try:
        entry = Cue(**fields) if "kind" in fields else Modifier(**fields)
        for phrase in entry.phrases:
            expand(phrase)
    except (TypeError, LexiconError) as error:
        raise LexiconError(f"{where}: {error}") from error
    if isinstance(entry, Cue) and (entry.kind not in CUE_KINDS or entry.speaker not in SPEAKERS):
        raise LexiconError(f"{where}: kind {entry.kind!r} or speaker {entry.speaker!r} is not known")
    if isinstance(entry, Modifier) and entry.direction not in DIRECTIONS:
        raise LexiconError(f"{where}: direction {entry.direction!r} is not one of {DIRECTIONS}")
    if isinstance(entry, Modifier) and (type(entry.scope), type(entry.across_sentences)) != (int, bool):
        raise LexiconError(f"{where}: scope must be a whole number, across_sentences true or false")
    return entry
