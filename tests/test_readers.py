import gzip
import json
import unicodedata
from pathlib import Path

import pytest

from scamtext import Call, DataError
from scamtext.io.formats import Options, Rejected, plain_text
from scamtext.io.readers import Position, find_files, read_calls, read_records

SAMPLES = Path(__file__).parents[1] / "data" / "samples"
NO_PARQUET = "pip install scamtext[parquet] to test Parquet"


def write(path, content):
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return str(path)


def test_csv_with_any_column_name_and_quoted_line_breaks(tmp_path):
    path = write(tmp_path / "a.csv", 'id,noi_dung\n1,"alo\nai đấy"\n2,"a ""b"", c"\n')
    calls = list(read_calls(path, Options(text="noi_dung")))
    assert [(c.id, c.turns[0].text) for c in calls] == [("1", "alo\nai đấy"), ("2", 'a "b", c')]


def test_tsv_and_missing_ids_get_their_place(tmp_path):
    path = write(tmp_path / "a.tsv", "text\nalo em\n")
    assert [call.id for call in read_calls(path)] == ["a.tsv:2"]


def test_csv_in_another_encoding(tmp_path):
    path = write(tmp_path / "a.csv", "id,text\n1,chuyển tiền\n".encode("utf-16"))
    assert next(read_calls(path, Options(encoding="utf-16"))).turns[0].text == "chuyển tiền"
    with pytest.raises(DataError, match=r"utf-16.*--encoding|--encoding.*utf-16"):
        list(read_calls(path))


def test_byte_order_mark_is_dropped(tmp_path):
    path = write(tmp_path / "a.csv", "id,text\n1,alo\n".encode("utf-8-sig"))
    assert next(read_calls(path)).id == "1"
    path = write(tmp_path / "a.jsonl", b'\xef\xbb\xbf{"id": 1, "text": "alo"}\n')
    assert next(read_calls(path)).id == "1"


def test_bad_json_lines_are_set_aside_with_their_line(tmp_path):
    lines = [
        '{"id": "1", "text": "alo"}',
        "{",
        "[1]",
        '{"id": "4", "text": ""}',
        "",
        '{"id": "6", "turns": [{"speaker": "x", "text": "a"}]}',
    ]
    path = write(tmp_path / "a.jsonl", "\n".join(lines).encode() + b'\n\xff\xfe{"id": 7}\n')
    items = list(read_calls(path))
    assert isinstance(items[0], Call)
    rejected = [item for item in items if isinstance(item, Rejected)]
    assert [(r.id, r.error.split(":")[1]) for r in rejected] == [
        ("a.jsonl:2", "2"),
        ("a.jsonl:3", "3"),
        ("4", "4"),
        ("6", "6"),
        ("a.jsonl:7", "7"),
    ]


def test_parquet(tmp_path):
    pyarrow = pytest.importorskip("pyarrow", reason=NO_PARQUET)
    parquet = pytest.importorskip("pyarrow.parquet", reason=NO_PARQUET)
    table = pyarrow.table({"id": ["1", "2"], "text": ["alo", None]})
    parquet.write_table(table, tmp_path / "a.parquet")
    first, second = read_calls(str(tmp_path / "a.parquet"))
    assert first.turns[0].text == "alo"
    assert second.id == "2"
    assert "null" in second.error


@pytest.mark.parametrize("name", ["call.srt", "call.whisper.json", "can_tho.txt"])
def test_one_call_files(name):
    (call,) = read_calls(str(SAMPLES / name))
    assert call.id == Path(name).stem
    assert call.turns


def test_vtt(tmp_path):
    path = write(tmp_path / "a.vtt", "WEBVTT\n\n00:00.000 --> 00:02.000\nalo\nem nghe\n\n00:02.000 --> 00:03.000\ndạ\n")
    (call,) = read_calls(path)
    assert [turn.text for turn in call.turns] == ["alo em nghe", "dạ"]


def test_speakers_in_subtitles(tmp_path):
    lines = "1\n00:00:00,000 --> 00:00:02,000\nA: alo\n\n2\n00:00:02,000 --> 00:00:03,000\nB: dạ\n"
    (call,) = read_calls(write(tmp_path / "a.srt", lines))
    assert [(turn.speaker, turn.text) for turn in call.turns] == [("caller", "alo"), ("callee", "dạ")]


@pytest.mark.parametrize(
    ("caller", "speakers"), [(None, [None, None, None]), ("SPEAKER_01", ["callee", "caller", None])]
)
def test_whisperx_turns_are_those_of_its_speakers(tmp_path, caller, speakers):
    segments = [("SPEAKER_00", "alo"), ("SPEAKER_00", " ai đấy "), ("SPEAKER_01", "dạ em"), (None, "ừ")]
    content = {"segments": [{"start": 0, "end": 1, "text": t} | ({"speaker": s} if s else {}) for s, t in segments]}
    (call,) = read_calls(write(tmp_path / "a.json", json.dumps(content)), Options(caller=caller))
    assert [turn.text for turn in call.turns] == ["alo ai đấy", "dạ em", "ừ"]
    assert [turn.speaker for turn in call.turns] == speakers


