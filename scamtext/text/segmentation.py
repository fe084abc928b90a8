"""underthesea's Vietnamese word segmentation, exactly, for whole batches and with numpy alone.

The tables in segment.npz were compiled from underthesea's model (`segment_tables`); nothing else is needed.
tests/test_segment.py and benchmarks/segment_equality.py hold the equality.

What underthesea does: a regex cuts NFC text into tokens, a map respells some of them, and a conditional
random field with two labels (B begins a word, I continues it) scores each token. Its 43 feature templates
read one to three neighbouring tokens as spelt, in lower case, as number, as title, as found in a
dictionary; an n-gram that reaches over an edge of the text is BOS or EOS as a whole.

Why this is fast: only differences B - I decide. Let e(t) be that of the weights at token t, and d(t) that
of the best paths ending at t. With the transition weights BB, BI, IB, II

    d(t) = e(t) + max(d(t-1) + BB, IB) - max(d(t-1) + BI, II) = e(t) + clip(C - d(t-1), LO, HI)

where C = IB - BI, LO = BB - BI and HI = IB - II. Outside of TL = II - BI to TH = IB - BB the clip forgets
d(t-1), so a few rounds over all tokens at once reach the fixed point. Going back, token t is B if
d(t) >= TH and I if d(t) < TL, whatever follows; between, it is the opposite of the next label. The last token
is B if d >= 0. What the templates say of one token is folded into five numbers, one for each place
it may take, edges included. Pairs and triples are found in a trie packed into arrays, where child b
of node a stands at base[a] + b if the owner of that place is a.

The sums are taken in another order than underthesea's, which matters only where d meets a threshold.
Exact ties do occur (three like unknown tokens in a row); such texts are replayed addition by addition.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import accumulate, chain, islice, pairwise
from pathlib import Path
from typing import TypeVar
from unicodedata import normalize

import numpy as np
from numpy.typing import NDArray

from scamtext._typing import Array
from scamtext.text.crf import REACH, ConditionalRandomField, decode_text

Value = TypeVar("Value")

TABLES = Path(__file__).with_name("segmentation.npz")
UNDERTHESEA = "9.5.0"  # whose model the tables were compiled from
CACHED_CHUNKS = 1 << 18
# Longer pieces are cut, as underthesea's regex takes quadratic time for "a.a.a."; longer tokens are not remembered.
LONGEST_PIECE = 256
BATCH_CHARACTERS = 1 << 16  # some 15,000 tokens, whose arrays stay in the processor's cache

_DOT_IS_SPACE = re.compile(r"Th[^\S\n][sS]")  # underthesea's regex does not escape the dot of "Th.S"
_PIECE = re.compile(rf"(?:Th[^\S\n](?=[sS])|\S){{1,{LONGEST_PIECE}}}")
_I32 = re.compile(r"([+-]?)0*([0-9]{1,10})")


class Segmenter:
    """underthesea's `word_tokenize`, as plainly called, from the arrays of `compile_tables`.

    Equal for every text without lone surrogates (where underthesea raises) that has no more than
    `LONGEST_PIECE` characters without white space. What is kept between calls is bounded by `CACHED_CHUNKS`.

    Parameters
    ----------
    tables : mapping of str to numpy array
        From `segment_tables.compile_tables`, or from `np.load` of what was saved of it.

    Attributes
    ----------
    vocabulary : the number of each token that the random field knows.
    """

    def __init__(self, tables: Mapping[str, Array]) -> None:
        tables = dict(tables)  # an npz file would read and inflate an array each time it is asked for
        pattern = re.compile(decode_text(tables["pattern"]), re.VERBOSE)
        respelt = dict(line.split("\t") for line in decode_text(tables["respelt"]).split("\n"))
        self.vocabulary = {word: i for i, word in enumerate(decode_text(tables["vocabulary"]).split("\n"))}
        self._chunks = _Chunks(pattern, respelt)
        self._rows = _Rows(self.vocabulary, frozenset(map(chr, tables["small"].tolist())))
        self._field = ConditionalRandomField(tables)

    def segment(self, texts: Sequence[str]) -> list[list[str]]:
        """The words of each text; equal to `[word_tokenize(text) for text in texts]`."""
        return [words for batch in _batches(texts) for words in self._segment(batch)]

    def _segment(self, texts: Sequence[str]) -> Iterator[list[str]]:
        tokens = [self.tokens(text) for text in texts]
        ends = list(accumulate(map(len, tokens)))
        joined = list(chain.from_iterable(tokens))
        begins = self.begins(self.rows(joined), np.array(list(map(len, tokens)), dtype=int))
        for start, end in zip([0, *ends], ends, strict=False):
            cuts = (start + np.flatnonzero(begins[start:end])).tolist()
            yield [" ".join(joined[a:b]) for a, b in zip(cuts, [*cuts[1:], end], strict=False)]

    def tokens(self, text: str) -> list[str]:
        """The tokens of a text, as underthesea respells them."""
        return [token for piece in pieces(text) for token in self._chunks[piece][0]]

    def sizes(self, text: str) -> list[int]:
        """How many characters of the text each of its tokens has, white space not counted.

        Respelling may change their length ("nghành" to "ngành"). All characters of a text in NFC are in its tokens.
        """
        return [size for piece in pieces(text) for size in self._chunks[piece][1]]

    def with_sizes(self, text: str) -> list[tuple[str, int]]:
        """The words of a text, each with how many characters of the text it has (`sizes`)."""
        tokens, sizes = self.tokens(text), self.sizes(text)
        cuts = np.flatnonzero(self.begins(self.rows(tokens), np.array([len(tokens)]))).tolist()
        return [(" ".join(tokens[a:b]), sum(sizes[a:b])) for a, b in pairwise([*cuts, len(tokens)])]

    def rows(self, tokens: Sequence[str]) -> Array:
        """What the random field knows tokens by."""
        return np.fromiter(map(self._rows.__getitem__, tokens), np.intp, len(tokens))

    def begins(self, rows: Array, counts: Array) -> NDArray[np.bool_]:
        """Whether each token begins a word.

        Parameters
        ----------
        rows : of the tokens of all texts (`rows`).
        counts : how many tokens each text has.
        """
        starts = counts.cumsum() - counts + REACH * np.arange(1, len(counts) + 1)
        place = np.arange(len(rows)) + np.repeat(REACH * np.arange(1, len(counts) + 1), counts)
        laid = np.full(len(rows) + REACH * (len(counts) + 1), self._rows.edge)
        laid[place] = rows
        return self._field.begins(laid, np.flatnonzero(laid == self._rows.edge), starts, starts + counts).take(place)


@lru_cache(maxsize=1)
def segmenter() -> Segmenter:
    """The segmenter with the tables that ship with scamtext."""
    with np.load(TABLES, allow_pickle=False) as tables:
        return Segmenter(tables)


def _batches(texts: Sequence[str]) -> Iterator[list[str]]:
    batch: list[str] = []
    room = BATCH_CHARACTERS
    for text in texts:
        batch.append(text)
        room -= len(text)
        if room < 0:
            yield batch
            batch, room = [], BATCH_CHARACTERS
    yield batch


def pieces(text: str) -> list[str]:
    """Pieces that the regex may cut one by one, as only two of its rules look past white space."""
    found = text.split()
    if len(max(found, key=len, default="")) > LONGEST_PIECE or ("Th" in text and _DOT_IS_SPACE.search(text)):
        found = _PIECE.findall(text)
    # "A." is one token, but two at the end of a text, which the line feed stands for.
    if text.endswith((".", ".\n")) and found[-1] != found[-1].lower():
        found[-1] += "\n"
    return found


class _Cache(dict[str, Value]):
    """A dict that computes what is missing, and keeps a bounded part of it."""

    def keep(self, key: str, value: Value) -> Value:
        """Store a value unless its key is long; drop the older half when full."""
        if len(self) >= CACHED_CHUNKS:
            for old in list(islice(self, CACHED_CHUNKS // 2)):
                self.pop(old, None)
        if len(key) <= LONGEST_PIECE:
            self[key] = value
        return value


class _Chunks(_Cache[tuple[tuple[str, ...], tuple[int, ...]]]):
    """The tokens of pieces of text, and how many characters they had that are no white space."""

    def __init__(self, pattern: re.Pattern[str], respelt: dict[str, str]) -> None:
        super().__init__()
        self._pattern, self._respelt = pattern, respelt

    def __missing__(self, piece: str) -> tuple[tuple[str, ...], tuple[int, ...]]:
        text = normalize("NFC", piece).replace("\u00f0", "đ").replace("\u00d0", "Đ")
        text = text if text.endswith("\n") else text + " "  # a rule asks whether anything follows
        found = list(map(re.Match.group, self._pattern.finditer(text)))
        tokens = tuple(self._respelt.get(token, token) for token in found)
        return self.keep(piece, (tokens, tuple(len("".join(token.split())) for token in found)))


class _Rows(_Cache[int]):
    """The row of each token: one for each entry of the vocabulary; then two for each, untitled and
    titled, for unknown tokens with this lower case; then one for unknown numbers and one for edges.
    """

    def __init__(self, vocabulary: dict[str, int], small: frozenset[str]) -> None:
        self.edge = 3 * len(vocabulary) + 1
        super().__init__()
        self._vocabulary, self._small = vocabulary, small

    def __missing__(self, token: str) -> int:
        unknown = len(self._vocabulary) + 2 * self._vocabulary.get(token.lower(), 0) + is_title(token, self._small)
        return self.keep(token, self._vocabulary.get(token, self.edge - 1 if is_number(token) else unknown))


def is_title(token: str, small: frozenset[str]) -> bool:
    """Whether no part of a token begins with a letter that has another upper case."""
    return not any(part[:1] in small for part in token.split(" "))


def is_number(token: str) -> bool:
    """Whether Rust parses a token as a 32-bit integer."""
    match = _I32.fullmatch(token)
    return match is not None and -(1 << 31) <= int(match[1] + match[2]) < 1 << 31
