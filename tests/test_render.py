from dataclasses import replace
from html.parser import HTMLParser

import pytest

from scamtext import Call, DataError, Turn
from scamtext.labels import CUE_KINDS, SCAM_TYPES
from scamtext.verdict.messages import messages
from scamtext.verdict.rendering import table_row, to_html, to_text

HOSTILE = (
    '<script>alert(1)</script> & "quote" chuyển tiền ngay cho tôi '
    "<img src=x onerror=alert(1)> không được nói cho ai biết"
)
SCAM = Call(
    (
        Turn("Tôi là điều tra viên công an tỉnh. Số tài khoản của chị dính vào một vụ rửa tiền.", "caller"),
        Turn("Dạ, tôi có làm gì đâu.", "callee"),
        Turn("Chị đừng nói với ai, chuyển hết tiền sang tài khoản tạm giữ của cơ quan để kiểm tra.", "caller"),
    ),
    "7",
)


class Tags(HTMLParser):
    def __init__(self):
        super().__init__()
        self.tags, self.text = set(), []

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)

    def handle_data(self, data):
        self.text.append(data)


def test_all_text_of_a_call_is_escaped(shipped):
    parser = Tags()
    parser.feed(to_html(shipped.classify(HOSTILE)))
    assert not parser.tags & {"script", "img"}
    assert HOSTILE in "".join(parser.text)


def test_evidence_is_highlighted_in_both(shipped):
    verdict = shipped.classify(SCAM)
    assert "<mark" in verdict._repr_html_()
    assert "\x1b[30;43m" in to_text(verdict, colour=True)
    assert "[" in str(verdict)
    assert "người gọi:" in str(verdict)


def test_marks_leave_the_text_whole(shipped, corpus):
    for item in corpus[:30]:
        verdict = shipped.classify(item.call)
        parser = Tags()
        parser.feed(to_html(verdict))
        for turn in item.call.turns:
            assert turn.text in "".join(parser.text)


def test_repr_is_one_line(shipped):
    assert "\n" not in repr(shipped.classify(SCAM))
    assert repr(shipped.classify(SCAM)).startswith("<Verdict scam authority p=")


def test_a_table_row_names_the_call(shipped):
    row = table_row(shipped.classify(SCAM))
    assert row.startswith("7 ")
    assert "giả cơ quan công quyền" in row


@pytest.mark.parametrize("lang", ["vi", "en"])
def test_every_type_and_cue_has_its_sentences(lang):
    said = messages(lang)
    assert set(said["types"]) == set(SCAM_TYPES)
    assert set(SCAM_TYPES) < set(said["advice"])
    assert {*CUE_KINDS, "wording"} == set(said["kinds"])
    assert set(CUE_KINDS) < set(said["reasons"])


def test_both_languages_have_the_same_keys():
    vi, en = messages("vi"), messages("en")
    assert {name: set(table) for name, table in vi.items()} == {name: set(table) for name, table in en.items()}


@pytest.mark.parametrize("lang", ["vi", "en"])
@pytest.mark.parametrize("kind", ["card_swap", "watch"])  # the second is also a key of the advice
def test_a_type_of_ones_own_is_named_as_it_is(shipped, lang, kind):
    verdict = replace(shipped.classify(SCAM), scam_type=kind)
    assert kind in table_row(verdict, lang)
    assert kind in to_text(verdict, lang).splitlines()[0]
    assert verdict.advice(lang)[0] == messages(lang)["advice"]["other"]


def test_an_unknown_language_is_an_error():
    with pytest.raises(DataError, match="'fr' is not one of en, vi"):
        messages("fr")


def test_advice_fits_the_type_and_tells_whom_to_call(shipped):
    advice = shipped.classify(SCAM).advice()
    assert "Công an" in advice[0]
    assert "156" in advice[-1]
    assert shipped.classify("mẹ ơi chiều nay con về trễ mẹ nấu cơm trước đi nha").advice() == []
