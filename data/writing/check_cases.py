"""Check the case records (c*.jsonl) of a folder by hand's eye: python3 check_cases.py FOLDER."""

from __future__ import annotations

import collections
import json
import pathlib
import re
import sys
import unicodedata

SCAM_TYPES = {
    "authority",
    "telecom",
    "bank",
    "egov",
    "parcel",
    "emergency",
    "prize",
    "job",
    "investment",
    "loan",
    "utility",
    "recovery",
    "intimate",
    "other",
}
STEPS = {"first_contact", "hand_over", "channel", "isolation", "proof", "ask", "pressure", "second_ask"}
ASKS = {
    "threat",
    "agency",
    "money_request",
    "credential_request",
    "secrecy",
    "urgency",
    "remote_app",
    "channel_switch",
    "reward",
}
OUTCOMES = {"lost", "stopped_family", "stopped_bank", "stopped_police", "refused", "warning", "unknown"}


def faults_of(case: dict) -> list[str]:
    faults = []
    if not re.fullmatch(r"20(22|23|24|25|26)-\d\d-\d\d", str(case.get("published"))):
        faults.append(f"published {case.get('published')!r}")
    if not case.get("sources") or not all(re.match(r"https?://\S+$", str(url)) for url in case["sources"]):
        faults.append("sources")
    if case.get("scam_type") not in SCAM_TYPES:
        faults.append(f"scam_type {case.get('scam_type')!r}")
    if case.get("outcome") not in OUTCOMES:
        faults.append(f"outcome {case.get('outcome')!r}")
    if not set(case.get("asks", [])) <= ASKS:
        faults.append(f"asks {case.get('asks')}")
    if not case.get("steps") or any(step.get("step") not in STEPS or not step.get("what") for step in case["steps"]):
        faults.append("steps")
    target = case.get("target") or {}
    if set(target) - {"age", "walk"} or target.get("age") not in ("young", "adult", "middle", "old", None):
        faults.append(f"target {target}")
    for field in ("amount_asked", "amount_lost"):
        if not (case.get(field) is None or (isinstance(case[field], int) and case[field] > 0)):
            faults.append(f"{field} {case[field]!r}")
    for field in ("id", "place", "claimed_identity", "pretext"):
        if not isinstance(case.get(field), str) or not case[field]:
            faults.append(f"{field} is missing")
    return faults


def main() -> int:
    seen, count, bad = collections.Counter(), 0, 0
    types = collections.Counter()
    for path in sorted(pathlib.Path(sys.argv[1]).glob("c*.jsonl")):
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
            if not line.strip():
                continue
            try:
                case = json.loads(line)
            except ValueError as error:
                print(f"{path.name}:{number}: {error}")
                bad += 1
                continue
            faults = faults_of(case)
            if unicodedata.normalize("NFC", line) != line:
                faults.append("not NFC")
            seen[case.get("id")] += 1
            if seen[case.get("id")] > 1:
                faults.append("id used twice")
            bad += len(faults)
            count += 1
            types[case.get("scam_type")] += 1
            for fault in faults:
                print(f"{path.name}:{number}: {fault}")
    print(f"{count} cases, {dict(types)}, {bad} faults")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
