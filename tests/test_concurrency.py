"""One classifier for many threads and processes, and memory that does not grow with what it reads."""

import multiprocessing
import os
import sys
import threading
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

import pytest

import scamtext
from scamtext.text import redaction as redact
from scamtext.text import spoken
from scamtext.text import vocabulary as pieces
from scamtext.text.segmentation import segmenter

THREADS = 8


@pytest.fixture(scope="module")
def calls(corpus):
    return [item.call for item in corpus[::40]]


@pytest.fixture(scope="module")
def verdicts(calls):
    return list(scamtext.load().classify_many(calls))


@pytest.fixture
def impatient():
    """Threads that take turns a thousand times as often as they would."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(5e-6)
    yield
    sys.setswitchinterval(before)


def together(work):
    """What eight threads give that begin at the same moment; each is told its number."""
    barrier = threading.Barrier(THREADS)

    def begin(number):
        barrier.wait()
        return work(number)

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(begin, range(THREADS)))


def turned(items, number):
    """The items, of which each thread begins with another."""
    cut = number * len(items) // THREADS
    return [*items[cut:], *items[:cut]]


def test_threads_share_a_classifier_whose_caches_are_empty(calls, verdicts, impatient):
    segmenter.cache_clear()
    shared = scamtext.load()
    answers = together(lambda number: [shared.classify(call) for call in turned(calls, number)])
    assert all(answer == turned(verdicts, number) for number, answer in enumerate(answers))


def test_threads_share_a_classifier_whose_caches_overflow(calls, verdicts, impatient, monkeypatch):
    monkeypatch.setattr(pieces, "CACHED", 300)
    monkeypatch.setattr("scamtext.text.segmentation.CACHED_CHUNKS", 100)
    segmenter.cache_clear()
    shared = scamtext.load()
    answers = together(lambda number: list(shared.classify_many(turned(calls, number))))
    assert all(answer == turned(verdicts, number) for number, answer in enumerate(answers))


def test_threads_share_monitors_and_masks(calls, verdicts, impatient):
    shared = scamtext.load()
    masked = [verdict.redacted() for verdict in verdicts[:24]]
    for cached in (spoken.word_lists, spoken.word_roles, redact._pieces):
        cached.cache_clear()

    def hear(call):
        monitor = shared.monitor(call.id)
        for turn in call.turns:
            monitor.update(turn)
        return monitor.finish().redacted()

    answers = together(lambda number: [hear(call) for call in turned(calls[:24], number)])
    assert all(answer == turned(masked, number) for number, answer in enumerate(answers))


def answers_of(classifier, calls):
    return list(classifier.classify_many(calls))


# From 3.12 on Python warns of any fork with threads about, numpy's too.
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")
@pytest.mark.parametrize("method", multiprocessing.get_all_start_methods())
def test_processes_share_a_classifier(calls, verdicts, method):
    shared = scamtext.load()
    assert shared.classify(calls[0]) == verdicts[0]
    with ProcessPoolExecutor(1, multiprocessing.get_context(method)) as pool:
        assert pool.submit(answers_of, shared, calls).result(timeout=120) == verdicts


def expect(classifier, call, verdict):
    sys.exit(classifier.classify(call) != verdict)


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")
@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_a_fork_while_another_thread_reads_does_not_hang(calls, verdicts, impatient):
    shared = scamtext.load()
    stop = threading.Event()

    def read():
        while not stop.is_set():
            shared.scorer_.tokeniser.read(calls)

    reader = threading.Thread(target=read)
    reader.start()
    try:
        for _ in range(5):
            child = multiprocessing.get_context("fork").Process(target=expect, args=(shared, calls[0], verdicts[0]))
            child.start()
            child.join(60)
            code = child.exitcode
            child.kill()
            assert code == 0
    finally:
        stop.set()
        reader.join()


def test_a_word_without_end_costs_no_more_than_its_length(shipped):
    """The segmenter makes one word of it; what was kept of each of its beginnings grew with the square."""
    text = " ".join(["vũ"] * 2000)
    assert len(segmenter().segment([text])[0]) < 10
    loaded = scamtext.load()
    assert loaded.classify(text).logit == loaded.classify(text.replace(" ", "  ")).logit
    assert loaded.scorer_.tokeniser._known.spellings.characters < len(text)


def test_long_words_are_not_kept_for_ever(monkeypatch):
    monkeypatch.setattr(pieces, "CACHED_CHARACTERS", 10_000)
    loaded = scamtext.load()
    kept = set()
    for number in range(20):
        loaded.classify(f"xin chào {'x' * 4_000}{'abcdefghiklmnopqrstuv'[number]}")
        kept.add(loaded.scorer_.tokeniser._known.spellings.characters)
    assert max(kept) < 20_000
