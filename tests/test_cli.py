"""The real command, as a user runs it."""

import csv
import json
import subprocess
import sys
from pathlib import Path

import pytest

from scamtext.cues.lexicon import LEXICONS

SAMPLES = Path(__file__).parents[1] / "data" / "samples"
SCAM = (
    "Tôi là điều tra viên công an tỉnh. Số tài khoản của chị dính vào một vụ rửa tiền. "
    "Chị đừng nói với ai, chuyển hết tiền sang tài khoản tạm giữ của cơ quan để kiểm tra."
)
HONEST = "mẹ ơi chiều nay con về trễ mẹ nấu cơm trước đi nha con ăn sau"


def run(*arguments, stdin=None):
    command = [str(Path(sys.executable).with_name("scamtext")), *map(str, arguments)]
    return subprocess.run(command, input=stdin, capture_output=True, encoding="utf-8", timeout=120, check=False)


def lines(*texts):
    return "".join(json.dumps({"id": str(n), "text": text}) + "\n" for n, text in enumerate(texts))


def test_classify_stdin_to_stdout():
    done = run("classify", "-", stdin=lines(SCAM, HONEST))
    records = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 0, done.stderr
    assert [(r["id"], r["label"]) for r in records] == [("0", "scam"), ("1", "legit")]
    assert list(records[0]) == ["id", "label", "probability", "risk", "scam_type", "cues", "reasons"]
    assert records[0]["risk"] == "high"
    assert records[0]["scam_type"] == "authority"
    for cue in records[0]["cues"]:
        assert set(cue) == {"kind", "turn", "speaker", "start", "end", "text", "negated"}
        assert SCAM[cue["start"] : cue["end"]] == cue["text"]
    assert records[1]["scam_type"] is None
    assert "2 records: 1 legit, 1 scam" in done.stderr


def test_bad_records_are_set_aside_and_the_rest_classified(tmp_path):
    source = tmp_path / "in.jsonl"
    source.write_text(lines(HONEST) + "{bad\n" + lines(SCAM), encoding="utf-8")
    done = run("classify", source, "-o", tmp_path / "out.jsonl")
    records = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text(encoding="utf-8").splitlines()]
    assert done.returncode == 1
    assert [r.get("label") for r in records] == ["legit", None, "scam"]
    assert records[1]["error"].startswith("in.jsonl:2: not JSON")


def test_of_several_files_a_bad_one_is_set_aside(tmp_path):
    (tmp_path / "bad.srt").write_text("no subtitles here", encoding="utf-8")
    done = run("classify", SAMPLES / "can_tho.txt", tmp_path / "bad.srt", "nowhere.csv", SAMPLES / "call.srt")
    records = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 1
    assert ["error" in record for record in records] == [False, True, True, False]
    assert [Path(record["id"]).name for record in records] == ["can_tho", "bad.srt", "nowhere.csv", "call"]