def test_folders_and_patterns(tmp_path):
    for name in ("b.txt", "a/c.jsonl.gz", "a/x.mp3", ".hidden", "a/d.SRT"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        write(tmp_path / name, "alo")
    names = [str(tmp_path / name) for name in ("a/c.jsonl.gz", "a/d.SRT", "b.txt")]
    assert find_files([str(tmp_path)]) == names
    assert find_files([str(tmp_path / "*.txt"), "-", "missing.csv"]) == [names[2], "-", "missing.csv"]
    assert find_files([str(tmp_path / "**" / "*.gz")]) == names[:1]
    write(tmp_path / "a[1].txt", "alo")  # a name, though it could be a pattern
    assert find_files([str(tmp_path / "a[1].txt")]) == [str(tmp_path / "a[1].txt")]
    with pytest.raises(DataError, match="no files here that I read"):
        find_files([str(tmp_path / "*.doc")])


@pytest.mark.parametrize("name", ["a.csv.gz", "a.jsonl.gz", "a.txt.gz"])
def test_gzip(tmp_path, name):
    content = {"a.csv.gz": "id,text\n1,alo\n", "a.jsonl.gz": '{"id": 1, "text": "alo"}\n', "a.txt.gz": "alo"}[name]
    (call,) = read_calls(write(tmp_path / name, gzip.compress(content.encode())))
    assert call.turns[0].text == "alo"
    assert call.id == ("a" if "txt" in name else "1")


def test_windows_1258(tmp_path):
    text = unicodedata.normalize("NFC", "chuyển tiền vào tài khoản")
    pieces = unicodedata.normalize("NFD", text).replace("o\u0302", "ô").replace("e\u0302", "ê")
    path = write(tmp_path / "a.csv", f"id,text\n1,{pieces}\n".encode("cp1258"))
    (call,) = read_calls(path, Options(encoding="windows-1258"))
    assert unicodedata.normalize("NFC", call.turns[0].text) == text


def test_only_rows_in_another_encoding_are_set_aside(tmp_path):
    rows = [b"id,text", *(b"1,alo em" for _ in range(20_000)), b"2,ch\xf4", b"3,alo em"]
    *_, broken, last = read_calls(write(tmp_path / "a.csv", b"\n".join(rows)))
    assert broken == Rejected("a.csv:20002", "a.csv:20002: not utf-8-sig throughout; name its encoding with --encoding")
    assert last.id == "3"


def test_a_short_row_is_set_aside(tmp_path):
    first, second = read_calls(write(tmp_path / "a.csv", "id,x,text\n7\n8,y,alo\n"))
    assert first == Rejected("7", "a.csv:2: the row has 1 cells, its text is number 3")
    assert second.id == "8"


def test_field_names_of_json_lines_and_parquet(tmp_path):
    path = write(tmp_path / "a.jsonl", '{"ma": 1, "loi": "alo"}\n{"ma": 2}\n')
    first, second = read_calls(path, Options(text="loi", id="ma"))
    assert (first.id, first.turns[0].text) == ("1", "alo")
    assert second.id == "2"
    turns = [[{"speaker": "caller", "text": "alo"}], None]
    pyarrow = pytest.importorskip("pyarrow", reason=NO_PARQUET)
    parquet = pytest.importorskip("pyarrow.parquet", reason=NO_PARQUET)
    parquet.write_table(pyarrow.table({"id": ["1", "2"], "turns": turns}), tmp_path / "a.parquet")
    first, second = read_calls(str(tmp_path / "a.parquet"))
    assert first.turns[0].speaker == "caller"
    assert isinstance(second, Rejected)


def test_reading_tells_how_far_it_is(tmp_path):
    position, sizes = Position(), []
    for name in ("a.csv", "b.csv"):
        path = write(tmp_path / name, "id,text\n" + "1,alo\n" * 100_000)
        for _ in read_records(path, Options(), position):
            sizes.append(position.bytes)
    assert sizes == sorted(sizes)
    assert 0 < sizes[0] < sizes[-1] == position.bytes == 2 * (tmp_path / "a.csv").stat().st_size


def test_plain_text_with_and_without_speakers():
    assert [t.speaker for t in plain_text("A: alo\n\nB: dạ")] == ["caller", "callee"]
    assert [t.text for t in plain_text("Người gọi: alo\nkhông rõ ai nói")] == ["Người gọi: alo\nkhông rõ ai nói"]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.csv", "id,words\n1,x\n", r"no column 'text'; columns are 'id', 'words'.*--text"),
        ("a.csv", "", "the file is empty"),
        ("a.jsonl", "\n\n", "empty"),
        ("a.csv", "id,text\n1,Chuyển\n".encode("cp1258", "replace") + b"\xff", "--encoding"),
        ("a.txt", b"\x00\x01\x02", "looks binary"),
        ("a.txt", b"ch\xff", "--encoding"),
        ("a.docx", "x", "not a format I read"),
        ("a.srt", "no times here", "no turn has any text|not readable"),
        ("a.json", '{"a": 1}', "not readable"),
        ("a.parquet", "PAR1 no", "not readable as Parquet"),
    ],
)
def test_a_bad_file_says_what_to_do(tmp_path, name, content, message):
    path = write(tmp_path / name, content)
    with pytest.raises(DataError, match=message) as error:
        for item in read_calls(path):
            if isinstance(item, Rejected):
                raise DataError(item.error)
    assert name in str(error.value)


def test_a_missing_file_is_named():
    with pytest.raises(DataError, match=r"nowhere\.csv: no such file"):
        list(read_calls("nowhere.csv"))
