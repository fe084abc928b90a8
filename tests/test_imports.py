"""The layout in the folder is the layout in the code, and importing scamtext is cheap."""

import ast
import subprocess
import sys
from pathlib import Path

import scamtext

PACKAGE = Path(scamtext.__file__).parent
# Each module may import, at its top, only modules before it.
ORDER = [
    "errors", "calls", "results", "trie", "segment", "segment_tables", "automaton", "syllable", "normal", "text",
    "redact", "pieces", "lexicon", "tokens", "cues", "features", "messages", "scorer", "compiler", "explain",
    "quotes", "model", "heads", "training", "monitor", "stream", "formats", "exports", "corpus", "spoil", "measures",
    "noise", "evasion", "padding", "live", "evaluate", "floors", "curves", "explore", "review", "pictures", "card",
    "store", "render", "readers", "journal", "batch", "report", "spark", "cli",
]  # fmt: skip


def top_imports(path):
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("scamtext."):
            yield node.module.split(".")[1]


def test_modules_import_upward_only():
    modules = {path.stem for path in PACKAGE.glob("*.py")} - {"__init__"}
    assert modules == set(ORDER)
    for name in ORDER:
        for other in top_imports(PACKAGE / f"{name}.py"):
            assert ORDER.index(other) < ORDER.index(name), f"{name} imports {other}"


def test_import_brings_no_heavy_library():
    code = "import scamtext, sys; print([m for m in ('pandas', 'sklearn', 'underthesea', 'numpy') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_predicting_takes_numpy_alone():
    code = (
        "import sys, scamtext; clf = scamtext.load(); clf.classify('alo, mẹ đây, chiều con về trễ nha'); "
        "clf.monitor().update('alo ai đó'); "
        "print([m for m in ('pandas', 'sklearn', 'scipy', 'joblib', 'underthesea', 'skops') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_public_names_exist():
    assert all(getattr(scamtext, name) for name in scamtext.__all__)


def test_only_the_command_line_prints():
    for path in PACKAGE.glob("*.py"):
        calls = [n for n in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(n, ast.Call)]
        assert not any(isinstance(n.func, ast.Name) and n.func.id == "print" for n in calls), path.name
