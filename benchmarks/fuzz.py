"""Coverage-guided fuzzing: whatever bytes come in, nothing but the package's own errors comes out, and its laws hold.

Run with `python benchmarks/fuzz.py TARGET --runs 1000000 --seed 1` (`pip install .[fuzz]`). It prints what was
executed, how fast, and each finding: an exception, a broken law, or more than two seconds for one input. Findings are
kept in a folder; `python benchmarks/fuzz.py TARGET --repeat FILE...` shows one again. Exit code 1: there are findings.
"""

import argparse
import gzip
import hashlib
import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from functools import cache
from itertools import pairwise
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["scamtext"]):
    from scamtext.calls import Call, Turn
    from scamtext.classifier import ScamClassifier
    from scamtext.cues.detector import find_cues
    from scamtext.cues.lexicon import Lexicon
    from scamtext.errors import DataError, LexiconError
    from scamtext.evaluation.corpus import read_corpus
    from scamtext.io.annotations import SUFFIXES
    from scamtext.io.formats import Options, Rejected
    from scamtext.io.readers import MANY, MOST_CHARACTERS, ONE, read_calls
    from scamtext.labels import LEGIT, SCAM
    from scamtext.persistence.model_folder import load
    from scamtext.text.normalization import normalise
    from scamtext.text.redaction import mask_call
    from scamtext.text.segmentation import segmenter
    from scamtext.text.spans import place_words, syllables
    from scamtext.text.spoken import BULLET
    from scamtext.text.tokenizer import Tokeniser
    from scamtext.verdict.rendering import to_html
    from scamtext.verdict.results import Verdict

SAMPLES = Path(__file__).parents[1] / "data" / "samples"
SECONDS = 2  # for one input; no law takes a hundredth of it
LONGEST = 128  # bytes of an input: more only costs speed; long ones are for benchmarks/length.py
MOST_FINDINGS = 10  # then a campaign ends
MOST_LINES = 30  # that are printed of each
SEPARATOR = "\x1e"  # between turns, and between what else a target reads
OPTIONS = (Options(), Options("data", "label"), Options(encoding="utf-16"), Options(encoding="windows-1258"))
SPEAKERS = ("caller", "callee", None)
WORDS = """
chuyển tiền phong toả tỏa mã otp đừng đọc công an ngay ngân hàng gấp zalo 2 triệu tr k đ usd 0901234567 +84 19/8/2026
https:// www. a.vn a@b.vn ? ! … ; . , Nguyễn Thị Hoa chị tên em là số hai ba năm không chín mươi Th.S v.v. Người gọi:
"text" "turns" "speaker" "caller" "segments" "label" "annotations" "result" "value" "choices" "data" "reviewed" text,id
[[cue]] [[modifier]] kind="threat" phrases=["a"] direction="forward" scope=9 ..2 (a|b)? <tiền> 00:00:01,000 --> WEBVTT
"""
ODD = [
    "\u0301",
    "\u0323",
    "\u200b",
    "\ufeff",
    "İ",
    "ŉ",
    "ß",
    "😀",
    "\u1100\u1161\u11a8",
    "\u00a0",
    "\u2028",
    "\x85",
    "\t",
]


# Laws: each takes an input and raises when it breaks one.


def read_text(data: bytes) -> str:
    """Any text; bytes that are not UTF-8 become lone surrogates, which broken JSON has too."""
    return data.decode("utf-8", "surrogateescape")


def read_call(data: bytes) -> Call:
    """Any call: its turns are told apart by `SEPARATOR`; the first byte says who begins."""
    turns = read_text(data[1:]).split(SEPARATOR)
    return Call(tuple(Turn(text, SPEAKERS[(data[0] + place) % 3]) for place, text in enumerate(turns)))


@cache
def classifier() -> ScamClassifier:
    """The shipped model."""
    return load()


@cache
def tokeniser() -> Tokeniser:
    """Cuts calls for the shipped lexicon."""
    return Tokeniser(len, len, Lexicon.of().numbers, segmenter())


@cache
def scratch() -> Path:
    """A folder for files, in memory where there is such a place."""
    memory = Path("/dev/shm")
    return Path(tempfile.mkdtemp(prefix="fuzz", dir=memory if memory.is_dir() else None))


def write(name: str, content: bytes) -> Path:
    """A file with this content."""
    path = scratch() / name
    path.write_bytes(content)
    return path


