"""Many calls at once are cut as `text` cuts turns one by one."""

import sys
from bisect import bisect_left
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from underthesea import word_tokenize

from scamtext import Call, Turn
from scamtext.cues.lexicon import Lexicon
from scamtext.features.columns import COLUMNS, Reading
from scamtext.features.table import Names, Table
from scamtext.text.normalization import normalise
from scamtext.text.segmentation import segmenter
from scamtext.text.spans import cut, place_words, syllables, word_form
from scamtext.text.syllables import fold
from scamtext.text.tokenizer import Tokeniser
from scamtext.text.tokens import Tokens

LEXICON = Lexicon.of()
FOLDED, WORDS = Names(), Names()
TOKENISER = Tokeniser(FOLDED.__getitem__, WORDS.__getitem__, LEXICON.numbers, segmenter())
ODD = [
    "", " ", "...", "a  b", "a\nb", " x ", "a\tb 1", "İstanbul tiền", "e\u0301m tiền", "tiền\u200b.vào", "Th.S x",
    "A. B.", "chuyển 2 triệu. vào 0901 234 567 ngay", "số 12 34 56 đồng, 5 k.", "!!! nghành công an 3 tr", "😀 12",
    "c h u y ể n t.i.ề.n 2 t r i ệ u", "ti😀ền  0TP vа\u0300o ｏｔｐ. ﬁ 5",
    "x" * 70 + " 1", "a\n\nb", "một 2\n3 triệu", "số 5\ntr vào", "xong.\nhai ba 4 5 k\nrồi", "\na b", "a b\n",
]  # fmt: skip


def check(calls, tokens):
    number, last = 0, 0
    for call in calls:
        for turn in call.turns:
            first, last = tokens.first[number : number + 2].tolist()
            line = syllables(turn.text)
            expected = [(fold(token.form), token.start, token.end) for token in line.syllables]
            forms = [FOLDED.names[form] for form in tokens.syllable[first:last, 0].tolist()]
            places = tokens.start[first:last].tolist(), tokens.end[first:last].tolist()
            assert list(zip(forms, *places, strict=True)) == expected
            stops = tokens.stops[first:last]
            assert {p for p in range(1, last - first) if stops[p] > stops[p - 1]} == {
                p for p in line.stops if 0 < p < last - first
            }
            normal, _ = normalise(turn.text)
            placed = place_words(segmenter().with_sizes(normal), normal)
            own = tokens.word_turn == number
            assert [WORDS.names[form] for form in tokens.word[own].tolist()] == [word.form for word in placed]
            starts = [token.start for token in cut(normal).syllables]
            covered = [(bisect_left(starts, word.start), bisect_left(starts, word.end)) for word in placed]
            ranges = (tokens.word_first[own] - first).tolist(), (tokens.word_last[own] - first).tolist()
            assert list(zip(*ranges, strict=True)) == covered
            number += 1
    assert last == len(tokens.start) == len(tokens.turn)


def test_the_corpus_is_cut_as_turn_by_turn(corpus):
    calls = [item.call for item in corpus[::40]]
    check(calls, TOKENISER.read(calls))


def test_words_are_those_of_underthesea(corpus):
    calls = [item.call for item in corpus[::60]]
    table = Table.of(calls, LEXICON)
    for call, row in zip(calls, table.calls, strict=True):
        words = [word for turn in call.turns for word in word_tokenize(normalise(turn.text)[0])]
        forms = [word_form(word) for word in words if any(map(str.isalnum, word))]
        assert row[list(COLUMNS).index("words")].split()[1:] == forms


def test_a_word_that_is_respelt_leaves_the_next_in_place():
    for text in ("nghành công an", "nghành  công an"):  # cut in pieces, and as a whole
        tokens = TOKENISER.read([Call((Turn(text),))])
        places = zip(tokens.word_first.tolist(), tokens.word_last.tolist(), strict=True)
        assert [text[tokens.start[a] : tokens.end[b - 1]] for a, b in places] == ["nghành", "công an"]


