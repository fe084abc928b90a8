"""The data that comes with the project, as tables."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from scamtext.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

PLACES = Path(__file__).parent / "cases", Path(__file__).parents[1] / "data" / "cases"  # installed, in the repository


def cases() -> pd.DataFrame:
    """Documented scam cases, one row per event.

    Returns
    -------
    DataFrame indexed by case id, with the fields of data/cases/schema.json; `published` is a date, amounts are in VND
    and missing where the report gives none.

    Raises
    ------
    DataError
        If the file is missing or broken.
    """
    import pandas as pd

    path = next((place / "cases.jsonl" for place in PLACES if place.is_dir()), PLACES[0] / "cases.jsonl")
    try:
        table = pd.read_json(
            path, lines=True, dtype={"amount_asked": "Int64", "amount_lost": "Int64"}, encoding="utf-8"
        )
        table["published"] = pd.to_datetime(table["published"])
        return table.set_index("id")
    except (OSError, ValueError, KeyError) as error:
        raise DataError(f"{path}: cannot read the documented cases: {error}") from error