def test_csv_and_parquet_out(tmp_path):
    for name in ("out.csv", "out.parquet"):
        assert run("classify", "-", "-o", tmp_path / name, stdin=lines(SCAM) + "{}\n").returncode == 1
    with (tmp_path / "out.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert rows[0]["label"] == "scam"
    assert json.loads(rows[0]["cues"])
    assert 'no field "text"' in rows[1]["error"]
    parquet = pytest.importorskip("pyarrow.parquet", reason="pip install scamtext[parquet] to test Parquet")
    table = parquet.read_table(tmp_path / "out.parquet").to_pylist()
    assert table[0]["cues"] == json.loads(rows[0]["cues"])
    assert [row["label"] for row in table] == ["scam", None]


def test_many_files_in_order_and_english():
    done = run("classify", "--lang", "en", SAMPLES / "can_tho.txt", SAMPLES / "calls.csv", SAMPLES / "call.srt")
    records = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 0, done.stderr
    assert records[0]["id"] == "can_tho"
    assert records[-1]["id"] == "call"
    assert len(records) >= 42
    assert records[0]["reasons"][0].isascii() is False
    assert any(
        reason.startswith(("Threatens", "Claims", "Asks", "Demands", "Moves")) for reason in records[0]["reasons"]
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["classify"], "Missing argument"),
        (["classify", "nowhere.csv"], "nowhere.csv: no such file"),
        (["classify", SAMPLES / "calls.csv", "--text", "x"], "no column 'x'"),
        (["classify", SAMPLES / "calls.csv", "--encoding", "x"], "no such encoding"),
        (["classify", SAMPLES / "calls.csv", "-o", "out.xlsx"], "out.xlsx"),
        (["classify", SAMPLES / "calls.csv", "-o", SAMPLES / "calls.csv"], "is also an input"),
        (["classify", SAMPLES / "calls.csv", "-o", "no/such/out.csv"], "there is no folder"),
        (["classify", SAMPLES / "calls.csv", "--model", "nowhere"], "nowhere: no meta.json"),
        (["classify", SAMPLES / "calls.csv", "--table", "-o", "x.csv"], "leave out -o"),
        (["evaluate", SAMPLES / "calls.csv", "--part", "test"], "needs --split"),
        (["check", " "], "the text is empty"),
        (["train", "nowhere", "-o", "m"], "nowhere: no such file"),
        (["evaluate", SAMPLES / "calls.csv"], "faults"),
    ],
)
def test_errors_are_one_clear_message_and_exit_2(arguments, message, tmp_path):
    command = [str(Path(sys.executable).with_name("scamtext")), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", cwd=tmp_path, timeout=120, check=False)
    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert not list(tmp_path.iterdir())


def test_check_for_people():
    done = run("check", f"Người gọi: {SCAM}\nNgười nghe: dạ")
    assert done.returncode == 0
    assert "LỪA ĐẢO" in done.stdout
    assert "156" in done.stdout
    assert "\x1b" not in done.stdout
    coloured = run("check", "--colour", "--lang", "en", SCAM)
    assert "SCAM" in coloured.stdout
    assert "\x1b[30;43m" in coloured.stdout


def test_train_and_evaluate_on_ones_own_csv(tmp_path):
    rows = [("scam", SCAM), ("legit", HONEST)] * 4
    text = "id,text,label\n" + "".join(f'{n},"{words} {n}",{label}\n' for n, (label, words) in enumerate(rows))
    (tmp_path / "own.csv").write_text(text, encoding="utf-8")
    done = run("train", tmp_path / "own.csv", "-o", tmp_path / "model", "--false-alarms", 0.3, "--lexicons", LEXICONS)
    assert done.returncode == 0, done.stderr
    assert json.loads((tmp_path / "model" / "meta.json").read_text())["parameters"]["false_alarms"] == 0.3
    done = run(
        "evaluate",
        tmp_path / "own.csv",
        "--model",
        tmp_path / "model",
        "--json",
        tmp_path / "numbers.json",
        "--card",
        "own",
        "--plot",
        tmp_path / "curves.png",
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "curves.png").is_file()
    assert (tmp_path / "model" / "own.png").is_file()
    assert json.loads((tmp_path / "numbers.json").read_text(encoding="utf-8"))["measures"]["calls"] == 8
    assert "### own, 8 calls" in (tmp_path / "model" / "README.md").read_text(encoding="utf-8")


def test_types_of_ones_own_from_training_to_verdicts(tmp_path):
    own = SAMPLES / "own_calls.csv"
    done = run("train", own, "-o", tmp_path / "model")
    assert done.returncode == 0, done.stderr
    done = run("evaluate", own, "--model", tmp_path / "model", "--card", "own")
    assert done.returncode == 0, done.stderr
    assert "card_swap" in done.stdout
    assert "| merchant_qr |" in (tmp_path / "model" / "README.md").read_text(encoding="utf-8")
    done = run("classify", own, "--model", tmp_path / "model", "--full", "-o", tmp_path / "verdicts.jsonl")
    assert done.returncode == 0, done.stderr
    records = [json.loads(line) for line in (tmp_path / "verdicts.jsonl").read_text(encoding="utf-8").splitlines()]
    assert {"card_swap", "merchant_qr"} <= {record["scam_type"] for record in records}
    done = run("classify", own, "--model", tmp_path / "model", "--table", "--lang", "en")
    assert "card_swap" in done.stdout
    swap = next(record for record in records if record["scam_type"] == "card_swap")
    done = run("monitor", "--model", tmp_path / "model", stdin=json.dumps({"call_id": "1", **swap["turns"][0]}) + "\n")
    assert done.returncode == 0, done.stderr
    records = [record | {"reviewed": "right" if number % 2 else ""} for number, record in enumerate(records)]
    text = "".join(json.dumps(record) + "\n" for record in records)
    (tmp_path / "reviewed.jsonl").write_text(text, encoding="utf-8")
    done = run("train", tmp_path / "reviewed.jsonl", "-o", tmp_path / "again")
    assert done.returncode == 0, done.stderr
    assert "trained on 30 calls" in done.stderr


@pytest.mark.exhaustive
def test_the_gate_pins_and_then_holds(tmp_path):
    rows = "".join(f'{n},"{SCAM} {n}",scam\nh{n},"{HONEST} {n}",legit\n' for n in range(20))
    text = f"id,text,label\n{rows}"
    (tmp_path / "own.csv").write_text(text, encoding="utf-8")
    gate = ("gate", tmp_path / "own.csv", "--floors", tmp_path / "floors.json")
    assert run(*gate).returncode == 2
    assert run(*gate, "--pin").returncode == 0
    done = run(*gate)
    assert done.returncode == 0, done.stderr
    assert "floors met on 40 calls" in done.stderr
    (tmp_path / "own.csv").write_text(
        text.replace(",scam", ",x").replace(",legit", ",scam").replace(",x", ",legit"), encoding="utf-8"
    )
    done = run(*gate)
    assert done.returncode == 2
    assert "pin again" in done.stderr
    done = run(*gate, "--pin")
    assert done.returncode == 2
    assert "give --lower REASON" in done.stderr
    assert run(*gate, "--pin", "--lower", "labels were wrong").returncode == 0
    assert "labels were wrong" in (tmp_path / "floors.json").read_text(encoding="utf-8")


def test_table_for_people():
    done = run("classify", "--table", SAMPLES / "calls.jsonl")
    assert done.returncode == 0
    assert "%" in done.stdout


def test_corpus_check_counts_or_names_every_fault(tmp_path):
    (tmp_path / "own.jsonl").write_text('{"id": "1", "label": "scam", "text": "chuyển tiền đi"}\n', encoding="utf-8")
    done = run("corpus", "check", tmp_path / "own.jsonl")
    assert done.returncode == 0
    assert done.stdout.startswith("1 calls: 1 scam, 0 legit.")
    (tmp_path / "own.jsonl").write_text('{"id": "1", "label": "maybe", "text": "a"}\n{\n', encoding="utf-8")
    done = run("corpus", "check", tmp_path / "own.jsonl")
    assert done.returncode == 2
    assert "own.jsonl:1: field \"label\": 'maybe'" in done.stderr
    assert "own.jsonl:2: not JSON" in done.stderr


def test_monitor_answers_at_once_and_counts_bad_lines():
    command = [str(Path(sys.executable).with_name("scamtext")), "monitor"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8") as process:
        process.stdin.write(json.dumps({"call_id": 1, "speaker": "caller", "text": SCAM}) + "\n")
        process.stdin.flush()
        record = json.loads(process.stdout.readline())  # before the input ends
        assert (record["call_id"], record["level"], record["turn"]) == ("1", "high", 0)
        process.stdin.write("no json\n")
        process.stdin.close()
        rest = [json.loads(line) for line in process.stdout]
    assert process.returncode == 1
    assert rest[0]["line"] == 2
    assert (rest[1]["ended"], rest[1]["label"]) == (True, "scam")


def test_monitor_replays_a_file(tmp_path):
    path = tmp_path / "calls.jsonl"
    path.write_text(lines(SCAM, HONEST), encoding="utf-8")
    done = run("monitor", "--replay", path, "--speed", 100_000)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count(">>> ") == 1
    assert "░" in done.stdout
    # Too short to alert while it goes on, but a scam when it is over.
    path.write_text(lines("Con ơi bố bị tai nạn, chuyển tiền gấp cho bố vào số này."), encoding="utf-8")
    assert run("monitor", "--replay", path, "--speed", 100_000).stdout.count(">>> ") == 1
    assert run("monitor", "--replay", path, "--speed", 0).returncode == 2