def reader(data: bytes) -> None:
    """A file of calls: every record is a call or set aside, none is lost."""
    names = [*MANY, *ONE, *(suffix + ".gz" for suffix in (*MANY, *ONE) if suffix != ".parquet")]
    name, options, content = names[data[0] % len(names)], OPTIONS[data[1] % len(OPTIONS)], data[2:]
    packed = gzip.compress(content, 1)[: None if data[1] < 192 else -9] if name.endswith(".gz") else content
    try:
        found = list(read_calls(str(write("calls" + name, packed)), options))
    except DataError:
        return
    assert all(isinstance(item, Call | Rejected) for item in found)
    assert all(item.text.strip() and len(item.text) < MOST_CHARACTERS for item in found if isinstance(item, Call))
    assert all(item.error and isinstance(item.id, str | None) for item in found if isinstance(item, Rejected))
    if name == ".jsonl":
        assert len(found) == sum(bool(line.strip()) for line in content.split(b"\n"))
    assert len(found) == 1 or name.removesuffix(".gz") in MANY


def labelled(data: bytes) -> None:
    """A file of labelled calls: all rows are calls, or their faults are told."""
    try:
        found = read_corpus(write("labelled" + SUFFIXES[data[0] % len(SUFFIXES)], data[1:]))
    except DataError:
        return
    assert found and all(call.label in (SCAM, LEGIT) and call.call.text.strip() for call in found)


def normaliser(data: bytes) -> None:
    """A text: what is cut from it stands in it, in order, and reads as it does there."""
    text = read_text(data)
    normal, offsets = normalise(text)
    if offsets is None:
        assert len(normal) == len(text)
    else:
        assert len(offsets) == len(normal) + 1
        assert offsets[-1] == len(text)
        assert all(0 <= a <= b for a, b in pairwise(offsets))
    line = syllables(text)
    in_order([(token.start, token.end) for token in line.syllables], len(text))
    assert all(0 <= stop <= len(line.syllables) for stop in line.stops)
    if normal == text.lower():  # else what a quote is read for depends on what stands around it
        for token in line.syllables:
            # At the end of a word Python may write another sigma in lower case.
            there = text[token.start : token.end].lower().replace("ς", "σ")
            assert token.form.startswith("<") or token.form.replace("ς", "σ") in there


def in_order(spans: list[tuple[int, int]], size: int) -> None:
    """None is empty, none leaves the text, none goes back behind the one before ("İ" is two letters in lower case)."""
    assert all(0 <= start < end <= size for start, end in spans), spans
    assert all(a[0] <= b[0] and a[1] <= b[1] for a, b in pairwise(spans)), spans


def words(data: bytes) -> None:
    """A text: its words stand in it, in order."""
    text = read_text(data)
    normal, offsets = normalise(text)
    placed = place_words(segmenter().with_sizes(normal), normal, offsets)
    in_order([(word.start, word.end) for word in placed], len(text))


def cues(data: bytes) -> None:
    """A call: all at once it is cut as turn by turn, and cues lie inside of turns."""
    call = read_call(data)
    tokens = tokeniser().read([call])
    for number, (first, last) in enumerate(pairwise(tokens.first.tolist())):
        places = list(zip(tokens.start[first:last].tolist(), tokens.end[first:last].tolist(), strict=True))
        assert places == [(token.start, token.end) for token in syllables(call.turns[number].text).syllables]
    for find in find_cues(tokens, Lexicon.of()):
        assert tokens.first[find.turn] <= find.first < find.last <= tokens.first[find.turn + 1]


def lexicon(data: bytes) -> None:
    """A lexicon, or phrases and a text: it is refused, or its phrases can be looked for."""
    content, *spoken = data[1:].split(SEPARATOR.encode())
    if data[0] % 4:
        lines = json.dumps(content.decode("utf-8", "ignore").split("\n")).replace("\x7f", "")
        content = f'kind = "threat"\n[[cue]]\nphrases = {lines}'.encode()
    write("lexicon.toml", content)
    try:
        read = Lexicon.read(scratch())
    except LexiconError:
        return
    if read.entries:
        compiled = Lexicon.from_arrays(read.compile())
        call = Call(tuple(map(Turn, map(read_text, (*spoken, content)))))
        find_cues(Tokeniser(len, len, compiled.numbers, segmenter()).read([call]), compiled)


def verdict(data: bytes) -> None:
    """A call: evidence quotes it and adds up; the verdict survives JSON, can be told, and is the monitor's too."""
    call = read_call(data)
    found = classifier().classify(call)
    quotes(found)
    assert abs(found.bias + found.other + sum(item.weight for item in found.evidence) - found.logit) < 1e-6
    assert 0 <= found.probability <= 1
    assert Verdict.from_dict(json.loads(json.dumps(found.to_dict()))) == found
    json.dumps(found.to_record())
    assert str(found)
    assert to_html(found)
    quotes(found.redacted())
    monitor = classifier().monitor()
    for turn in call.turns:
        heard = monitor.update(turn)
    assert (heard.label, heard.scam_type, heard.risk) == (found.label, found.scam_type, found.risk)
    assert abs(heard.logit - found.logit) < 1e-6


