"""Adds the images of the included cards to the site."""

from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files

ROOT = Path(__file__).parents[1]
IMAGES = (
    "models/vi/authors_left_out.png",
    "models/vi/frozen_test.png",
    "models/vi/strangers.png",
    "data/learning_curve.png",
    "benchmarks/speed.png",
)


def on_files(files: Files, config: Any) -> Files:
    """Add each image under its own name, beside the page that includes it."""
    for image in IMAGES:
        path = ROOT / image
        files.append(File.generated(config, path.name, abs_src_path=str(path)))
    return files
