"""The modules of the package, for tests that look at all of them."""

from pathlib import Path

import scamtext

PACKAGE = Path(scamtext.__file__).parent


def module_names():
    """Return the dotted name of every module, packages included."""
    parts = (path.relative_to(PACKAGE.parent).with_suffix("").parts for path in sorted(PACKAGE.rglob("*.py")))
    return [".".join(part for part in names if part != "__init__") for names in parts]