def quotes(found: Verdict) -> None:
    """Evidence is what stands in the call."""
    for item in (*found.cues, *found.evidence):
        assert 0 <= item.start < item.end
        assert found.call.turns[item.turn].text[item.start : item.end] == item.text
        assert found.call.turns[item.turn].speaker == item.speaker


def redact(data: bytes) -> None:
    """A call: masked characters are "•", all others stay in their place, and masking again masks nothing."""
    call = read_call(data)
    masked = mask_call(call)
    for before, after in zip(call.turns, masked.turns, strict=True):
        assert len(before.text) == len(after.text)
        assert all(new in (old, BULLET) for old, new in zip(before.text, after.text, strict=True))
    assert mask_call(masked) == masked


TARGETS: dict[str, Callable[[bytes], None]] = {
    law.__name__: law for law in (reader, labelled, normaliser, words, cues, lexicon, verdict, redact)
}


# Running them


def seeds() -> Iterator[bytes]:
    """Inputs to begin with: the samples, as files of each format and as calls."""
    for path in sorted(SAMPLES.iterdir()):
        content = path.read_bytes()
        for kind in range(16):
            yield bytes([kind, kind]) + content[: LONGEST - 2]
        for line in content.splitlines()[:20]:
            yield b"\0" + line.replace(b". ", SEPARATOR.encode())[:LONGEST]
    for word in WORDS.split():
        yield b"\1" + word.encode()


def dictionary() -> str:
    """What the fuzzer puts together, as libFuzzer's dictionary."""
    words = [*WORDS.split(), *ODD, SEPARATOR, " ", "\n", '"', "\\"]
    return "".join('"' + "".join(f"\\x{byte:02x}" for byte in word.encode()) + '"\n' for word in words)


def campaign(target: str, runs: int, seed: int, findings: Path) -> tuple[int, int]:
    """Run a target so many times; how often it was, and how many findings there were."""
    done = found = 0
    with tempfile.TemporaryDirectory() as folder:
        corpus, words = Path(folder, "corpus"), Path(folder, "words")
        corpus.mkdir()
        words.write_text(dictionary())
        for data in seeds():
            (corpus / hashlib.sha1(data).hexdigest()).write_bytes(data)
        while done < runs and found < MOST_FINDINGS:
            flags = (f"-runs={runs - done}", f"-seed={seed + found}", f"-dict={words}", f"-artifact_prefix={findings}/")
            flags += (f"-timeout={SECONDS}", f"-max_len={LONGEST}", "-print_final_stats=1", "-rss_limit_mb=4096")
            command = [sys.executable, __file__, target, "--child", *flags, str(corpus)]
            child = subprocess.run(command, stderr=subprocess.PIPE, text=True, errors="replace", check=False)
            executed = re.findall(r"^stat::number_of_executed_units:\s*(\d+)|^#(\d+)\s", child.stderr, re.MULTILINE)
            done += max((int(a or b) for a, b in executed), default=0)
            speed = re.findall(r"^stat::average_exec_per_sec:\s*(\d+)", child.stderr, re.MULTILINE)
            print(f"{target}: {done:,} executions, {speed[-1] if speed else '?'} a second", flush=True)
            if child.returncode:
                found += 1
                report = [line for line in child.stderr.splitlines() if not re.match("INFO|WARNING|#|stat|0x", line)]
                print("\n".join(["FINDING", *report[-MOST_LINES:]]), flush=True)
                if not executed:
                    break
    return done, found


def fuzz(target: str, flags: list[str]) -> None:
    """Run a target in this process, which ends with it."""
    law = TARGETS[target]

    def run(data: bytes) -> None:
        if len(data) > 2:
            law(data)

    for kind in range(16):  # what is loaded once is loaded before the clock runs
        run(bytes([kind, kind]) + b"em")
    atheris.Setup([sys.argv[0], *flags], run)
    atheris.Fuzz()


def main() -> int:
    """Fuzz a target, or repeat findings."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("target", choices=TARGETS)
    parser.add_argument("--runs", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--findings", type=Path, default=Path(tempfile.gettempdir()) / "scamtext-findings")
    parser.add_argument("--repeat", type=Path, nargs="+", default=[])
    options = parser.parse_args()
    if options.repeat:
        for path in options.repeat:
            TARGETS[options.target](path.read_bytes())
        return 0
    folder = options.findings / options.target
    folder.mkdir(parents=True, exist_ok=True)
    done, found = campaign(options.target, options.runs, options.seed, folder)
    print(f"{options.target}: {done:,} executions, {found} findings" + f", kept in {folder}" * bool(found))
    return int(found > 0)


if __name__ == "__main__":
    if sys.argv[2:3] == ["--child"]:
        fuzz(sys.argv[1], sys.argv[3:])
    sys.exit(main())
