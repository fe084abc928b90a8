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
from functools import cached_property, lru_cache
from itertools import accumulate, chain, islice, pairwise
from pathlib import Path
from typing import Any, TypeVar
from unicodedata import normalize

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Value = TypeVar("Value")
Template = tuple[str, int, int]  # kind ("" is the spelling), offset of the first token, number of tokens

TABLES = Path(__file__).with_name("segment.npz")
UNDERTHESEA = "9.5.0"  # whose model the tables were compiled from
CACHED_CHUNKS = 1 << 18
# Longer pieces are cut, as underthesea's regex takes quadratic time for "a.a.a."; longer tokens are not remembered.
LONGEST_PIECE = 256
BATCH_CHARACTERS = 1 << 16  # some 15,000 tokens, whose arrays stay in the processor's cache
SPELLINGS = ("", "lower")  # kinds of template that see the tokens themselves
REACH = 2  # how many tokens a template looks to either side
ROUNDS = 4  # over all tokens at once, after which one in a thousand still moves
GUARD = 1e-9  # wider than the rounding of sums, narrower than chance differences
BOS, EOS = -2, -1  # the last two weights of each template

_DOT_IS_SPACE = re.compile(r"Th[^\S\n][sS]")  # underthesea's regex does not escape the dot of "Th.S"
_PIECE = re.compile(rf"(?:Th[^\S\n](?=[sS])|\S){{1,{LONGEST_PIECE}}}")
_I32 = re.compile(r"([+-]?)0*([0-9]{1,10})")
_TEMPLATE = re.compile(r"T\[(-?\d)(?:,(-?\d))?\](?:\.(\w+))?")
EDGES = {"BOS": BOS, "EOS": EOS}
CONSTANTS = {"False": 0, "True": 1, **EDGES}
WIDTHS = {1: "token", 2: "pair", 3: "triple"}


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
        pattern = re.compile(_text(tables["pattern"]), re.VERBOSE)
        respelt = dict(line.split("\t") for line in _text(tables["respelt"]).split("\n"))
        self.vocabulary = {word: i for i, word in enumerate(_text(tables["vocabulary"]).split("\n"))}
        self._chunks = _Chunks(pattern, respelt)
        self._rows = _Rows(self.vocabulary, frozenset(map(chr, tables["small"].tolist())))
        self._field = _Field(tables)

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


