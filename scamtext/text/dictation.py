"""Numbers that are spoken digit by digit."""

from __future__ import annotations

from collections.abc import Iterator

from scamtext.text.spoken import CUE_REACH, SPOKEN_GAP, Span, Speech

SHORTEST = 3  # digits that are taken for an identifier


LONGEST_COUNT = 5  # digits of a number that counts something


LEAST_SPOKEN = 4  # digits in words; one less where the words around say that it is a number


def spoken_numbers(speech: Speech) -> Iterator[Span]:
    """Yield the spans of numbers that are spoken digit by digit or in tens."""
    end = 0
    for index in speech.where("digits", "tens"):
        if index >= end:
            end = _dictated(speech, index)
            first, last = _without_sum(speech, index, end)
            if _is_dictation(speech, first, last):
                yield speech.span(first, last)


def _dictated(speech: Speech, index: int) -> int:
    """Where the row of digits that begins here ends."""
    end = index
    while speech.is_any(end, "digits", "tens") and (end == index or _in_row(speech, end)):
        end += 1
        linked = speech.is_any(end, "joints") and speech.is_any(end + 1, "digits") and speech.joined(end)
        if linked and speech.joined(end + 1):
            end += 1
    return end


def _in_row(speech: Speech, index: int) -> bool:
    gap = speech.normal[speech.words[index - 1].end : speech.words[index].start]
    return SPOKEN_GAP.fullmatch(gap) is not None


def _without_sum(speech: Speech, first: int, last: int) -> Span:
    """The row without what belongs to a sum or a count at its ends: "... chín | hai triệu"."""
    if speech.joined(last) and speech.is_any(last, "magnitudes", "money", "units"):
        last -= 1
        while last > first and speech.is_any(last, "tens"):
            last -= 1
    if speech.before(first, "magnitudes", "dates"):
        first = last
    return first, last


def _is_dictation(speech: Speech, first: int, last: int) -> bool:
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


def _told_as_number(speech: Speech, first: int, last: int) -> bool:
    alone = speech.words[first].opens and (last == len(speech.words) or speech.words[last].opens)
    return alone or any(speech.is_any(index, "number_cues") for index in range(max(0, first - CUE_REACH), first))
