"""Check case records (c*.jsonl) against data/cases/schema.json: .venv/bin/python data/writing/check_cases.py FOLDER."""

from __future__ import annotations

import collections
import json
import sys
from pathlib import Path

import jsonschema

SCHEMA = json.loads((Path(__file__).parents[1] / "cases" / "schema.json").read_text(encoding="utf-8"))


def main() -> int:
    validator = jsonschema.Draft202012Validator(SCHEMA, format_checker=jsonschema.FormatChecker())
    ids, types, faults = set(), collections.Counter(), 0
    for path in sorted(Path(sys.argv[1]).glob("c*.jsonl")):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            case = json.loads(line)
            found = [fault.message for fault in validator.iter_errors(case)]
            found += ["id used twice"] if case.get("id") in ids else []
            for fault in found:
                print(f"{path.name}:{number}: {fault}")
            ids.add(case.get("id"))
            types[case.get("scam_type")] += 1
            faults += len(found)
    print(f"{len(ids)} cases, {dict(types)}, {faults} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
