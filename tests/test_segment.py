"""The segmenter is underthesea's word_tokenize to the letter; benchmarks/segment_equality.py asks far more."""

import io
import random
import subprocess
import sys
import unicodedata

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from underthesea import word_tokenize

from scamtext.text import crf
from scamtext.text import segmentation as segment
from scamtext.text.segmentation import Segmenter
from scamtext.text.segmentation_tables import DIGESTS, compile_tables

RUN = """
import sys
sys.modules["underthesea"] = sys.modules["underthesea_core"] = None
import numpy as np
from scamtext.text.segmentation import Segmenter
tables = np.load(sys.argv[1])
print(Segmenter(tables).segment(["ngân hàng"]), [m for m in ("pandas", "sklearn", "joblib") if m in sys.modules])
"""
# What breaks rules: edges as words, numbers of 32 bits, titles, abbreviations, respelling, odd letters.
FRAGMENTS = [
    *("BOS", "EOS", "bos", "True", "False", "2147483647", "2147483648", "-5", "+5", "0" * 11 + "5", "5", "1" * 50),
    *("Th.S", "Th S", "Th s", "Th\u00a0s", "Th.s", "ThS.", "TP.", "A.", "Đ.", "\u00d0.", "K.", "\u212a.", "H&M"),
    *("ngân hàng", "phong toả", "thuỷ", "nghành", "chuỵện", "Công An", "ĐIỆN LỰC", "\u00d0IỆN", "\u00f0iện", "H'Mông"),
    *("\u019b", "\ua7d3", "\u0663", "ß", "ŉ", "İ", "ǆ", "Σ", "ΑΣ", "😀", "o\u0309", "\u0301", "\u200b", "\x1c", "\x85"),
    *(":D", ":D.", ":))", "a@b.vn", "https://a.vn/b?c=(d)", "3x4", "43H-0530", "NĐ-CP", "e-mail", "1.600m-2.000m"),
    *(
        "PE13000146339",
        "LA196kWh",
        "TIEN",
        "xq",
        "zq12",
        "Xq",
        "\n",
        "\t",
        ".",
        "..",
        ",",
        "?",
        "-",
        "_",
        "=>",
        "v.v...",
    ),
]
# Each of these comes out wrong without the replay.
TIES = [
    "Xqa Xqa Xqa TIEN TIEN TIEN Xqa 12",
    "LA196kWh Xqa Xqa Xqa TIEN Xqb Xqa 5",
    "Xqb Xqb Xqb Xqb TIEN Xqa TIEN LA196kWh )",
    "LA196kWh TIEN TIEN Xqb Xqa Xqa TIEN TIEN là",
    "Xqa Xqa LA196kWh Xqb Xqa Xqa TIEN Xqb Xqb Công",
]


@pytest.fixture(scope="module")
def tables():
    return compile_tables()


@pytest.fixture(scope="module")
def segmenter(tables):
    return Segmenter(tables)


@pytest.fixture(scope="module")
def turns(corpus):
    turns = [turn.text for item in corpus for turn in item.call.turns]
    return random.Random(7).sample(turns, 500)


def bare(text):
    letters = unicodedata.normalize("NFD", text).replace("đ", "d").replace("Đ", "D")
    return "".join(letter for letter in letters if not unicodedata.combining(letter))


def mutate(text, chance):
    pieces = [chance.choice(FRAGMENTS) if chance.random() < 0.2 else word for word in text.split(" ")]
    joined = "".join(word + chance.choice(["", " ", " ", " ", "  ", "\n", "\u00a0"]) for word in pieces)
    cut = chance.randrange(len(joined) + 1)
    return joined[cut:] + joined[:cut].swapcase()


def assert_equal(segmenter, texts):
    for text, words in zip(texts, segmenter.segment(texts), strict=True):
        assert words == word_tokenize(text), repr(text)


def test_the_installed_model_is_the_one_that_was_pinned(tables):
    found = dict(line.split("\t") for line in tables["digests"].tobytes().decode().split("\n"))
    changed = [name for name in found.keys() | DIGESTS.keys() if found.get(name) != DIGESTS.get(name)]
    assert not changed, (
        f"underthesea's word tokeniser has changed ({', '.join(sorted(changed))}): compile and ship new tables, "
        f"run benchmarks/segment_equality.py, retrain, and pin these in segment.DIGESTS: {found}"
    )


def test_tables_are_small_and_need_no_pickle(tables, tmp_path):
    file = tmp_path / "tables.npz"
    np.savez_compressed(file, **tables)
    assert file.stat().st_size < 2 << 20
    with np.load(io.BytesIO(file.read_bytes()), allow_pickle=False) as loaded:
        assert set(loaded) == set(tables)
        assert Segmenter(loaded).segment(["ngân hàng"]) == [["ngân hàng"]]