def test_odd_texts_in_one_batch():
    calls = [Call((Turn(text), Turn(text + " rồi", "callee"), Turn(f"tiền\n{text}\nrồi"))) for text in ODD] + [Call(())]
    check(calls, TOKENISER.read(calls))


@given(st.lists(st.text(alphabet="aắđ o\u0309e.,?150 \n\u200bKktr@:/😀аｏ", max_size=30), max_size=4))
def test_any_texts(texts):
    calls = [Call((Turn(text),)) for text in texts]
    check(calls, TOKENISER.read(calls))


def test_memory_that_starts_anew_changes_nothing(monkeypatch):
    monkeypatch.setattr("scamtext.text.vocabulary.CACHED", 8)
    small = Tokeniser(FOLDED.__getitem__, WORDS.__getitem__, LEXICON.numbers, segmenter())
    for number in range(40):
        calls = [Call((Turn(f"một{number} hai ba{number} sáu. {number}"), Turn("")))]
        check(calls, small.read(calls))
        assert len(small._known.facts) <= 8 + 5


def test_long_strings_are_not_remembered():
    small = Tokeniser(FOLDED.__getitem__, WORDS.__getitem__, LEXICON.numbers, segmenter())
    calls = [Call((Turn("x" * 1000 + " tiền"), Turn("1 " * 1000)))]
    check(calls, small.read(calls))
    assert all(len(string) <= 64 for string in small._known.numbers)


@pytest.mark.parametrize("piece", ["a1", "1 ", "@", "-", "a-", "a ", "a😀", "b\u0301", "0a", "а", "t i ề n "])
def test_hostile_texts_come_to_an_end(piece):
    assert len(TOKENISER.read([Call((Turn(piece * 30_000),))]).calls) == 1


def test_threads_read_alike(monkeypatch):
    monkeypatch.setattr("scamtext.text.vocabulary.CACHED", 50)
    shared = Tokeniser(FOLDED.__getitem__, WORDS.__getitem__, LEXICON.numbers, segmenter())
    calls = [[Call((Turn(f"anh{n % 90} chuyển{n % 70} tiền ngay. {n}"),))] for n in range(400)]
    expected = [TOKENISER.read(call) for call in calls]
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(8) as pool:
            found = list(pool.map(shared.read, calls))
    finally:
        sys.setswitchinterval(interval)
    for one, other in zip(found, expected, strict=True):
        assert np.array_equal(one.syllable, other.syllable)
        assert np.array_equal(one.word, other.word)


def test_turns_join_to_their_call():
    turns = (Turn("chuyển 2 triệu. ngay", "caller"), Turn("", "callee"), Turn("vâng. để em xem", "callee"))
    joined = Tokens.join([TOKENISER.read([Call((turn,))]) for turn in turns], Call(turns))
    whole = TOKENISER.read([Call(turns)])
    for name in {field.name for field in fields(Tokens)} - {"calls", "stops"}:
        assert np.array_equal(getattr(joined, name), getattr(whole, name)), name
    assert np.array_equal(np.diff(joined.stops[joined.turn == 0]), np.diff(whole.stops[whole.turn == 0]))


@pytest.mark.parametrize(
    ("text", "readable"),
    [
        ("Anh chuyển khoản giúp em nhé", True),
        ("anh chuyen khoan giup em nhe", True),
        ("xin chào tôi là John Smith gọi từ Microsoft support về Windows license", True),
        ("please provide your account password immediately", False),
        ("Wir rufen wegen Ihres Kontos an", False),
        ("您的账户已被冻结", False),
        ("chuyển tiền ngay đi", False),
        ("1 2 3 4 5 6 7", False),
    ],
)
def test_vietnamese_of_some_length_is_readable(text, readable):
    assert Reading.of(TOKENISER.read([Call((Turn(text),))]), LEXICON).is_readable.tolist() == [readable]


def test_flags_are_counted_for_each_call():
    tokens = TOKENISER.read(
        [Call((Turn("chị chuyển 2 triệu ok"),)), Call(()), Call((Turn("chi chuyen"), Turn("transfer")))]
    )
    assert [counts.tolist() for counts in tokens.counts()] == [[4, 0, 3], [3, 0, 3], [2, 0, 0], [2, 0, 2]]
