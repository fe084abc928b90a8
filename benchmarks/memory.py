"""Whether memory grows while one process classifies calls.

    .venv/bin/python benchmarks/memory.py               a million calls, about twenty minutes
    .venv/bin/python benchmarks/memory.py 200000        fewer

Calls are drawn from the corpus, each with words, numbers and names that no call had before, so that every cache
meets what it does not know, fills up, and must let go. Printed is the memory that the process holds (resident set)
at every tenth, and the slope of a line through it after the first fifth, when caches are full. The allocator moves
it by some 15 MB up and down, so only many calls tell a leak from that. The exit code is 1 if the slope is more
than `MOST`.
"""

import random
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import psutil
from tqdm import tqdm

import scamtext
from scamtext import Call, Turn
from scamtext.evaluation.corpus import read_corpus

TRANSCRIPTS = Path(__file__).parents[1] / "data" / "transcripts"
ROUND = 500  # calls between two looks
CHANGED = 0.05  # share of the words of a call that are replaced
MOST = 100.0  # bytes a call, less than a short string
LETTERS = "abcdeghiklmnopqrstuvxyàáâãèéêìíòóôõùúýăđĩũơưạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹ"


def new_word(chance: random.Random) -> str:
    """A word, a name, or a number that is hardly met again."""
    kind = chance.randrange(3)
    if kind == 0:
        return str(chance.randrange(10 ** chance.randint(6, 12)))
    word = "".join(chance.choices(LETTERS, k=chance.randint(4, 9)))
    return word.capitalize() if kind == 1 else word


def changed(turn: Turn, chance: random.Random) -> Turn:
    """The turn with some of its words replaced."""
    words = (new_word(chance) if chance.random() < CHANGED else word for word in turn.text.split())
    return Turn(" ".join(words), turn.speaker)


def calls(count: int) -> Iterator[Call]:
    """So many calls, no two alike."""
    chance = random.Random(5)
    corpus = [item.call for item in read_corpus(TRANSCRIPTS)]
    for number in range(count):
        call = chance.choice(corpus)
        yield Call(tuple(changed(turn, chance) for turn in call.turns), str(number))


def main() -> None:
    """Measure, and print a table."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    process, seen, held = psutil.Process(), [], []
    verdicts = scamtext.load().classify_many(calls(count))
    for number, _ in enumerate(tqdm(verdicts, total=count, mininterval=10), 1):
        if number % ROUND == 0:
            seen.append(number)
            held.append(process.memory_info().rss)
    print("| calls | memory, MB |", "|---|---|", sep="\n")
    for tenth in range(1, 11):
        at = len(seen) * tenth // 10 - 1
        print(f"| {seen[at]:,} | {held[at] / 1e6:.1f} |")
    after = len(seen) // 5
    slope = float(np.polyfit(seen[after:], held[after:], 1)[0])
    print(f"\nslope after the first fifth: {slope:.2f} bytes a call")
    sys.exit(slope > MOST)


if __name__ == "__main__":
    main()
