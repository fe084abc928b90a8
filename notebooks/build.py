"""Makes each notebook from its twin, a script in percent format, and runs it: `make notebooks`.

The scripts are what is edited. Outputs are kept so that they can be read where notebooks are browsed;
nothing in the files depends on when, where or by whom they were run.
"""

from __future__ import annotations

import base64
from io import BytesIO
from pathlib import Path
from typing import Any

import jupytext
import nbformat
from nbclient import NotebookClient
from PIL import Image

FOLDER = Path(__file__).parent
SCRIPTS = sorted(FOLDER.glob("[0-9]*.py"))
METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
TIMEOUT = 900  # seconds, for a cell
GREYS = 16  # in a picture; with more of them the files would be four times as large


def main() -> None:
    """Make and run all notebooks."""
    for script in SCRIPTS:
        nbformat.write(to_keep(run(read(script))), script.with_suffix(".ipynb"))


def read(script: Path) -> nbformat.NotebookNode:
    """The notebook of a script, not yet run; cells are named by their place, so that ids stay."""
    notebook = jupytext.read(script, fmt="py:percent")
    for place, cell in enumerate(notebook.cells, 1):
        cell.id = f"cell-{place:02d}"
        cell.metadata = {"tags": cell.metadata["tags"]} if "tags" in cell.metadata else {}
    notebook.metadata = METADATA
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    return notebook


def with_parameters(notebook: nbformat.NotebookNode, parameters: dict[str, Any]) -> nbformat.NotebookNode:
    """The notebook with other values, in a cell behind the one that is tagged, as papermill does it."""
    place = next(n for n, cell in enumerate(notebook.cells) if "parameters" in cell.metadata.get("tags", ()))
    source = "\n".join(f"{name} = {value!r}" for name, value in parameters.items())
    cell = nbformat.v4.new_code_cell(source, id="injected", metadata={"tags": ["injected-parameters"]})
    notebook.cells.insert(place + 1, cell)
    return notebook


def run(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """The notebook with the outputs of a fresh kernel, which starts where Jupyter would start it."""
    NotebookClient(
        notebook,
        timeout=TIMEOUT,
        kernel_name="python3",
        record_timing=False,
        coalesce_streams=True,
        resources={"metadata": {"path": str(FOLDER)}},
    ).execute()
    notebook.metadata = METADATA
    return notebook


def to_keep(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """The notebook with its pictures in few greys, and without the progress of its long steps."""
    for cell in notebook.cells:
        if "outputs" in cell:
            cell.outputs = [output for output in cell.outputs if output.get("name") != "stderr"]
        for output in cell.get("outputs", ()):
            if "image/png" in output.get("data", {}):
                output.data["image/png"] = _in_greys(output.data["image/png"])
    return notebook


def _in_greys(picture: str) -> str:
    kept = BytesIO()
    Image.open(BytesIO(base64.b64decode(picture))).convert("L").quantize(GREYS).save(kept, "png", optimize=True)
    return base64.b64encode(kept.getvalue()).decode()


if __name__ == "__main__":
    main()
