"""Evasions change what is written and not what is read; what is honest stays as it is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scamtext import Call, Turn, load
from scamtext.evaluation.attacks import EVASIONS
from scamtext.evaluation.corpus import LabelledCall
from scamtext.text.normalization import normalise
from scamtext.text.spans import syllables
from scamtext.text.syllables import fold, key

# Undone for every word, and for every word of three letters or more.
LETTERS_HIDDEN = ("zero width", "look-alikes", "mixed scripts", "decomposed")
TAKEN_APART = ("emoji in words", "dotted letters", "spaced letters")
WORDS = ["chuyển", "Tiền", "khoản", "NGÂN", "công", "quét", "người", "nghiêng", "đường", "giấy", "OTP", "zalo"]
sentences = st.lists(st.sampled_from(WORDS), min_size=1, max_size=12)


def evaded(name, text):
    call = LabelledCall(Call((Turn(text, "caller"),), "x"), "scam", "bank")
    return EVASIONS[name](call).call.turns[0].text


def forms(text):
    return [token.form for token in syllables(text).syllables]


@pytest.mark.parametrize("name", EVASIONS)
def test_every_evasion_changes_calls_alike_every_time_and_leaves_their_turns(name, corpus):
    calls = corpus[::100]
    spelt = [EVASIONS[name](call) for call in calls]
    assert spelt == [EVASIONS[name](call) for call in calls]
    assert sum(a != b for a, b in zip(calls, spelt, strict=True)) > len(calls) / 4
    for before, after in zip(calls, spelt, strict=True):
        assert [turn.speaker for turn in before.call.turns] == [turn.speaker for turn in after.call.turns]
        assert (before.label, before.cues) == (after.label, after.cues)


@pytest.mark.parametrize("name", LETTERS_HIDDEN + TAKEN_APART)
@given(words=sentences)
def test_hidden_words_are_read_and_quoted_as_they_stand(name, words):
    text = ", ".join(["à", *words])  # a letter that stays, so that the text is Latin
    hidden = evaded(name, text)
    tokens = syllables(hidden).syllables
    assert [token.form for token in tokens] == forms(text)
    places = [place for token in tokens for place in (token.start, token.end)]
    assert places == sorted(places)
    quotes = [hidden[token.start : token.end] for token in tokens]
    assert [forms(f"à, {quote}")[1:] for quote in quotes[1:]] == [[form] for form in forms(text)[1:]]
    # Nothing but what lay between the words lies between the quotes.
    assert ", ".join(quotes) == hidden


@pytest.mark.parametrize("name", LETTERS_HIDDEN)
def test_verdicts_on_calls_with_hidden_letters_are_those_on_the_calls(name, corpus):
    model = load()
    for item in corpus[::400]:
        hidden = EVASIONS[name](item).call
        verdict, plain = model.classify(hidden), model.classify(item.call)
        assert verdict.probability == pytest.approx(plain.probability, abs=1e-9)
        assert [(e.turn, fold(normalise(e.text)[0])) for e in verdict.evidence] == [
            (e.turn, fold(normalise(e.text)[0])) for e in plain.evidence
        ]
        assert all(hidden.turns[e.turn].text[e.start : e.end] == e.text for e in verdict.evidence)


def test_old_and_new_tones_have_the_same_keys(corpus):
    for item in corpus[::100]:
        for before, after in zip(item.call.turns, EVASIONS["old tones"](item).call.turns, strict=True):
            assert list(map(key, forms(before.text))) == list(map(key, forms(after.text)))


@pytest.mark.parametrize(
    ("code", "word"),
    [
        ("0TP", "otp"),
        ("ch1nh", "chinh"),
        ("t1ền", "tiền"),
        ("kh04n", "khoan"),
        ("m@t", "mat"),
        ("z4lo", "zalo"),
        ("cư0c", "cuoc"),
        ("đi3n", "dien"),
    ],  # marks that the digit has swallowed are all left out
)
def test_digits_within_words_are_letters(code, word):
    assert normalise(code) == (word, None)


@pytest.mark.parametrize(
    "text",
    [
        "a b c", "A. Nam với chị H. đây", "ừ u a à ờ ừ", "a e k o biết ạ", "T.V.H", "TP.HCM, Q.1", "Th.S Lan",
        "5h30, 2tr5, 50k, 3n2d", "A1 B12 t4 T0 4G CT3", "mã L4WQ8N, K7M2QA, H1N1", "0đ, 0 đồng, 0901234567",
        "a@b.vn, https://a.b.c/d?e=1", "1-1, a-b-c, x/y/z", "ck vào stk, dc k", "ok😂anh😂ạ",
        "a c ơi", "toa A, lớp 7 c.", "R&j", "ơn m nghe", "chị a e đi đâu",
        "Россия, как дела", "αβγ là gì", "日本 과 ไทย", "25°C, 10²", "chờ… “nhé”",
    ],
)  # fmt: skip
def test_what_is_honest_stays(text):
    assert normalise(text) == (text.lower(), None)


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("a c h u y ể n t i ề n", "anh chuyển tiền"),
        ("đ ọ c m ã O T P", "đọc mã otp"),
        ("c*h*u*y*ể*n t_i_ề_n", "chuyển tiền"),
        ("c-ô-n-g-a-n", "công an"),
        ("tiền❤vào", "tiền❤vào"),
        ("o̶t̶p̶", "otp"),
        ("ＯＴＰ ⓞⓣⓟ 🅾🆃🅿 ᴏᴛᴘ", "otp otp otp otp"),
        ("ОТР", "ОТР".lower()),  # Cyrillic throughout, and so is the text
        ("mã ОТР", "mã otp"),
        ("chuyể n tiề n, đượ c ngân hàn g", "chuyển tiền, được ngân hàng"),
        ("gử i ti ền", "gửi tiền"),
        ("a lô, c ơi nv cho e sđt vs", "alo, chị ơi nhân viên cho em số điện thoại với"),
        ("biết r c ạ, hỏi e à", "biết r c ạ, hỏi em à"),
        ("chưa biết r ạ", "chưa biết rồi ạ"),
        ("ch1nh s0 th3 5h t4 50", "chinh so the 5h ta 50"),  # beside a sure one
        ("s0 th3 4n t4", "s0 th3 4n t4"),
        ("Transfer vào account đó, đọc CODE.", "chuyển khoản vào tài khoản đó, đọc mã."),
        ("chi transfer di", "chi chuyen khoan di"),
        ("please transfer this money, em", "please transfer this money, em"),  # English
        ("codes, nhà banker", "codes, nhà banker"),
        ("e xin sdt trc ha", "em xin so dien thoai truoc ha"),  # typed without diacritics, and so spelt out
    ],
)
def test_what_is_read_of_odd_spellings(text, normal):
    assert normalise(text)[0] == normal


def test_short_and_torn_words_are_quoted_as_they_stand():
    text = "nv gử i sđt"
    quotes = [(token.form, text[token.start : token.end]) for token in syllables(text).syllables]
    assert quotes == [("nhân", "nv"), ("viên", "nv"), ("gửi", "gử i"), ("số", "sđt"), ("điện", "sđt"), ("thoại", "sđt")]


@given(st.text(alphabet="aчnиоtề0145@$._- 😀\u200b\u0301\u0302ｃⓞﬁİ\n", max_size=60))
def test_the_normal_form_is_normal_and_its_offsets_lead_back(text):
    normal, offsets = normalise(text)
    if offsets is None:
        assert len(normal) == len(text)
    else:
        assert len(offsets) == len(normal) + 1
        assert offsets == sorted(offsets)
        assert 0 <= offsets[0] <= offsets[-1] == len(text)
