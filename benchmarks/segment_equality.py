"""Whether scamtext.text.segmentation cuts as underthesea does, on far more text than the tests can ask.

Run with `python benchmarks/segment_equality.py --texts 200000`. It takes turns of the corpus in all
forms, mutated, with words of the dictionary recombined, and random Unicode; prints the first
differences and the speed of both; and exits with 1 if there is any. Slow because underthesea is.
"""

import argparse
import itertools
import json
import random
import sys
import time
import unicodedata
from collections.abc import Callable, Iterator
from pathlib import Path

import joblib
from underthesea import word_tokenize
from underthesea.pipeline.word_tokenize import regex_tokenize

from scamtext.text.segmentation import Segmenter
from scamtext.text.segmentation_tables import compile_tables

DATA = Path(__file__).parents[1] / "data" / "transcripts"
BATCH = 96
SHOWN = 5
ODD = """
BOS EOS True 2147483647 2147483648 +5 -5 0005 \u0663 5 12 7.000.000 10/5 02-03-2014 3x4 43H-0530 1.600m-2.000m
Th.S Th.s ThS. TP. A. \u0110. \u00d0. K. \u212a. H&M T.Ư v.v. H'Mông NĐ-CP e-mail => :D :)) a@b.vn https://a.vn/b?c=(d)
toả thuỷ nghành chuỵện \u00f0iện \u00d0IỆN \u019b \ua7d3 ß ŉ İ ǆ Σ ΑΣ 😀 o\u0309 \u0301 \u200b
LA196kWh TIEN PE13000146339 xq Xq ( ) " ' … % - _ . , ? ! :
"""
SPACES = [" "] * 12 + ["", "", "  ", "\n", "\t", "\u00a0", "\u3000", ". ", ", ", "."]


def bare(text: str) -> str:
    """A text without diacritics."""
    letters = unicodedata.normalize("NFD", text).replace("đ", "d").replace("Đ", "D")
    return "".join(letter for letter in letters if not unicodedata.combining(letter))


FORMS: list[Callable[[str], str]] = [
    *(str, str.lower, str.upper, str.title, bare),
    *(lambda text: unicodedata.normalize("NFD", text), lambda text: bare(text).lower(), str.swapcase),
]


class Texts:
    """Endless text of several kinds."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        calls = [json.loads(line) for path in sorted(DATA.glob("*.jsonl")) for line in path.open(encoding="utf-8")]
        self.turns = [turn["text"] for call in calls for turn in call["turns"]]
        model = next(Path(regex_tokenize.__file__).parent.glob("models/*/dictionary.bin"))
        self.entries = sorted(joblib.load(model))
        self.syllables = sorted({syllable for entry in self.entries for syllable in entry.split()})

    def corpus(self) -> str:
        """A turn, in one of its forms."""
        return self.chance.choice(FORMS)(self.chance.choice(self.turns))

    def mutated(self) -> str:
        """A turn with other words, spaces, cases and characters in it."""
        share, words = self.chance.random() / 2, self.corpus().split(" ")
        for i in range(len(words)):
            if self.chance.random() < share:
                change = self.chance.choice((self._fragment, str.upper, str.title, bare, self._typo))
                words[i] = change(words[i])
        return "".join(word + self.chance.choice(SPACES) for word in words)

    def recombined(self) -> str:
        """Words and syllables of the dictionary, some written in capitals."""
        words = [self.chance.choice(self.chance.choice((self.entries, self.syllables))) for _ in range(self._length())]
        shape = self.chance.choice((str, str, str.title, str.upper, bare))
        return " ".join(shape(word) if self.chance.random() < 1 / 2 else word for word in words)

    def unknown(self) -> str:
        """Runs of words that the model does not know, where exact ties are."""
        pool = ["Xqa", "Xqb", "TIEN", "LA196kWh", "xq", "12", ".", *self.chance.choices(self.syllables, k=2)]
        return " ".join(self.chance.choice(pool) for _ in range(self._length()))

    def unicode(self) -> str:
        """Any code points but surrogates, dense where scripts with cases and marks are."""
        tops = self.chance.choices([0x80, 0x250, 0x530, 0x2100, 0x3000, 0x10000, 0x20000, 0x110000], k=self._length())
        letters = (chr(self.chance.randrange(top)) for top in tops)
        return "".join(letter for letter in letters if unicodedata.category(letter) != "Cs")

    def _fragment(self, _: str) -> str:
        return self.chance.choice(ODD.split())

    def _typo(self, word: str) -> str:
        at = self.chance.randrange(len(word) + 1)
        return word[:at] + self.chance.choice(self.chance.choice(self.syllables)) + word[at + 1 :]

    def _length(self) -> int:
        return self.chance.randint(0, 40)

    def __iter__(self) -> Iterator[str]:
        kinds = (self.corpus, self.mutated, self.corpus, self.recombined, self.mutated, self.unknown, self.unicode)
        return (kind() for kind in itertools.cycle(kinds))


def compare(segmenter: Segmenter, texts: Iterator[str]) -> tuple[list[str], int, list[float]]:
    """The texts that are cut otherwise, how many syllables were read, and the seconds of both."""
    different, syllables, spent = [], 0, [0.0, 0.0]
    while batch := list(itertools.islice(texts, BATCH)):
        start = time.perf_counter()
        ours = segmenter.segment(batch)
        middle = time.perf_counter()
        theirs = [word_tokenize(text) for text in batch]
        spent[0] += middle - start
        spent[1] += time.perf_counter() - middle
        syllables += sum(len(text.split()) for text in batch)
        different += [text for text, a, b in zip(batch, ours, theirs, strict=True) if a != b]
    return different, syllables, spent


def speed(segmenter: Segmenter, turns: list[str]) -> None:
    """Print what the segmenter does on lower-case calls of the corpus."""
    texts = [" ".join(turns[i : i + 15]).lower() for i in range(0, len(turns), 15)][: 20 * BATCH]
    syllables = sum(len(text.split()) for text in texts)
    batches = [texts[i : i + BATCH] for i in range(0, len(texts), BATCH)]
    rates = []
    for _ in range(7):
        start = time.perf_counter()
        for batch in batches:
            segmenter.segment(batch)
        rates.append(syllables / (time.perf_counter() - start) / 1e6)
    print(f"{len(texts)} lower-case texts of {syllables / len(texts):.0f} syllables by {BATCH}: ", end="")
    print(f"{min(rates):.2f} to {max(rates):.2f} million syllables a second")


def main() -> int:
    """Compare, print, and say by the exit code whether all was equal."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--texts", type=int, default=200_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    texts, segmenter = Texts(options.seed), Segmenter(compile_tables())
    different, syllables, (ours, theirs) = compare(segmenter, itertools.islice(texts, options.texts))
    print(f"{options.texts} texts, {syllables} syllables, {len(different)} differences")
    for text in different[:SHOWN]:
        print(f"  {text!r}\n    ours   {segmenter.segment([text])[0]}\n    theirs {word_tokenize(text)}")
    print(f"ours {syllables / ours:,.0f} syllables a second, underthesea {syllables / theirs:,.0f} (all kinds, words)")
    speed(segmenter, texts.turns)
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())
