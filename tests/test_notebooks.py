"""The notebooks are what their scripts say, run from top to bottom, and are kept with outputs that name no machine."""

import ast
import json
import re
import runpy
from pathlib import Path
from types import SimpleNamespace

import pytest

nbformat = pytest.importorskip("nbformat", reason="pip install scamtext[notebooks] to test the notebooks")
FOLDER = Path(__file__).parents[1] / "notebooks"
build = SimpleNamespace(**runpy.run_path(str(FOLDER / "build.py")))
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
MACHINE_PATH = re.compile(r"(?<![\w/<])/(?:home|root|tmp|usr|var|opt|work|Users|check)/|[A-Z]:\\\\")
LARGEST = 700_000  # bytes
SMALL = {"SAMPLE": 300}
WEAK = {"02_train.ipynb": {"FLOOR": 0.7}}  # what so small a sample can teach

each = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)


def kept(path):
    return nbformat.read(path, as_version=4)


def code(path):
    return [cell for cell in kept(path).cells if cell.cell_type == "code"]


def test_every_notebook_has_its_script():
    assert len(NOTEBOOKS) >= 3
    assert [path.with_suffix(".py") for path in NOTEBOOKS] == build.SCRIPTS


@each
def test_the_cells_are_those_of_the_script(path):
    def cells(notebook):
        return [(cell.id, cell.cell_type, cell.source, cell.metadata) for cell in notebook.cells]

    assert cells(kept(path)) == cells(build.read(path.with_suffix(".py")))


@each
def test_one_cell_has_the_parameters(path):
    tagged = [cell for cell in code(path) if "parameters" in cell.metadata.get("tags", ())]
    assert len(tagged) == 1
    assert set(SMALL) <= {node.targets[0].id for node in ast.parse(tagged[0].source).body}


@each
def test_logic_is_in_the_package(path):
    nodes = [node for cell in code(path) for node in ast.walk(ast.parse(cell.source))]
    assert not [node for node in nodes if isinstance(node, (ast.FunctionDef, ast.ClassDef, ast.Lambda))]


@each
def test_outputs_are_kept_small_and_name_no_machine(path):
    cells = code(path)
    outputs = [output for cell in cells for output in cell.outputs]
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    assert outputs
    assert not [output for output in outputs if output.output_type == "error" or output.get("name") == "stderr"]
    assert not MACHINE_PATH.search(json.dumps(outputs))
    assert "\x1b" not in "".join(json.dumps(outputs, ensure_ascii=False))
    assert path.stat().st_size < LARGEST


@pytest.mark.parametrize(
    "path",
    [pytest.param(path, marks=[pytest.mark.exhaustive] if path.name in WEAK else []) for path in NOTEBOOKS],
    ids=lambda path: path.name,
)
def test_notebook_runs(path):
    notebook = build.run(build.with_parameters(build.read(path.with_suffix(".py")), SMALL | WEAK.get(path.name, {})))
    assert all(cell.execution_count for cell in notebook.cells if cell.cell_type == "code")
