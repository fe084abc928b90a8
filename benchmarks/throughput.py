"""Calls per second on one core: the plain pipeline against this library, in one run, interleaved.

Run with `make bench`. Each round times every contender once on the same calls; the table gives the
median rate and the median ratio to the plain pipeline, so a machine that slows down slows all.
"""

import os
import statistics
import time
from collections.abc import Callable
from pathlib import Path

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[name] = "1"

import pandas as pd  # noqa: E402
from sklearn.feature_extraction.text import TfidfVectorizer  # noqa: E402
from sklearn.linear_model import LogisticRegression  # noqa: E402
from sklearn.pipeline import make_pipeline  # noqa: E402
from underthesea import word_tokenize  # noqa: E402

import scamtext  # noqa: E402
from scamtext.corpus import read_corpus  # noqa: E402

CALLS, ROUNDS = 300, 5
DATA = Path(__file__).parents[1] / "data" / "transcripts"


def main() -> None:
    """Print the table."""
    corpus = read_corpus(DATA)[::5]
    texts, labels = [item.call.text for item in corpus], [item.label for item in corpus]
    plain = make_pipeline(
        TfidfVectorizer(tokenizer=word_tokenize, token_pattern=None, ngram_range=(1, 2), min_df=2), LogisticRegression()
    ).fit(texts, labels)
    classifier = scamtext.load()
    sample = texts[:CALLS]
    frame = pd.DataFrame({"text": sample})
    contenders: dict[str, Callable[[], object]] = {
        "plain pipeline: word_tokenize, TF-IDF, logistic regression": lambda: plain.predict_proba(sample),
        "scamtext predict_proba": lambda: classifier.predict_proba(sample),
        "scamtext classify (cues, evidence)": lambda: list(classifier.classify_many(sample)),
        "scamtext classify_frame": lambda: classifier.classify_frame(frame),
    }
    times: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(ROUNDS):
        for name, run in contenders.items():
            start = time.perf_counter()
            run()
            times[name].append(time.perf_counter() - start)
    base = next(iter(times.values()))
    syllables = statistics.mean(len(text.split()) for text in sample)
    print(f"{len(sample)} calls of {syllables:.0f} syllables on average, {ROUNDS} rounds, one thread\n")
    print("| what | calls per second, median (min to max) | ratio to the plain pipeline |\n|---|---|---|")
    for name, spent in times.items():
        rates = sorted(len(sample) / seconds for seconds in spent)
        ratio = statistics.median(a / b for a, b in zip(base, spent, strict=True))
        print(f"| {name} | {statistics.median(rates):.0f} ({rates[0]:.0f} to {rates[-1]:.0f}) | {ratio:.2f} |")


if __name__ == "__main__":
    main()