class _Field:
    """The conditional random field, over rows of tokens."""

    def __init__(self, tables: Mapping[str, Array]) -> None:
        parts = ("base", "owner", "row")
        self._trie = {width: [tables[f"{WIDTHS[width]}_{part}"] for part in parts] for width in (2, 3)}
        (bb, bi), (ib, ii) = self._transitions = tables["transitions"].tolist()
        self._c, self._lo, self._hi = ib - bi, bb - bi, ib - ii
        self._middle, self._half = (ib - bb + ii - bi) / 2, (ib - bb - ii + bi) / 2
        size = len(tables["lower"])  # rows as in _Rows
        self._cased = np.concatenate([np.arange(size), np.zeros(2 * size + 2, int)])
        self._lower = np.concatenate([tables["lower"], np.arange(size).repeat(2), [0, 0]])
        self._title = np.concatenate([tables["title"], np.arange(2 * size) % 2 > 0, [True, False]])
        self._number = np.concatenate([tables["number"], np.zeros(2 * size, bool), [True, False]])
        self._listed = {width: tables[f"{name}_listed"].astype(int) for width, name in WIDTHS.items()}
        self._templates = [parse_template(name) for name in _text(tables["templates"]).split("\n")]
        self._entries = [tables[f"weight{part}"] for part in ("_template", "_value", "")]
        self._fold()

    def _spread(self, weights: Array) -> Iterator[Array]:
        """For each template the weight of each value, zero where the model has none."""
        owners, values, _ = self._entries
        bounds = np.searchsorted(owners, np.arange(len(self._templates) + 1))
        for i, (kind, _, width) in enumerate(self._templates):
            size = len(self._listed[width]) + len(EDGES) if kind in SPELLINGS else len(CONSTANTS)
            spread = np.zeros((size, *weights.shape[1:]))
            spread[values[bounds[i] : bounds[i + 1]]] = weights[bounds[i] : bounds[i + 1]]
            yield spread

    @cached_property
    def _weights(self) -> list[Array]:
        return list(self._spread(self._entries[2]))

    def _fold(self) -> None:
        """Sum up the templates by width and place; pairs and triples as differences to an unknown one."""
        seen = self._singles(np.arange(len(self._cased)))
        shapes = {1: len(self._cased), 2: len(self._listed[2]), 3: len(self._listed[3])}
        sums = [{width: np.zeros((2 * REACH + 1, size)) for width, size in shapes.items()} for _ in range(2)]
        self._spelt, self._lowered = sums
        self._titles: list[tuple[int, int, float]] = []
        usual, edge = 0.0, np.zeros(2 * REACH + 1)
        b, i = self._entries[2].T
        for (kind, offset, width), weight in zip(self._templates, self._spread(b - i), strict=True):
            place, last, unknown = offset + REACH, offset + width - 1, weight[0] * (width > 1)
            usual += unknown
            edge[place] += (weight[BOS] - unknown) * (offset < 0)
            edge[last + REACH] += (weight[EOS] - unknown) * (last > 0)  # never both: one token alone needs no label
            if width == 1:
                self._spelt[1][place] += weight[seen[kind]]
            elif kind == "istitle":
                self._titles.append((offset, width, weight[1] - unknown))
            elif kind == "is_in_dict":
                self._lowered[width][place] += weight[self._listed[width]] - unknown
            else:
                (self._lowered if kind else self._spelt)[width][place] += weight[:BOS]
        self._spelt[1][REACH] += usual
        self._spelt[1][:, -1] = edge
        self._both = {width: self._spelt[width] + self._lowered[width] for width in (2, 3)}

    def begins(self, rows: Array, edges: Array, starts: Array, ends: Array) -> Array:
        """Whether each row begins a word; texts go from `starts` to `ends` and have two edges around them."""
        scores = self._scores(rows)
        d = self._forward(scores, edges)
        last = ends[ends > starts] - 1
        over = np.abs(d - self._middle) - self._half
        labels: Array = d > self._middle  # true is B
        between = over < 0
        labels[last] = d[last] >= 0
        between[last] = between[edges] = False
        at, sure = np.flatnonzero(between), np.flatnonzero(~between)
        following = sure[np.cumsum(~between)[at]]
        labels[at] = labels[following] ^ ((following - at) % 2 == 1)
        guard = GUARD * (1 + len(rows) / 10_000)  # underthesea's sums grow with the text, and their rounding
        close = np.abs(over) < guard
        close[last] |= np.abs(d[last]) < guard
        for text in set((np.searchsorted(starts, np.flatnonzero(close), "right") - 1).tolist()):
            labels[starts[text] : ends[text]] = self._replay(rows[starts[text] : ends[text]])
        labels[starts] = True
        return labels

    def _scores(self, rows: Array) -> Array:
        """e(t) for every row."""
        scores = np.zeros(len(rows))
        for place, weights in enumerate(self._spelt[1]):
            _add(scores, weights.take(rows), place - REACH)
        title = self._title.take(rows)
        for offset, width, weight in self._titles:
            _add(scores, _all(title, width) * weight, offset)
        cased, lower = self._cased.take(rows), self._lower.take(rows)
        apart, together = [(cased, self._spelt), (lower, self._lowered)], [(lower, self._both)]
        for ids, sums in together if np.array_equal(cased, lower) else apart:
            nodes, pairs = self._pairs(ids)
            for place in range(4):
                _add(scores, sums[2][place].take(pairs), place - REACH)
            at, triples = self._triples(ids, nodes)
            for place in range(3):
                scores[at + REACH - place] += sums[3][place].take(triples)
        return scores

    def _pairs(self, ids: Array) -> tuple[Array, Array]:
        """Trie node and weight row of the pair that begins at each token but the last; 0 if unknown."""
        base, owner, row = self._trie[2]
        nodes = base.take(ids[:-1]) + ids[1:]
        nodes *= owner.take(nodes) == ids[:-1]
        return nodes, row.take(nodes)

    def _triples(self, ids: Array, nodes: Array) -> tuple[Array, Array]:
        """Where known triples begin, and their weight rows."""
        base, owner, row = self._trie[3]
        at = np.flatnonzero(base.take(nodes[:-1]))
        parents = nodes.take(at)
        places = base.take(parents) + ids.take(at + 2)
        known = owner.take(places) == parents
        return at[known], row.take(places[known])

    def _forward(self, scores: Array, edges: Array) -> Array:
        """d(t) for every row; C at edges, so that the first token of a text sees a clip of zero."""
        before = d = scores
        for _ in range(ROUNDS):
            before, d = d, scores.copy()
            d[1:] += np.minimum(np.maximum(self._c - before[:-1], self._lo), self._hi)
            d[edges] = self._c
        is_edge = np.zeros(len(d), bool)
        is_edge[edges] = True
        # One by one behind the few still moving: a run of unknown tokens takes as many rounds as it is long.
        for moved in np.flatnonzero(d != before).tolist():
            t = moved + 1
            while not is_edge[t] and d[t] != (now := scores[t] + min(max(self._c - d[t - 1], self._lo), self._hi)):
                d[t] = now
                t += 1
        return d

    def _replay(self, rows: Array) -> list[bool]:
        """The labels of one text (True is B), with underthesea's additions in underthesea's order."""
        seen, sums = self._seen(rows), np.zeros((len(rows), 2))
        for (kind, offset, width), weights in zip(self._templates, self._weights, strict=True):
            begin = np.arange(offset, offset + len(rows))
            value = np.where(begin < 0, BOS, EOS)
            inside = (begin >= 0) & (begin + width <= len(rows))
            value[inside] = seen[kind, width][begin[inside]]
            sums += weights[value]
        (bb, bi), (ib, ii) = self._transitions
        (b, i), *others = sums.tolist()
        choices = []
        for to_b, to_i in others:
            choices.append((b + bb >= i + ib, b + bi >= i + ii))
            b, i = max(b + bb, i + ib) + to_b, max(b + bi, i + ii) + to_i
        labels = [b >= i]
        for choice in reversed(choices):
            labels.append(choice[0] if labels[-1] else choice[1])
        return labels[::-1]

    def _seen(self, rows: Array) -> dict[tuple[str, int], Array]:
        """What templates see from each token on, by kind and width."""
        seen = {(kind, 1): values for kind, values in self._singles(rows).items()}
        for kind in SPELLINGS:
            nodes, seen[kind, 2] = self._pairs(seen[kind, 1])
            at, triples = self._triples(seen[kind, 1], nodes)
            seen[kind, 3] = np.zeros(len(rows), int)
            seen[kind, 3][at] = triples
        for width in (2, 3):
            seen["istitle", width] = _all(seen["istitle", 1], width)
            seen["is_in_dict", width] = self._listed[width].take(seen["lower", width])
        return seen

    def _singles(self, rows: Array) -> dict[str, Array]:
        lower, title, number = self._lower.take(rows), self._title.take(rows), self._number.take(rows)
        flags = {"istitle": title.astype(int), "isdigit": number.astype(int), "is_in_dict": self._listed[1].take(lower)}
        return {"": self._cased.take(rows), "lower": lower, **flags}


def parse_template(name: str) -> Template:
    """A feature template from its name, "T[-1,1].lower"."""
    match = _TEMPLATE.fullmatch(name)
    if match is None:
        raise ValueError(f"unknown feature template {name}")
    first, last, kind = match.groups()
    return kind or "", int(first), int(last or first) - int(first) + 1


def _add(scores: Array, values: Array, offset: int) -> None:
    """Add to each score the value that stands `offset` further on."""
    start, stop = max(0, -offset), min(len(scores), len(values) - offset)
    scores[start:stop] += values[start + offset : stop + offset]


def _all(flags: Array, width: int) -> Array:
    """Whether `width` neighbours have the flag, from each position on."""
    every = flags[: len(flags) - width + 1].copy()
    for step in range(1, width):
        every &= flags[step : step + len(every)]
    return every


def _text(array: Array) -> str:
    return array.tobytes().decode()
