"""What fuzzing and adversarial inputs have found, so that it stays found; benchmarks/fuzz.py looks for more."""

import json
import time

import pytest

from scamtext import Call, LexiconError, Turn, Verdict
from scamtext.cues.lexicon import Lexicon, expand
from scamtext.text.normalization import MOST_MARKS, normalise
from scamtext.text.redaction import mask
from scamtext.text.segmentation import LONGEST_PIECE, segmenter
from scamtext.text.spans import syllables

SECONDS = 5  # for what took minutes, or years


@pytest.mark.parametrize(
    "text",
    [
        "vào http://" + "." * 200 + " đi em",  # a run inside of a run: 2 ** 200 ways to fail
        "vào http://" + ",;." * 80 + " đi em",
        "a.vn/" + "!" * 200,
        "a." * 20_000,  # each "a" looked for the end of a domain, an address, an abbreviation
        "a-" * 10_000,
        "1,," * 20_000,  # each "1" looked for the currency
        "a" + "\u0301\u0323" * 20_000,  # Python sorts the marks of one letter one by one
        "\u0323\u0301" * 10_000,
        "\u200b" * 100_000,
        "İ" * 5_000,
    ],
    ids=lambda text: ascii(text[:24]),
)
def test_a_verdict_does_not_hang(shipped, text):
    start = time.process_time()
    verdict = shipped.classify(text)
    mask(text)
    assert time.process_time() - start < SECONDS
    assert verdict.call.turns[0].text == text


def test_a_heap_of_names_is_masked_in_linear_time():
    """ "Mai" and "Đoàn" are names, and words that names of places follow: each round bared five more."""
    for name in ("Mai", "Đoàn"):
        text = f"{name} " * 2_500
        start = time.process_time()
        masked = mask(text)
        assert time.process_time() - start < SECONDS
        assert masked == "•" * len(name) + " " + masked[: -len(name) - 1]


@pytest.mark.parametrize("length", [LONGEST_PIECE - 1, LONGEST_PIECE, LONGEST_PIECE + 1, 5 * LONGEST_PIECE])
def test_long_pieces_lose_nothing(length):
    for part in ("a", "a.", "A.", "Th s", "đ😀", "."):
        text = (part * length)[:length]
        assert sum(segmenter().sizes(text)) == len("".join(text.split()))
        assert "".join("".join(segmenter().segment([text])[0]).split()) == "".join(text.split())


def test_many_marks_keep_their_places():
    text = "em" + "\u0301\u0323" * MOST_MARKS + " đọc"
    normal, offsets = normalise(text)
    assert len(offsets) == len(normal) + 1
    assert [text[token.start : token.end] for token in syllables(text).syllables][-1] == "đọc"
    few = "e" + "\u0323\u0302" + "\u0300" * (MOST_MARKS - 2)
    assert normalise(few)[0] == "ệ"


@pytest.mark.parametrize("turns", [(), ("",), (" \n",), ("", "\u200b")])
def test_a_verdict_on_nothing_survives_a_round_trip(shipped, turns):
    verdict = shipped.classify(Call(tuple(map(Turn, turns))))
    assert verdict.label == "unknown"
    assert Verdict.from_dict(json.loads(json.dumps(verdict.to_dict()))) == verdict


@pytest.mark.parametrize(
    ("phrase", "message"),
    [
        ("(a|b)? " * 20, "stands for"),
        ("a ..999999999 b", "gaps of more than"),
        ("a .." + "9" * 5000 + " b", "gaps of more than"),
        ("a ..5 b ..5 c ..5 d", "gaps of more than"),
        ("a ..7 b? ..7 c", "gaps of more than"),
    ],
    ids=lambda text: text[:12],
)
def test_a_phrase_that_explodes_is_refused(phrase, message):
    with pytest.raises(LexiconError, match=message):
        expand(phrase)


@pytest.mark.parametrize(
    "content",
    [
        b"cue = 5",
        b"cue = [5]",
        b"[cue]\nkind = 'threat'",
        b"[modifier]\ndirection = 'forward'",
        b"a = " + b"[" * 100_000,
        b"a = " + b"9" * 5000,
        b"\xff",
        b"kind = 'threat'\n[[cue]]\nphrases = ['a']\nexamples = 'a'",
        b"[[modifier]]\ndirection = 'forward'\nphrases = ['a']\nscope = 'far'",
        b"[[modifier]]\ndirection = 'forward'\nphrases = ['a']\nacross_sentences = 5",
        b"kind = 'threat'\n[[cue]]\nphrases = ['" + b"(a|b) " * 20 + b"']",
    ],
    ids=lambda content: ascii(content[:20]),
)
def test_a_lexicon_that_is_none_is_named(tmp_path, content):
    (tmp_path / "bad.toml").write_bytes(content)
    with pytest.raises(LexiconError, match=r"bad\.toml"):
        Lexicon.read(tmp_path)


def test_a_folder_named_as_a_lexicon(tmp_path):
    (tmp_path / "bad.toml").mkdir()
    with pytest.raises(LexiconError, match=r"bad\.toml"):
        Lexicon.read(tmp_path)
