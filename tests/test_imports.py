"""Importing scamtext is cheap, and needs no more than the base dependencies. The layers are in pyproject.toml."""

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

from modules import module_names

import scamtext

PACKAGE = Path(scamtext.__file__).parent
PROJECT = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text(encoding="utf-8"))["project"]
# Runs in a process whose only importable distributions are the base dependencies and what these need.
BASE_ONLY = """
import importlib, importlib.metadata as metadata, re, sys

def needed(name, seen):
    if name not in seen:
        seen.add(name)
        for line in metadata.requires(name) or ():
            if "extra ==" not in line:
                inner = re.match(r"[\\w.-]+", line)[0].lower().replace("_", "-")
                try:
                    metadata.distribution(inner)
                except metadata.PackageNotFoundError:
                    continue
                needed(inner, seen)
    return seen

allowed = {name for base in sys.argv[1].split(",") for name in needed(base, set())}
blocked = {
    top for top, names in metadata.packages_distributions().items()
    if not {name.lower().replace("_", "-") for name in names} & allowed and top != "scamtext"
}

class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in blocked:
            raise ModuleNotFoundError(f"{name} is not a base dependency", name=name)

sys.meta_path.insert(0, Blocker())
for name in sys.argv[2].split(","):
    importlib.import_module(name)
for name in ("pyspark", "pyarrow", "matplotlib"):
    if name in sys.modules:
        sys.exit(f"{name} was imported")
"""


def test_base_dependencies_suffice():
    base = ",".join(re.match(r"[\w.-]+", line)[0].lower() for line in PROJECT["dependencies"])
    names = ",".join(name for name in module_names() if name not in NEED_SPARK)
    done = subprocess.run([sys.executable, "-c", BASE_ONLY, base, names], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


NEED_SPARK = {"scamtext.spark", "scamtext.serving.spark"}  # say so in one line, see test_spark


def test_import_brings_no_heavy_library():
    code = "import scamtext, sys; print([m for m in ('pandas', 'sklearn', 'underthesea', 'numpy') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_predicting_takes_numpy_alone():
    code = (
        "import sys, scamtext; clf = scamtext.load(); clf.classify('alo, mẹ đây, chiều con về trễ nha'); "
        "clf.monitor().update('alo ai đó'); "
        "print([m for m in ('pandas', 'sklearn', 'scipy', 'joblib', 'underthesea') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_public_names_exist():
    assert all(getattr(scamtext, name) for name in scamtext.__all__)


def test_only_the_command_line_prints():
    for path in PACKAGE.rglob("*.py"):
        calls = [n for n in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(n, ast.Call)]
        assert not any(isinstance(n.func, ast.Name) and n.func.id == "print" for n in calls), path.name
