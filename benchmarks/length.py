"""How long a verdict takes by the length of the text: about ten times longer for ten times more, whatever it says.

Run with `python benchmarks/length.py`; `--most 10000000` goes up to 10 MB (half an hour, some GB of memory).
It prints the seconds of each text at each length and how many times longer the last is than the one before,
and exits with 1 if any of these ratios is over `MOST_RATIO` and worth a second.
"""

import argparse
import itertools
import random
import sys
import time
import unicodedata
from collections.abc import Callable

import scamtext
from scamtext.text.redaction import mask

MOST_RATIO = 30  # for ten times the length; quadratic work gives 100, a cache that no longer holds all 20
WORDS = "anh ơi em bên ngân hàng, chị đọc giúp em mã OTP vừa gửi về máy, chuyển 2 triệu vào số 0901 234 567 ngay. "
LETTERS = "abcdeghiklmnopqrstuvxyăâđêôơưáàảãạ"


def _repeat(part: str) -> Callable[[int], str]:
    return lambda size: (part * (size // len(part) + 1))[: size - 1] + part[0]  # no blank, which takes another road


def _random_words(size: int) -> str:
    chance = random.Random(size)
    words = ("".join(chance.choices(LETTERS, k=chance.randint(1, 6))) for _ in itertools.count())
    return " ".join(itertools.islice(words, size // 4))[:size]


def _random_bytes(size: int) -> str:
    return random.Random(size).randbytes(size).decode("latin-1")


def _random_points(size: int) -> str:
    return "".join(map(chr, random.Random(size).choices(range(0x110000), k=size)))


TEXTS: dict[str, Callable[[int], str]] = {
    "Vietnamese": _repeat(WORDS),
    "Vietnamese, NFD": _repeat(unicodedata.normalize("NFD", WORDS)),
    "Vietnamese, no diacritics": _repeat("anh oi em ben ngan hang, chi doc giup em ma otp vua gui ve may. "),
    "cues alone": _repeat("chuyển tiền "),
    "many short lines": _repeat("alo\ndạ\n"),
    "random words": _random_words,
    "names": _repeat("chị Hoa, Nguyễn Văn An, "),
    "names that follow each other": _repeat("Mai "),
    "one letter": _repeat("a"),
    "one letter, blanks": _repeat("a "),
    "a.a.a.": _repeat("a."),
    "A. A. A.": _repeat("A. "),
    "a@a@a@": _repeat("a@"),
    "a-a-a-": _repeat("a-"),
    "Th.s": _repeat("Th s"),
    "http://": _repeat("http://"),
    "http://......": lambda size: ("http://" + "." * size)[:size],
    "digits": _repeat("0123456789"),
    "digits, blanks": _repeat("09 "),
    "digits, dots": _repeat("1.000."),
    "digits, commas": _repeat("1,,"),
    "full stops": _repeat("."),
    "emoji": _repeat("😀👍🏽"),
    "combining marks": _repeat("a\u0301"),
    "combining marks out of order": _repeat("\u0301\u0323"),
    "combining marks alone": _repeat("\u0301"),
    "zero-width": _repeat("\u200b"),
    "line feeds": _repeat("\n"),
    "blanks": _repeat(" "),
    "İ (longer in lower case)": _repeat("İ"),
    "Hangul jamo": _repeat("\u1112\u1161\u11ab"),
    "NUL": _repeat("\0"),
    "random bytes": _random_bytes,
    "random code points": _random_points,
}


def main() -> int:
    """Print the table, and say by the exit code whether all is linear."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--most", type=int, default=1_000_000, help="characters of the longest text")
    parser.add_argument("--only", default="", help="texts whose name has this")
    parser.add_argument("--redact", action="store_true", help="measure the masking of personal data instead")
    options = parser.parse_args()
    sizes = list(itertools.takewhile(lambda size: size <= options.most, (10_000 * 10**i for i in range(9))))
    run, failed = mask if options.redact else scamtext.load().classify, False
    run(WORDS)
    print(f"{'seconds for characters':30}" + "".join(f"{size:>12,}" for size in sizes) + "  ratio")
    for name, make in TEXTS.items():
        if options.only not in name:
            continue
        print(f"{name:30}", end="", flush=True)
        spent: list[float] = []
        for size in sizes:
            text = make(size)
            start = time.process_time()
            run(text)
            spent.append(time.process_time() - start)
            print(f"{spent[-1]:12.3f}", end="", flush=True)
        ratio = spent[-1] / spent[-2]
        is_slow = ratio > MOST_RATIO and spent[-1] > 1
        failed |= is_slow
        print(f"{ratio:7.1f}{'  not linear' * is_slow}")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
