"""What a verdict costs, against the pipeline that anybody would write first and against peers, in one run.

Run with `make bench` (about ten minutes); it writes the tables of benchmarks/README.md and speed.png. Contenders
take turns on the same calls, one thread; the tables give medians of the rounds, and medians of the ratios
within a round, so that a machine that slows down slows all. fastText and pyvi are peers if they are installed
(`pip install fasttext-wheel pyvi`).
"""

import importlib.util
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[name] = "1"

import joblib  # noqa: E402
import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402
from matplotlib.figure import Figure  # noqa: E402
from sklearn.feature_extraction.text import TfidfVectorizer  # noqa: E402
from sklearn.linear_model import LogisticRegression  # noqa: E402
from sklearn.pipeline import make_pipeline  # noqa: E402
from tqdm import tqdm  # noqa: E402
from underthesea import word_tokenize  # noqa: E402

import scamtext  # noqa: E402
from scamtext.calls import Call, Turn  # noqa: E402
from scamtext.classifier import BATCH, ScamClassifier  # noqa: E402
from scamtext.evaluation.corpus import read_corpus  # noqa: E402
from scamtext.features.columns import COLUMNS, START, Cells, Reading  # noqa: E402
from scamtext.features.table import Table  # noqa: E402
from scamtext.inference.scorer import SCAM_HEAD  # noqa: E402
from scamtext.text.spans import word_form  # noqa: E402

HERE = Path(__file__).parent
ROOT = HERE.parent
PAGE, PICTURE = HERE / "README.md", HERE / "speed.png"
BEGIN, END = "<!-- begin: written by benchmarks/speed.py -->", "<!-- end -->"
CALLS, ROUNDS, SINGLE = 960, 5, 300
LENGTHS = (50, 200, 1_000, 5_000, 50_000)  # syllables
MIN_DF = (32, 16, 8, 4)  # calls in which an n-gram must occur
STARTS = 7  # processes started for the cold start

Run = Callable[[], object]

COLD = {
    "plain pipeline": (
        "import joblib, sys; from underthesea import word_tokenize; m = joblib.load(sys.argv[1]);"
        "m.predict_proba(['alo anh ơi em giao hàng tới cổng rồi'])"
    ),
    "scamtext classify": "import scamtext; scamtext.load().classify('alo anh ơi em giao hàng tới cổng rồi')",
}
# The peak since the process began to run Python; getrusage would count the parent before that.
PEAK = "; print(next(line.split()[1] for line in open('/proc/self/status') if line.startswith('VmHWM')))"


def main() -> None:
    """Measure everything and write the page."""
    corpus = read_corpus(ROOT / "data" / "transcripts")
    texts, labels = [item.call.text for item in corpus], [item.label for item in corpus]
    plain = make_pipeline(
        TfidfVectorizer(tokenizer=word_tokenize, token_pattern=None, ngram_range=(1, 2), min_df=2), LogisticRegression()
    ).fit(texts[::5], labels[::5])
    classifier = scamtext.load()
    classifier.heads_  # noqa: B018  read now, not while the clock runs
    sample = random.Random(0).choices(texts, k=CALLS)
    syllables = statistics.mean(len(text.split()) for text in sample)
    rates = interleaved(contenders(plain, classifier, sample, texts[::5], labels[::5]))
    lines = [
        f"{CALLS} calls drawn from the corpus, {syllables:.0f} syllables on average, {ROUNDS} rounds, one thread",
        "",
        *rate_table(rates, CALLS),
        "",
        *single_table(plain, classifier, sample[:SINGLE]),
        "",
        *cold_table(plain),
        "",
    ]
    by_length = cost_by_length(classifier, sample)
    lines += ["| syllables in one call | ms | µs a syllable |", "|---|---|---|"]
    lines += [f"| {size:,} | {ms:.2f} | {1000 * ms / size:.2f} |" for size, ms in by_length]
    by_vocabulary = cost_by_vocabulary(corpus[::6], sample)
    lines += ["", "| n-grams in the model | predict_proba, calls a second |", "|---|---|"]
    lines += [f"| {size:,} | {rate:,.0f} |" for size, rate in by_vocabulary]
    draw(rates, by_length)
    page = PAGE.read_text(encoding="utf-8")
    head, tail = page[: page.index(BEGIN)], page[page.index(END) :]
    PAGE.write_text("\n".join([head + BEGIN, *lines, tail]), encoding="utf-8")
    print("\n".join(lines))


