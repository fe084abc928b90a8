"""One transcript: a Call of Turns, with or without speakers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from scamtext.errors import DataError, listed, shown

CALLER, CALLEE = "caller", "callee"
SPEAKERS = (CALLER, CALLEE, None)
PIECE = 30  # syllables; some six seconds of speech
BATCH, BATCH_CHARACTERS = 128, 200_000  # the largest batch that is tokenised and scored at once


@dataclass(frozen=True, slots=True)
class Turn:
    """What one party says at a stretch; `speaker` is "caller", "callee" or None."""

    text: str
    speaker: str | None = None

    @classmethod
    def of(cls, value: Turn | str | Mapping[str, Any]) -> Turn:
        """A turn from a Turn, a text or {"speaker", "text"}.

        >>> Turn.of({"speaker": "caller", "text": "alo"})
        Turn(text='alo', speaker='caller')
        """
        if isinstance(value, Turn):
            return value
        return cls(value) if isinstance(value, str) else _turn(value, "turn")

    def pieces(self) -> list[Turn]:
        """The turn as a recogniser delivers it while it is spoken: even pieces of at most 30 syllables."""
        spoken = self.text.split()
        count = max(1, -(-len(spoken) // PIECE))
        cuts = [len(spoken) * part // count for part in range(count + 1)]
        return [Turn(" ".join(spoken[start:end]), self.speaker) for start, end in pairwise(cuts)]


@dataclass(frozen=True, slots=True, repr=False)
class Call:
    """One phone call: its turns in order, and the id it came with.

    Its repr has no words, so that a log of what a function was called with has none; `text` has them.
    """

    turns: tuple[Turn, ...]
    id: str | None = None

    @classmethod
    def of(cls, value: Call | str | Mapping[str, Any]) -> Call:
        """A call from whatever a caller of the library holds: a Call, a text or a record.

        >>> Call.of("alo ai đấy").turns[0].text
        'alo ai đấy'
        """
        if isinstance(value, Call):
            return value
        if isinstance(value, str):
            return cls((Turn(value),))
        if isinstance(value, Mapping):
            return cls.from_record(value)
        raise DataError(
            f"a call must be a Call, a str or a record, not {type(value).__name__}; "
            'give the transcript as text or as {"turns": [...]}'
        )

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> Call:
        """A call from `{"id", "text"}` or `{"id", "turns": [{"speaker", "text"}]}`.

        Raises
        ------
        DataError : a field is missing or has the wrong type; the message names the field.
        """
        identifier = record.get("id")
        if isinstance(identifier, (dict, list)):
            raise DataError(f'field "id": expected text or a number, got {type(identifier).__name__}')
        identifier = None if identifier is None else str(identifier)
        if record.get("turns") is not None:
            return cls(_turns(record["turns"]), identifier)
        if "text" not in record:
            raise DataError(f'no field "text" or "turns"; found {listed(sorted(map(str, record)))}')
        text = _text(record["text"], "text")
        if not text.strip():
            raise DataError('field "text": the text is empty')
        return cls((Turn(text),), identifier)

    def to_dict(self) -> dict[str, Any]:
        """The input record that `from_record` reads back."""
        turns = [{"speaker": turn.speaker, "text": turn.text} for turn in self.turns]
        return {"id": self.id, "turns": turns}

    def in_pieces(self) -> Call:
        """The call with every turn cut into its pieces."""
        return Call(tuple(piece for turn in self.turns for piece in turn.pieces()), self.id)

    @property
    def text(self) -> str:
        """All turns, one a line."""
        return "\n".join(turn.text for turn in self.turns)

    def __repr__(self) -> str:
        return f"<Call {self.id} {len(self.turns)} turns, {len(self.text)} characters>"


def _turns(value: Any) -> tuple[Turn, ...]:
    if not isinstance(value, (list, tuple)):
        raise DataError(f'field "turns": expected a list, got {type(value).__name__}')
    turns = tuple(_turn(item, f"turns[{index}]") for index, item in enumerate(value))
    if not any(turn.text.strip() for turn in turns):
        raise DataError('field "turns": no turn has any text')
    return turns


def _turn(item: Any, where: str) -> Turn:
    if not isinstance(item, Mapping):
        raise DataError(f'field "{where}": expected {{"speaker", "text"}}, got {type(item).__name__}')
    speaker = item.get("speaker")
    if speaker not in SPEAKERS:
        raise DataError(
            f'field "{where}.speaker": {shown(speaker)} is not one of "caller", "callee", null; '
            "map your speaker names to these"
        )
    return Turn(_text(item.get("text"), f"{where}.text"), speaker)


def _text(value: Any, where: str) -> str:
    if not isinstance(value, str):
        found = "null" if value is None else type(value).__name__
        raise DataError(f'field "{where}": expected text, got {found}')
    return value


CallLike = Call | str | Mapping[str, Any]


def batches(calls: Iterable[CallLike]) -> Iterator[list[Call]]:
    """Split calls into batches of limited number and length."""
    if isinstance(calls, (str, Mapping)) or hasattr(calls, "columns"):
        raise DataError(f"expected several calls, got one {type(calls).__name__}; use classify, or classify_frame")
    batch: list[Call] = []
    room = BATCH_CHARACTERS
    for call in map(Call.of, calls):
        batch.append(call)
        room -= len(call.text)
        if len(batch) == BATCH or room < 0:
            yield batch
            batch, room = [], BATCH_CHARACTERS
    if batch:
        yield batch
