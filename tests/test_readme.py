"""README.md and the guides of docs/ say what happens: their blocks run, and print what they show."""

import contextlib
import io
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from scamtext.evaluation.summary import interval
from scamtext.persistence.model_folder import DEFAULT, shipped

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
GUIDES = "\n".join(path.read_text(encoding="utf-8") for path in sorted((ROOT / "docs").glob("*.md")))
BLOCKS = re.findall(r"```(\w+)\n(.*?)```(?:\n\n```text\n(.*?)```)?", README + GUIDES, re.DOTALL)
PYTHON = [(code, shown) for kind, code, shown in BLOCKS if kind == "python"]
BASH = [(code, shown) for kind, code, shown in BLOCKS if kind == "bash"]


def test_it_is_short():
    assert len(README.splitlines()) <= 180


def test_there_are_blocks():
    assert len(PYTHON) >= 3
    assert len(BASH) >= 3


@pytest.mark.parametrize(("code", "shown"), PYTHON)
def test_python_blocks(code, shown, monkeypatch, tmp_path):
    (tmp_path / "data").symlink_to(ROOT / "data")
    monkeypatch.chdir(tmp_path)
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(compile(code, "README.md", "exec"), {})
    assert out.getvalue() == shown


@pytest.mark.parametrize(("code", "shown"), BASH)
def test_bash_blocks(code, shown, tmp_path):
    (tmp_path / "data").symlink_to(ROOT / "data")
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-ec", code],
        cwd=tmp_path,
        env=os.environ | {"PATH": path},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stderr
    if shown:
        assert done.stdout == shown


def test_the_numbers_are_those_of_the_model():
    meta = json.loads((shipped(DEFAULT) / "meta.json").read_text(encoding="utf-8"))
    for name in ("threshold_", "watch_threshold_"):
        assert f"{meta['fitted'][name]:.2f}" in README + GUIDES
    for result in meta["evaluation"].values():
        for name in ("auc", "recall_at_1pc", "recall", "false_alarms", "hard_false_alarms"):
            assert interval(result["measures"][name]) in README + GUIDES
        for row in (result["live"]["alerted_by"]["50%"], result["live"]["by_ask"], result["live"]["ever"]):
            assert interval(row) in README + GUIDES
