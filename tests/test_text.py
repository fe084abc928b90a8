import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scamtext.text.normalization import normalise
from scamtext.text.segmentation import segmenter
from scamtext.text.spans import place_words, syllables
from scamtext.text.syllables import fold, key

SENTENCE = "Tôi ở Công an phường, chị chuyển 2 triệu vào số 0901234567 ngay!"
# What real transcripts are made of: both normal forms, both tone placements, emoji, links, junk.
PIECES = [
    "toả",
    "tỏa",
    "hoà",
    "ĐƯỜNG",
    "otp",
    "\u200b",
    "\u0301",
    "😀",
    "https://a.vn/x?y=1",
    "a@b.vn",
    "5tr",
    "ﬁ",
    "İ",
    "각",
]
messy = st.lists(st.sampled_from(PIECES) | st.text(max_size=8), max_size=12).map(" ".join)


def words(text):
    normal, offsets = normalise(text)
    return place_words(segmenter().with_sizes(normal), normal, offsets)


@pytest.mark.parametrize(
    ("text", "forms"),
    [
        ("Chuyển 2 triệu", ["chuyển", "<tiền>"]),
        ("500k nha", ["<tiền>", "nha"]),
        ("gọi 0901 234 567 nhé", ["gọi", "<sđt>", "nhé"]),
        ("mã 123456", ["mã", "<số6>"]),
        ("vào vneid-capnhat.com đi", ["vào", "<link>", "đi"]),
        ("https://abc.vn/x rồi", ["<link>", "rồi"]),
        ("lúc 8:30", ["lúc", "<số3>"]),
        ("", []),
        ("😀 ...", []),
    ],
)
def test_syllables_mark_numbers_and_links(text, forms):
    assert [token.form for token in syllables(text).syllables] == forms


def test_sentence_ends_are_kept_apart():
    assert syllables("Không. Đọc mã đi").stops == {1}


def test_words_are_segmented_and_carry_their_place():
    tokens = words(SENTENCE)
    assert "công_an" in [token.form for token in tokens]
    assert [SENTENCE[token.start : token.end] for token in tokens][:3] == ["Tôi", "ở", "Công an"]


def test_words_of_decomposed_text_point_into_the_text_as_given():
    text = unicodedata.normalize("NFD", "phong toả tài khoản")
    assert [text[token.start : token.end] for token in words(text)] == [
        unicodedata.normalize("NFD", word) for word in ("phong toả", "tài khoản")
    ]


@given(messy)
def test_every_token_is_a_slice_in_order(text):
    for tokens in (syllables(text).syllables, words(text)):
        places = [(token.start, token.end) for token in tokens]
        assert places == sorted(places)
        assert all(0 <= start < end <= len(text) for start, end in places)


@given(st.text(alphabet="aăâeêioôơuưyđAĂĐ bcn\u0300\u0301\u0303\u0309\u0323,.1", max_size=40))
def test_both_normal_forms_give_the_same_tokens(text):
    composed, decomposed = (unicodedata.normalize(form, text) for form in ("NFC", "NFD"))
    for tokenise in (lambda t: syllables(t).syllables, words):
        assert [t.form for t in tokenise(composed)] == [t.form for t in tokenise(decomposed)]


def test_invisible_characters_do_not_cut_a_syllable():
    assert [t.form for t in syllables("chuy\u200bển tiền").syllables] == ["chuyển", "tiền"]


def test_offsets_are_none_only_when_they_are_the_same():
    assert normalise("chuyển")[1] is None
    assert normalise("chuy\u200bển")[1] == [0, 1, 2, 3, 5, 6, 7]


def test_key_agrees_over_old_and_new_tone_placement():
    assert [key(a) == key(b) for a, b in [("toả", "tỏa"), ("hoà", "hòa"), ("thuỷ", "thủy"), ("ma", "má")]] == [
        True,
        True,
        True,
        False,
    ]


def test_fold_drops_every_mark():
    assert fold("đường") == "duong"
