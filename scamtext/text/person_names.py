"""Names of persons, with and without capital letters."""

from __future__ import annotations

from collections.abc import Iterator

from scamtext.text.spoken import Span, Speech
from scamtext.text.syllables import could_be_vietnamese

LONGEST_NAME, FULL_NAME, GIVEN_NAME = 4, 3, 2  # syllables: at most, with a middle name, of two given names


def person_names(speech: Speech) -> Iterator[Span]:
    """Yield the spans of names of persons."""
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


def _again(speech: Speech, known: set[str]) -> Iterator[int]:
    """Where names that were found stand once more without anything that tells."""
    for index, form in enumerate(speech.forms):
        if form in known and not speech.before(index, "heads") and not speech.begins_place(index):
            word = speech.words[index]
            telling = word.capital and not (word.opens and speech.is_any(index, "weak"))
            alone = speech.is_any(index, "rare") or (word.opens and speech.is_any(index, "given"))
            if telling or (not speech.cased and alone and not _is_everyday(speech, index)):
                yield index


def _capital_names(speech: Speech) -> Iterator[Span]:
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


def _without_opening(speech: Speech, first: int, end: int) -> int:
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


def _name_end(speech: Speech, first: int, end: int) -> int:
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


def _is_name(speech: Speech, first: int, after: int) -> bool:
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


def _is_bare_name(speech: Speech, first: int, after: int) -> bool:
    """Whether given names stand there, with no title or surname to tell."""
    opens = speech.words[first].opens
    if after - first > 1:
        begins = speech.is_any(first, "given", "weak", "middles") and not opens
        return speech.is_any(after - 1, "given") and (begins or speech.is_any(first, "ordinals"))
    called = speech.joined(after) and speech.is_any(after, "callings")
    if called and speech.is_any(first, "given", "weak"):
        return True
    return speech.is_any(first, "given") and not opens and not speech.is_any(first, "heads", "countries")


def _quiet_names(speech: Speech) -> Iterator[Span]:
    """Names in text whose capitals tell nothing."""
    end = 0
    for index in speech.where("surnames", "middles", "given", "weak", "ordinals"):
        if index >= end:
            end = _quiet_full(speech, index) or _quiet_given(speech, index) or _quiet_called(speech, index)
            if end:
                yield index, end


def _quiet_full(speech: Speech, index: int) -> int:
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
    is_introduced = speech.introduced(index) and speech.is_any(after - 1, "given", "weak")
    return after if is_introduced or (clear and (size >= FULL_NAME or speech.is_any(after - 1, "given", "weak"))) else 0


def _continues(speech: Speech, first: int, index: int) -> bool:
    if speech.is_any(index - 1, "gender") and index - first > 1:
        return not speech.is_any(index, "magnitudes")  # "nguyễn văn ..." must go on
    if speech.pair(index, "everyday"):
        return False
    if index - first < LONGEST_NAME - 1:
        return speech.is_any(index, "middles", "given", "weak")
    return speech.is_any(index, "given") or (speech.is_any(index, "weak") and speech.is_any(index - 1, "middles"))


def _quiet_given(speech: Speech, index: int) -> int:
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


def _may_be_given(speech: Speech, index: int) -> bool:
    return speech.is_any(index, "given", "weak", "middles") and not speech.pair(index, "everyday")


def _is_everyday(speech: Speech, index: int) -> bool:
    """Whether the word there is half of an everyday word."""
    return speech.pair(index, "everyday") or (speech.joined(index) and speech.pair(index - 1, "everyday"))


def _ordinal(speech: Speech, index: int) -> int:
    """Where a name by order of birth ends: "chú tám", "chị năm hạnh"."""
    if not speech.joined(index + 1):
        return index + 1 if speech.before(index, "elders") else 0
    if speech.is_any(index + 1, "given") and not speech.plain:
        return index + 2
    counts = speech.is_any(index + 1, "digits", "tens", "magnitudes", "units", "money", "counted")
    if speech.is_any(index + 1, "callings"):
        return index + 1
    return index + 1 if speech.before(index, "elders") and not counts else 0


def _quiet_called(speech: Speech, index: int) -> int:
    """Where a name ends that is called or answers, or 0."""
    if _is_everyday(speech, index) or not speech.is_any(index, "plain" if speech.plain else "given"):
        return 0
    follows = ("calls", "callings") if speech.words[index].opens else ("calls",)
    return index + 1 if speech.joined(index + 1) and speech.is_any(index + 1, *follows) else 0