def contenders(
    plain: Any, classifier: ScamClassifier, sample: list[str], texts: list[str], labels: list[str]
) -> dict[str, Run]:
    """What is timed, by name; the first is what the others are compared with."""
    calls = [Call((Turn(text),)) for text in sample]
    frame = pd.DataFrame({"text": sample})
    runs: dict[str, Run] = {
        "plain pipeline: word_tokenize, TF-IDF, logistic regression": lambda: plain.predict_proba(sample),
        "the shipped model through scikit-learn and word_tokenize": lambda: through_sklearn(classifier, calls),
        "scamtext, words column alone": lambda: words_alone(classifier, calls),
        "scamtext predict_proba": lambda: classifier.predict_proba(calls),
        "scamtext classify (type, cues, evidence)": lambda: list(classifier.classify_many(calls)),
        "scamtext classify to records (and reasons)": lambda: [v.to_record() for v in classifier.classify_many(calls)],
        "scamtext classify_frame": lambda: classifier.classify_frame(frame),
    }
    if importlib.util.find_spec("pyvi"):
        from pyvi import ViTokenizer

        def cut(text: str) -> list[str]:
            return str(ViTokenizer.tokenize(text)).split()

        tfidf = TfidfVectorizer(tokenizer=cut, token_pattern=None, ngram_range=(1, 2), min_df=2)
        pyvi = make_pipeline(tfidf, LogisticRegression()).fit(texts, labels)
        runs["pyvi, TF-IDF, logistic regression"] = lambda: pyvi.predict_proba(sample)
    if importlib.util.find_spec("fasttext"):
        runs["fastText supervised on raw text"] = fasttext_run(texts, labels, sample)
    return runs


def fasttext_run(texts: list[str], labels: list[str], sample: list[str]) -> Run:
    """FastText with word bigrams, trained on the same calls."""
    import fasttext

    lines, learnt = ([text.replace("\n", " ").lower() for text in part] for part in (sample, texts))
    with tempfile.NamedTemporaryFile("w", suffix=".txt", encoding="utf-8") as file:
        file.writelines(f"__label__{label} {line}\n" for line, label in zip(learnt, labels, strict=True))
        file.flush()
        model = fasttext.train_supervised(file.name, wordNgrams=2, epoch=10, thread=1, verbose=0)
    # `predict` of fasttext-wheel 0.9.2 fails with numpy 2; this is what it calls.
    return lambda: [model.f.predict(line + "\n", 1, 0.0, "strict") for line in lines]


def through_sklearn(classifier: ScamClassifier, calls: list[Call]) -> object:
    """The same columns and coefficients, with underthesea and scikit-learn doing the work."""
    rows = Table.of(calls, classifier.lexicon_).calls
    for number, call in enumerate(calls):
        forms = [word_form(word) for word in word_tokenize(call.text.lower()) if any(map(str.isalnum, word))]
        rows[number, list(COLUMNS).index("words")] = " ".join([START, *forms])
    return classifier.pipeline_.decision_function(rows)


def words_alone(classifier: ScamClassifier, calls: list[Call]) -> None:
    """Segmentation and the score of the words column."""
    scorer = classifier.scorer_
    for start in range(0, len(calls), BATCH):
        tokens = scorer.tokeniser.read(calls[start : start + BATCH])
        words = Cells(tokens.word, tokens.word_turn, tokens.word_first, tokens.word_last)
        values, _ = scorer.values(Reading(tokens, [], {"words": words}))
        scorer.decide(values, SCAM_HEAD)


def interleaved(runs: dict[str, Run]) -> dict[str, list[float]]:
    """Seconds of each round for each contender, after one round to warm up."""
    times: dict[str, list[float]] = {name: [] for name in runs}
    for number in tqdm(range(ROUNDS + 1), desc="rounds"):
        for name, run in runs.items():
            start = time.perf_counter()
            run()
            if number:
                times[name].append(time.perf_counter() - start)
    return times


def rate_table(times: dict[str, list[float]], size: int) -> Iterator[str]:
    """Calls a second, and the ratio to the first contender."""
    base = next(iter(times.values()))
    yield "| what | calls a second, median (min to max) | ratio to the plain pipeline |"
    yield "|---|---|---|"
    for name, spent in times.items():
        rates = sorted(size / seconds for seconds in spent)
        ratio = statistics.median(a / b for a, b in zip(base, spent, strict=True))
        yield f"| {name} | {statistics.median(rates):,.0f} ({rates[0]:,.0f} to {rates[-1]:,.0f}) | {ratio:.1f} |"