def test_running_needs_no_underthesea(tables, tmp_path):
    np.savez_compressed(tmp_path / "tables.npz", **tables)
    command = [sys.executable, "-c", RUN, str(tmp_path / "tables.npz")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[['ngân hàng']] []"


@pytest.mark.parametrize(
    "form",
    [str, str.lower, str.upper, str.title, bare, lambda text: unicodedata.normalize("NFD", text)],
    ids=["as is", "lower", "upper", "title", "bare", "NFD"],
)
def test_equal_on_the_corpus(segmenter, turns, form):
    assert_equal(segmenter, [form(turn) for turn in turns])


def test_equal_on_whole_calls(segmenter, corpus):
    assert_equal(segmenter, [item.call.text.lower() for item in corpus[::50]])


def test_equal_on_mutated_text(segmenter, turns):
    chance = random.Random(3)
    assert_equal(segmenter, [mutate(turn, chance) for turn in turns * 3])


def test_equal_on_every_fragment_alone_and_in_pairs(segmenter):
    ends = ["", ".", "\n", ".\n", " .", ". \n"]
    assert_equal(segmenter, ["", " ", "\n\n", *(fragment + end for fragment in FRAGMENTS for end in ends)])
    assert_equal(segmenter, [f"{a} {b}" for a in FRAGMENTS for b in FRAGMENTS])


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=30), max_size=4))
@settings(max_examples=300, deadline=None)
def test_equal_on_any_unicode(segmenter, texts):
    assert_equal(segmenter, texts)


@given(st.lists(st.sampled_from(FRAGMENTS) | st.sampled_from(" .,\n"), max_size=12).map("".join))
@settings(max_examples=300, deadline=None)
@example("Anh học Th.S A.")
def test_equal_on_any_fragments(segmenter, text):
    assert_equal(segmenter, [text])


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("ông A.", ["ông", "A", "."]),
        ("ông A.\n", ["ông", "A", "."]),
        ("ông A. ", ["ông", "A."]),
        ("ông A. đi", ["ông", "A.", "đi"]),
        ("học Th S rồi", ["học", "Th S", "rồi"]),
        ("học Th\nS rồi", ["học", "Th", "S", "rồi"]),
        ("phong toả nghành", ["phong", "tỏa", "ngành"]),
    ],
)
def test_tokens(segmenter, text, tokens):
    assert segmenter.tokens(text) == tokens
    assert segmenter.segment([text]) == [word_tokenize(text)]


@pytest.mark.parametrize("text", TIES)
def test_exact_ties_are_replayed(tables, text, monkeypatch):
    replayed = []
    field = crf.ConditionalRandomField
    monkeypatch.setattr(field, "_replay", lambda *args, old=field._replay: replayed.append(1) or old(*args))
    assert_equal(Segmenter(tables), [text, "ngân hàng"])
    assert len(replayed) == 1


def test_replay_gives_the_labels_of_ordinary_text_too(tables, turns, monkeypatch):
    monkeypatch.setattr(crf, "GUARD", 1e9)
    assert_equal(Segmenter(tables), turns[:200])


# The labels of the last four hang together over any distance.
LONG = ["xq", "Xq", "xq 12", "xq XQ", "TIEN LA196kWh 9", "xói Xq Nhân", "Thế xq", "tam chói", "ủi"]


@pytest.mark.parametrize("words", LONG)
def test_long_runs(segmenter, words):
    assert_equal(segmenter, [" ".join([words] * n + end) for n in (1, 2, 3, 5, 40, 400) for end in ([], ["ngân hàng"])])


def test_the_batch_does_not_matter(segmenter, turns, monkeypatch):
    together = segmenter.segment(turns)
    assert [segmenter.segment([turn])[0] for turn in turns] == together
    monkeypatch.setattr(segment, "BATCH_CHARACTERS", 100)
    assert segmenter.segment(turns) == together
    assert segmenter.segment([]) == []


def test_a_full_cache_changes_nothing(tables, turns, monkeypatch):
    monkeypatch.setattr(segment, "CACHED_CHUNKS", 60)
    monkeypatch.setattr(segment, "LONGEST_PIECE", 4)
    small = Segmenter(tables)
    assert_equal(small, turns)
    assert max(len(small._chunks), len(small._rows)) <= 60
    assert max(map(len, [*small._chunks, *small._rows])) <= 4


@given(
    st.lists(st.sampled_from(FRAGMENTS) | st.text(st.characters(exclude_categories=["Cs"]), max_size=5)).map(" ".join)
)
@settings(max_examples=100, deadline=None)
def test_sizes_are_those_of_the_characters_of_the_text(segmenter, tables, text):
    respelt = {line.split("\t")[1] for line in tables["respelt"].tobytes().decode().split("\n")}
    sizes, tokens = segmenter.sizes(text), segmenter.tokens(text)
    solid = "".join(unicodedata.normalize("NFC", text).split())
    assert sum(sizes) == len(solid)
    ends = np.cumsum(sizes).tolist()
    for token, start, end in zip(tokens, [0, *ends], ends, strict=False):
        same = "".join(token.split()) == solid[start:end].replace("\u00f0", "đ").replace("\u00d0", "Đ")
        assert same or token in respelt
