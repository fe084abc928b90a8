"""No regular expression of the package takes more than linear time where it is used, whatever the text."""

import ast
import functools
import importlib
import importlib.util
import random
import re
import signal
import time
from pathlib import Path
from re import _constants as codes
from re import _parser as parser

import pytest
from modules import module_names

from scamtext.text import redaction as redact
from scamtext.text.segmentation import segmenter

SHORT, LONG = 20_000, 40_000  # characters
MOST_RATIO, LEAST_SECONDS = 3, 0.5  # quadratic time gives 4; what is fast is not measured well
HANGS = 10  # seconds
STRINGS = 60  # for each pattern
METHODS = ("match", "fullmatch", "search", "findall", "finditer", "sub", "split")
MISSES = ("", "!", "\0", " ", "(", "\n")


def run(pattern, method, text):
    found = getattr(pattern, method)(*["", text] if method == "sub" else [text])
    if method == "finditer":
        list(found)


def modules():
    """Every module that can be imported here; those of Spark need its extra."""
    spark = importlib.util.find_spec("pyspark") is not None
    return [importlib.import_module(name) for name in module_names() if spark or not name.endswith("spark")]


def uses():
    """What is asked of patterns, by place: `name` of a module and method, or a pattern that is written in a call."""
    for module in modules():
        for node in ast.walk(ast.parse(Path(module.__file__).read_text(encoding="utf-8"))):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in METHODS):
                continue
            asked, method = node.func.value, node.func.attr
            if isinstance(asked, ast.Name) and asked.id == "re":
                pattern = re.compile(ast.literal_eval(node.args[0]))
                yield f"{module.__name__}:{node.lineno} {method}", pattern, functools.partial(run, pattern, method)
            elif isinstance(asked, ast.Name) and isinstance(pattern := getattr(module, asked.id, None), re.Pattern):
                yield f"{module.__name__}.{asked.id} {method}", pattern, functools.partial(run, pattern, method)
    pieces = redact._pieces()
    yield "redact._pieces() finditer", pieces, functools.partial(run, pieces, "finditer")
    yield "segment, underthesea's", segmenter()._chunks._pattern, segmenter().tokens


USES = {place: (pattern, use) for place, pattern, use in uses()}


def test_every_pattern_is_known():
    """Patterns of modules that nothing above is seen to use would go untested."""
    found = {value for module in modules() for value in vars(module).values() if isinstance(value, re.Pattern)}
    assert found <= {pattern for pattern, _ in USES.values()}


def characters(item):
    """A character of each class and literal in a parsed pattern."""
    for code, value in item:
        if code in (codes.LITERAL, codes.NOT_LITERAL):
            yield chr(value) if code is codes.LITERAL else "\x7f"
        elif code is codes.IN:
            yield from {member(value, random.Random(seed)) for seed in range(4)}
        elif code is codes.ANY:
            yield "x"
        else:
            yield from (character for inner in inside(code, value) for character in characters(inner))


def inside(code, value):
    """The patterns that a part of a pattern is made of."""
    if code is codes.BRANCH:
        return value[1]
    if code in (codes.MAX_REPEAT, codes.MIN_REPEAT, codes.POSSESSIVE_REPEAT):
        return [value[2]]
    if code in (codes.ASSERT, codes.ASSERT_NOT):
        return [value[1]]
    return {codes.SUBPATTERN: lambda: [value[3]], codes.ATOMIC_GROUP: lambda: [value]}.get(code, list)()


def member(items, chance):
    """A character of a class, or "é" where it says only what is not in it."""
    negated = any(code is codes.NEGATE for code, _ in items)
    code, value = chance.choice([item for item in items if item[0] is not codes.NEGATE])
    names = {"DIGIT": "7", "SPACE": " ", "WORD": "a"}
    if negated:
        return chance.choice("aé.,-@")
    if code is codes.RANGE:
        return chr(chance.randint(*value))
    return chr(value) if code is codes.LITERAL else next((c for n, c in names.items() if str(value).endswith(n)), "é")


def example(item, chance):
    """A text that a parsed pattern matches, or nearly."""
    said = ""
    for code, value in item:
        if code is codes.IN:
            said += member(value, chance)
        elif code is codes.BRANCH:
            said += example(chance.choice(value[1]), chance)
        elif code in (codes.ASSERT, codes.ASSERT_NOT):
            continue
        elif code in (codes.MAX_REPEAT, codes.MIN_REPEAT, codes.POSSESSIVE_REPEAT):
            times = chance.randint(value[0], min(int(value[1]), value[0] + 2))
            said += "".join(example(value[2], chance) for _ in range(times))
        else:
            inner = inside(code, value)
            said += example(inner[0], chance) if inner else "".join(characters([(code, value)]))
    return said


def adversarial(pattern):
    """Beginnings, and what is repeated behind them, and ends: runs, what it matches, and what it nearly matches."""
    parsed, chance = parser.parse(pattern.pattern, pattern.flags), random.Random(repr(pattern))
    letters = sorted(set(characters(parsed)))
    for number in range(STRINGS):
        matching = example(parsed, chance)
        start = matching[: chance.randint(0, len(matching))] if number % 3 else ""
        rows = [
            chance.choice(letters),
            "".join(chance.choices(letters, k=chance.randint(2, 3))),
            matching or "a",
            matching[: chance.randint(1, max(1, len(matching)))] or "a",
        ]
        yield start, rows[number % 4], chance.choice(MISSES)
    yield from (("", part, "") for part in ("a.", "a-", "a@", "1,,", "http://", "http://(", "(a", " "))
    yield from ((start, part, "") for start in ("http://", "a.vn/") for part in (".", ",", "(.)", ").", "!?"))


def seconds(use, text):
    start = time.process_time()
    use(text)
    return time.process_time() - start


@pytest.fixture
def alarm():
    """Ends what hangs; the engine of `re` looks for signals."""

    def end(*_):
        raise TimeoutError

    before = signal.signal(signal.SIGVTALRM, end)
    yield lambda: signal.setitimer(signal.ITIMER_VIRTUAL, HANGS)
    signal.setitimer(signal.ITIMER_VIRTUAL, 0)
    signal.signal(signal.SIGVTALRM, before)


@pytest.mark.parametrize("place", USES)
def test_it_takes_linear_time(place, alarm):
    pattern, use = USES[place]
    for start, part, end in adversarial(pattern):
        short, long = ((start + part * (size // len(part)))[: size - len(end)] + end for size in (SHORT, LONG))
        alarm()
        try:
            spent = seconds(use, long)
        except TimeoutError:
            pytest.fail(f"{place} hangs on {start!r} + {part!r} * n + {end!r}")
        if spent > LEAST_SECONDS:
            signal.setitimer(signal.ITIMER_VIRTUAL, 0)
            spent, before = (min(seconds(use, text) for _ in range(3)) for text in (long, short))
            assert spent <= LEAST_SECONDS or spent < MOST_RATIO * before, (place, start, part, end, before, spent)
