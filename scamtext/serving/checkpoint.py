"""Output that can be gone on with after a crash, and appears under its name only when it is whole.

What is written goes to a hidden file beside the output; how much of it counts stands in a second one, which is
replaced as a whole once the bytes are on the disk. Going on means to cut off what does not count.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

from scamtext.errors import DataError

RESUME = "the same command with --resume goes on where it stopped"


class Journal:
    """The unfinished output of a run.

    Parameters
    ----------
    output : where the result shall be.
    terms : what the result depends on: inputs, options, model. A run with other terms is another run.
    resume : go on with what is there; else begin anew.

    Attributes
    ----------
    records : how many records are done.
    state : what `commit` was last given.

    Raises
    ------
    DataError : the folder is missing, another run is writing this output, or what is there has other terms.
    """

    def __init__(self, output: Path, terms: dict[str, Any], resume: bool) -> None:
        self.output = output
        self.part = output.with_name(f".{output.name}.part")
        self._count = output.with_name(f".{output.name}.part.json")
        self._terms = json.loads(json.dumps(terms))
        self.records, self.state, size = self._found(resume)
        try:
            descriptor = os.open(self.part, os.O_RDWR | os.O_CREAT, 0o666)
        except (FileNotFoundError, NotADirectoryError) as error:
            raise DataError(f"{output}: there is no folder {output.parent}") from error
        except OSError as error:
            raise DataError(f"{output}: cannot be written: {error.strerror}") from error
        try:
            _lock(descriptor, output)
        except DataError:
            os.close(descriptor)
            raise
        if not size:
            self._count.unlink(missing_ok=True)  # it tells of other bytes than will stand there
        self._file = os.fdopen(descriptor, "r+b")
        self._file.truncate(size)
        self._file.seek(size)

    def _found(self, resume: bool) -> tuple[int, dict[str, Any], int]:
        """Records done, state, and bytes that count."""
        if not resume or not self._count.exists():
            return 0, {}, 0
        try:
            found = json.loads(self._count.read_text(encoding="utf-8"))
            records, state, size, terms = (found[name] for name in ("records", "state", "bytes", "terms"))
        except (ValueError, KeyError, TypeError) as error:
            raise DataError(f"{self._count}: damaged ({error}); begin anew without --resume") from error
        changed = sorted(name for name in {*terms, *self._terms} if terms.get(name) != self._terms.get(name))
        if changed:
            raise DataError(f"{self.output}: changed since the run stopped: {', '.join(changed)}; run without --resume")
        if not self.part.exists() or self.part.stat().st_size < size:
            return 0, {}, 0  # nothing that could be gone on with
        return records, state, size

    def append(self, content: bytes, records: int) -> None:
        """Write the next records; they do not count before `commit`."""
        self._file.write(content)
        self.records += records

    def commit(self, state: dict[str, Any]) -> None:
        """From here on the run can be gone on with."""
        self._file.flush()
        os.fsync(self._file.fileno())
        count = {"records": self.records, "state": state, "bytes": self._file.tell(), "terms": self._terms}
        new = self._count.with_name(f"{self._count.name}.new")
        with new.open("w", encoding="utf-8") as file:
            json.dump(count, file)
            file.flush()
            os.fsync(file.fileno())
        new.replace(self._count)

    def close(self) -> None:
        """Stop here; if nothing counts yet, leave nothing behind."""
        self._file.close()
        if not self._count.exists():
            self.part.unlink(missing_ok=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        self.close()
        if isinstance(error, OSError):
            reason = error.strerror or error
            raise DataError(f"{self.output}: {reason}; when that is put right, {RESUME}") from error

    def finish(self, convert: Callable[[Path, Path], None] | None) -> None:
        """The output is complete: make the file that was asked for of it, under its name.

        Parameters
        ----------
        convert : writes the second file from the first; without it the file stays as it is.
        """
        self._file.close()
        if convert:
            made = self.part.with_name(f"{self.part.name}{self.output.suffix}")
            try:
                convert(self.part, made)
                made.replace(self.output)
            finally:
                made.unlink(missing_ok=True)
            self.part.unlink()
        else:
            self.part.replace(self.output)
        self._count.unlink()


def _lock(descriptor: int, output: Path) -> None:
    """Refuse a second run of the same output; the lock goes with the process."""
    if sys.platform == "win32":
        return
    import fcntl

    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        raise DataError(f"{output}: another run is writing it") from error
