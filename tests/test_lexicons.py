"""The shipped lexicons as data: every cue finds its examples and none of its counterexamples."""

import pytest

from scamtext.calls import Call, Turn
from scamtext.cues.detector import find_cues, unmet_examples
from scamtext.cues.lexicon import Cue, Lexicon, expand
from scamtext.errors import LexiconError
from scamtext.labels import CUE_KINDS
from scamtext.text.segmentation import segmenter
from scamtext.text.syllables import key
from scamtext.text.tokenizer import Tokeniser

LEXICON = Lexicon.of()
TOKENISER = Tokeniser(lambda form: 0, lambda form: 0, LEXICON.numbers, segmenter())


def cues(text, speaker=None, kind=None):
    tokens = TOKENISER.read([Call((Turn(text, speaker),))])
    return [find for find in find_cues(tokens, LEXICON) if kind in (None, CUE_KINDS[find.kind])]


def test_every_kind_has_phrases_and_examples():
    assert {cue.kind for cue in LEXICON.cues} == set(CUE_KINDS)
    assert all(cue.examples and cue.counterexamples for cue in LEXICON.cues if cue.kind != "threat")


def test_examples_are_found_and_counterexamples_are_not():
    assert unmet_examples(LEXICON) == []


def test_promises_that_are_not_kept_are_told():
    cue = Cue(
        "threat", ("bắt giam",), examples=("bị bắt", "đừng lo, không bắt giam đâu"), counterexamples=("bắt giam",)
    )
    assert unmet_examples(Lexicon([cue], LEXICON.modifiers)) == [
        'threat: "bị bắt" should be found',
        'threat: "đừng lo, không bắt giam đâu" should be found',
        'threat: "bắt giam" should not be found',
    ]


def test_no_phrase_stands_twice():
    rows = [(cue.kind, phrase) for cue in LEXICON.cues for phrase in cue.phrases]
    assert len(rows) == len(set(rows))


@pytest.mark.parametrize(
    ("text", "kind", "negated"),
    [
        ("anh đọc mã OTP cho em", "credential_request", False),
        ("anh đừng đọc mã OTP cho ai", "credential_request", True),
        ("ngân hàng không bao giờ yêu cầu đọc mã OTP", "credential_request", True),
        ("cảnh báo thủ đoạn mới. Chúng bảo chị chuyển khoản cho em", "money_request", True),
        ("nó bảo chị chuyển tiền cho em", "money_request", True),
        ("đừng lo. anh đọc mã OTP cho em", "credential_request", False),
        ("không được. nếu không thì anh đọc mã OTP đi", "credential_request", False),
        ("ai kêu đọc mã OTP là lừa đảo", "credential_request", True),
        ("ai kêu chuyển tiền gấp thì cúp máy nha", "money_request", True),
        ("là lừa đảo anh đọc mã OTP", "credential_request", False),  # it looks back, not ahead
        ("anh đọc mã OTP nhưng đừng nghĩ là lừa đảo", "credential_request", False),
    ],
)
def test_negation_reports_and_warnings(text, kind, negated):
    found = cues(text, kind=kind)
    assert found
    assert all(cue.negated is negated for cue in found)


def test_syllables_are_matched_whole():
    assert not cues("tôi là công anh em", kind="agency")
    assert cues("tôi là công an phường", kind="agency")


def test_both_tone_placements_and_text_without_diacritics():
    assert cues("phong toả", kind="threat")
    assert cues("phong tỏa", kind="threat")
    assert cues("tai khoan cua anh se bi phong toa", kind="threat")


def test_a_phrase_of_the_caller_is_no_cue_of_the_callee():
    assert cues("tôi có lệnh bắt tạm giam", "caller", "threat")
    assert not cues("tôi có lệnh bắt tạm giam", "callee", "threat")


def test_expand_lists_every_row():
    assert expand("(đọc|gửi) ..2 mã số?") == [
        ("đọc", 2, "mã", "số"),
        ("đọc", 2, "mã"),
        ("gửi", 2, "mã", "số"),
        ("gửi", 2, "mã"),
    ]
    assert expand("a ..2 b? ..3 c d?") == [
        ("a", 2, "b", 3, "c", "d"),
        ("a", 2, "b", 3, "c"),
        ("a", 5, "c", "d"),
        ("a", 5, "c"),
    ]
    assert key("mã") == "max"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('kind = "threat"\n[[cue]]\nphrases = ["(a|b"]', "stray characters"),
        ('kind = "thret"\n[[cue]]\nphrases = ["a"]', "thret"),
        ('kind = "threat"\n[[cue]]\nphrases = ["..2 a"]', "begins with a gap"),
        ('kind = "threat"\n[[cue]]\nphrases = ["a?"]', "is empty"),
        ('kind = "threat"\n[[cue]]\nphrases = "a b"', "list of texts"),
        ('kind = "threat"\n[[cue]]\nphrases = [5]', "list of texts"),
        ('kind = "threat"\n[[cue]]\nphrase = ["a"]', "phrase"),
        ('[[modifier]]\ndirection = "up"\nphrases = ["a"]', "up"),
        ("kind = ", "not readable as TOML"),
    ],
)
def test_faults_are_named(tmp_path, content, message):
    (tmp_path / "bad.toml").write_text(content, encoding="utf-8")
    with pytest.raises(LexiconError, match=r"bad\.toml|stray") as error:
        Lexicon.read(tmp_path)
    assert message in str(error.value)


def test_an_empty_folder_is_an_error(tmp_path):
    with pytest.raises(LexiconError, match="no lexicon files"):
        Lexicon.read(tmp_path)
