"""The `scamtext` command, one module per group of commands.

Imports everything; nothing imports it.
"""

from scamtext.cli.main import main

__all__ = ["main"]