def single_table(plain: Any, classifier: ScamClassifier, sample: list[str]) -> Iterator[str]:
    """Milliseconds for one call at a time."""
    monitored = [Call((Turn(text),)).in_pieces().turns for text in sample[:60]]
    runs: dict[str, Callable[[Any], object]] = {
        "plain pipeline": lambda text: plain.predict_proba([text]),
        "scamtext predict_proba": lambda text: classifier.predict_proba([text]),
        "scamtext classify": classifier.classify,
    }
    spent: dict[str, list[float]] = {name: [] for name in runs}
    for text in sample:
        for name, run in runs.items():
            start = time.perf_counter()
            run(text)
            spent[name].append(1000 * (time.perf_counter() - start))
    spent["scamtext monitor, one update"] = list(updates(classifier, monitored))
    yield "| one call at a time | p50 ms | p90 ms | p99 ms |"
    yield "|---|---|---|---|"
    for name, times in spent.items():
        yield f"| {name} | " + " | ".join(f"{np.quantile(times, q):.2f}" for q in (0.5, 0.9, 0.99)) + " |"


def updates(classifier: ScamClassifier, calls: list[tuple[Turn, ...]]) -> Iterator[float]:
    """Milliseconds of every update of a monitor."""
    for turns in calls:
        monitor = classifier.monitor()
        for turn in turns:
            start = time.perf_counter()
            monitor.update(turn)
            yield 1000 * (time.perf_counter() - start)


def cold_table(plain: Any) -> Iterator[str]:
    """A whole process up to its first verdict."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "plain.joblib"
        joblib.dump(plain, path)
        yield "| a whole process to its first verdict | ms, median (min to max) | peak memory, MB |"
        yield "|---|---|---|"
        for name, code in COLD.items():
            times, peak = [], 0.0
            for _ in range(STARTS):
                start = time.perf_counter()
                done = subprocess.run(
                    [sys.executable, "-c", code + PEAK, str(path)], capture_output=True, text=True, check=True
                )
                times.append(1000 * (time.perf_counter() - start))
                peak = float(done.stdout) / 1024
            yield f"| {name} | {statistics.median(times):.0f} ({min(times):.0f} to {max(times):.0f}) | {peak:.0f} |"


def cost_by_length(classifier: ScamClassifier, sample: list[str]) -> list[tuple[int, float]]:
    """Milliseconds of `classify` for calls of different lengths."""
    words = " ".join(sample).split()
    found = []
    for size in LENGTHS:
        text, times = " ".join(words[:size]), []
        for _ in range(7):
            start = time.perf_counter()
            classifier.classify(text)
            times.append(1000 * (time.perf_counter() - start))
        found.append((size, statistics.median(times)))
    return found


def cost_by_vocabulary(corpus: list[Any], sample: list[str]) -> list[tuple[int, float]]:
    """Calls a second for models of different sizes, fitted to the same calls."""
    found = []
    for min_df in MIN_DF:
        model = ScamClassifier(min_df=min_df, folds=2, live=False)
        model.fit([item.call for item in corpus], [item.label for item in corpus])
        model.predict_proba(sample[:96])
        start = time.perf_counter()
        model.predict_proba(sample)
        size = sum(len(tfidf.vocabulary_) for _, tfidf, _ in model.pipeline_["columns"].transformers_)
        found.append((size, len(sample) / (time.perf_counter() - start)))
    return found


def draw(times: dict[str, list[float]], by_length: list[tuple[int, float]]) -> None:
    """Rates as bars, and the cost against the length of a call."""
    figure = Figure(figsize=(13, 4.5), layout="constrained")
    bars, line = figure.subplots(1, 2, width_ratios=(3, 2))
    names = list(times)[::-1]
    rates = [CALLS / statistics.median(times[name]) for name in names]
    drawn = bars.barh(names, rates, color=["black" if name.startswith("scamtext") else "silver" for name in names])
    bars.bar_label(drawn, [f"{rate:,.0f}" for rate in rates], padding=3)
    bars.set(xscale="log", xlabel="calls a second on one core (log scale)", xlim=(min(rates) / 2, max(rates) * 3))
    sizes, ms = zip(*by_length, strict=True)
    line.plot(sizes, ms, color="black", marker="o")
    line.set(xscale="log", yscale="log", xlabel="syllables in the call", ylabel="ms", title="classify, one call")
    line.grid(alpha=0.3)
    figure.savefig(PICTURE, dpi=120, metadata={"Software": None})


if __name__ == "__main__":
    main()
