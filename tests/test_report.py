import json
import re
import shutil
import sys
import types
from base64 import b64encode
from hashlib import sha256
from html.parser import HTMLParser

import pytest

from scamtext import DataError
from scamtext.labels import CUE_KINDS
from scamtext.verdict.messages import TEMPLATES, messages
from scamtext.verdict.report import write_report

ALERT = "window.hit=1;alert(1)"
HOSTILE = [
    f"</script><script>{ALERT}</script>",
    f"<img src=x onerror={ALERT}> & \"quotes\" 'too' <!-- <script>",
    "\u202eđảo ngược\u202c \u2066cô lập\u2069 \u2028 \u2029 \x00 \x1b",
    "lẻ \ud83d và \udc00 rồi 🇻🇳 👩‍👩‍👧 𝔘",
    "${say} {quote} $& \\u003c javascript:alert(1) " + "dài" * 200,
]


def record(number=1, text="chị chuyển tiền ngay đi", quote="chuyển tiền", kind="money_request", **fields):
    """A record as `classify --full` writes it: one turn, one cue."""
    start = text.index(quote)
    cue = {"kind": kind, "turn": 0, "speaker": "caller", "start": start, "end": start + len(quote), "text": quote}
    cue["negated"] = False
    return {
        "id": f"c{number}",
        "label": "scam",
        "probability": 0.97,
        "risk": "high",
        "scam_type": "bank",
        "cues": [cue],
        "reasons": [messages("vi")["reasons"][kind].format(quote=quote)],
        "turns": [{"speaker": "caller", "text": text}],
        "evidence": [cue | {"weight": 1.5}],
    } | fields


def short(full):
    """The same record as `classify` writes it without --full."""
    return {key: value for key, value in full.items() if key not in ("turns", "evidence")}


HONEST = {"label": "legit", "risk": "low", "scam_type": None}
SOME = [
    record(1),
    record(2, "anh đọc mã OTP cho em", "đọc mã OTP", "credential_request", scam_type="telecom", probability=0.91),
    record(3, "mẹ chuyển khoản học phí nha", "chuyển khoản", **HONEST, probability=0.02),
    record(4, "đừng nói với ai nghe", "đừng nói với ai", "secrecy", risk="watch", label="legit", probability=0.4),
    {"id": "dòng 5", "error": "goi.jsonl:5: there is no text"},
]


@pytest.fixture
def write(tmp_path):
    """Writes records as JSON lines and their page; returns the page's path."""

    def written(records, **options):
        source = tmp_path / "goi.jsonl"
        source.write_text("".join(json.dumps(one) + "\n" for one in records), encoding="utf-8")
        assert write_report(source, tmp_path / "page.html", **options) == len(records)
        return tmp_path / "page.html"

    return written


class Page(HTMLParser):
    def __init__(self, path):
        super().__init__()
        self.scripts, self.tags, self.policy, self._inside = [], set(), "", False
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self._inside = tag == "script"
        if self._inside:
            self.scripts.append((dict(attrs), ""))
        if dict(attrs).get("http-equiv") == "Content-Security-Policy":
            self.policy = dict(attrs)["content"]

    def handle_data(self, data):
        if self._inside:
            self.scripts[-1] = (self.scripts[-1][0], self.scripts[-1][1] + data)

    def handle_endtag(self, tag):
        self._inside = False

    def records(self):
        chunks = [json.loads(text) for attrs, text in self.scripts if attrs.get("class") == "records"]
        return [one for chunk in chunks for one in chunk]


def refused(source, text, message, **options):
    source.write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match=message):
        write_report(source, source.with_name("page.html"), **options)


# ---- the file


def test_the_page_holds_every_record_and_leaves_nothing_else_behind(write, tmp_path):
    page = Page(write(SOME * 300))
    assert [one["id"] for one in page.records()] == [one["id"] for one in SOME] * 300
    assert {path.name for path in tmp_path.iterdir()} == {"goi.jsonl", "page.html"}


def test_a_source_that_is_no_output_of_classify_is_an_error(tmp_path):
    source = tmp_path / "goi.jsonl"
    good = json.dumps(SOME[0]) + "\n"
    with pytest.raises(DataError, match="no such file; write one with scamtext classify"):
        write_report(source, tmp_path / "page.html")
    refused(source, good + "\nnot json\n", r"goi\.jsonl:3: not a record of scamtext classify .JSONDecodeError")
    refused(source, '{"text": "alo"}\n', r":1: .*KeyError: 'id'")
    refused(source, "[1]\n", ":1: .*TypeError")
    refused(source, "[" * 100_000, ":1: .*RecursionError")
    refused(source, "", "holds no verdicts; give a .jsonl file")
    refused(source, json.dumps(SOME[4]), "holds no verdicts")
    refused(source, json.dumps(SOME[0] | {"risk": "none"}), ":1: .*risk 'none'")
    refused(source, json.dumps(SOME[0] | {"probability": float("nan")}), ":1: .*probability nan")
    refused(source, json.dumps(SOME[0] | {"scam_type": float("inf")}), ":1: .*JSON compliant")
    refused(source, json.dumps(SOME[0] | {"turns": []}), ":1: .*IndexError")
    refused(source, json.dumps(SOME[0] | {"turns": [{"speaker": None, "text": "khác"}]}), "turn 0 does not hold")
    refused(source, good, "language 'fr'", lang="fr")
    source.write_bytes(b"\x80 binary\n")
    with pytest.raises(DataError, match=r":1: .*Unicode"):
        write_report(source, tmp_path / "page.html")
    assert [path.name for path in tmp_path.iterdir()] == ["goi.jsonl"]


def test_a_page_that_was_there_stays_when_writing_fails(write, tmp_path):
    before = write(SOME).read_bytes()
    refused(tmp_path / "goi.jsonl", json.dumps(SOME[0]) + "\n{", "goi.jsonl:2")
    assert (tmp_path / "page.html").read_bytes() == before


def test_the_output_may_not_be_the_source_and_needs_a_folder(write, tmp_path):
    source = write(SOME).with_name("goi.jsonl")
    (tmp_path / "link.html").symlink_to(source)
    for output in (source, tmp_path / "link.html"):
        with pytest.raises(DataError, match="is also the source"):
            write_report(source, output)
    with pytest.raises(DataError, match="No such file or directory; is there a folder"):
        write_report(source, tmp_path / "none" / "page.html")


def test_text_of_calls_stays_data(write):
    page = write([record(text=text + " chuyển tiền", id=text) for text in HOSTILE])
    parsed = Page(page)
    assert len(parsed.scripts) == 3  # the words, the records, the code
    assert "img" not in parsed.tags
    assert [one["turns"][0]["text"] for one in parsed.records()] == [f"{text} chuyển tiền" for text in HOSTILE]
    assert not re.search("[\u2028\u2029]", page.read_text(encoding="utf-8"))


def test_the_policy_allows_this_script_and_this_style_alone(write):
    page = write(SOME)
    policy = Page(page).policy
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy
    text = page.read_text(encoding="utf-8")
    for tag in ("script", "style"):
        content = re.search(f"<{tag}>(.*?)</{tag}>", text, re.DOTALL)[1]
        assert f"{tag}-src 'sha256-{b64encode(sha256(content.encode()).digest()).decode()}'" in policy


def test_the_page_refers_to_nothing_outside():
    for name in ("report.html", "report.css", "report.js"):
        content = (TEMPLATES / name).read_text(encoding="utf-8")
        assert not re.search(r"https?:|//\w|url\(|@import|\bsrc=|\bhref=|innerHTML|fetch\(", content), name


def test_every_word_of_the_page_is_in_the_templates():
    html, script = ((TEMPLATES / name).read_text(encoding="utf-8") for name in ("report.html", "report.js"))
    words = messages("vi")["report"]
    used = {*re.findall(r'data-(?:say|label)="(\w+)"', html), *re.findall(r'\bsay\("(\w+)"\)', script)}
    assert used | {f"tag_{kind}" for kind in CUE_KINDS} <= set(words)


def test_redaction_masks_everything_that_is_shown(write, monkeypatch):
    fake = types.ModuleType("scamtext.text.redaction")
    fake.mask = lambda text: re.sub(r"[A-ZĐ]\w+|\d", lambda found: "•" * len(found[0]), text)
    monkeypatch.setitem(sys.modules, "scamtext.text.redaction", fake)
    full = record(text="😀 em Lan đây, chị chuyển tiền số 0901 nha", quote="chuyển tiền số 0901", id="c-7")
    page = Page(write([full, short(full), {"id": "3", "error": "0901: Lan"}], redact=True))
    whole, quoted, aside = page.records()
    assert whole["turns"][0]["text"] == "😀 em ••• đây, chị chuyển tiền số •••• nha"
    assert quoted["marks"][0]["text"] == "chuyển tiền số ••••"
    assert whole["id"] == "c-7"
    assert (aside["id"], aside["error"]) == ("3", "••••: •••")
    assert not re.search("0901|Lan", page.scripts[1][1])


def test_a_name_told_in_another_turn_is_masked_in_turns_and_reasons(write):
    turns = [{"speaker": "caller", "text": "Em tên là Nguyễn Thị Hoa"}, {"speaker": "caller", "text": "gặp Hoa nhé"}]
    cue = {"kind": "agency", "turn": 1, "speaker": "caller", "start": 4, "end": 7, "text": "Hoa", "negated": False}
    call = record(turns=turns, cues=[cue], evidence=[cue | {"weight": 1.0}], reasons=["Xưng là: “Hoa”."])
    shown = Page(write([call], redact=True)).records()[0]
    assert shown["turns"][1]["text"] == "gặp ••• nhé"
    assert shown["reasons"] == ["Xưng là: “•••”."]


def test_records_of_the_shipped_model_make_a_page(write, shipped, few):
    verdicts = [shipped.classify(item.call) for item in few[:20]]
    calls = [verdict.call.to_dict()["turns"] for verdict in verdicts]
    evidence = [[item.to_dict() for item in verdict.evidence] for verdict in verdicts]
    records = [
        verdict.to_record() | {"turns": turns, "evidence": items}
        for verdict, turns, items in zip(verdicts, calls, evidence, strict=True)
    ]
    assert [one["turns"] for one in Page(write(records)).records()] == calls
    assert Page(write([short(one) for one in records])).records()[0]["turns"] is None


# ---- in a browser


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    """A headless Chromium; nothing is downloaded for it."""
    try:
        from selenium import webdriver
    except ImportError:
        pytest.skip("the page is tested with selenium: pip install selenium")
    chromium, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if not (chromium and driver):
        pytest.skip("the page is tested in Chromium: apt-get install chromium chromium-driver")
    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    for argument in (
        "headless", "no-sandbox", "disable-gpu", "disable-quic", "no-first-run", "disable-background-networking",
        "disable-component-update", "disable-sync", "window-size=1280,900",
        f"user-data-dir={tmp_path_factory.mktemp('chromium')}",
    ):  # fmt: skip
        options.add_argument(f"--{argument}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driving = webdriver.Chrome(options=options, service=webdriver.ChromeService(driver))
    yield driving
    driving.quit()


@pytest.fixture
def show(browser, write):
    """Opens the page of some records; afterwards nothing may have been fetched or gone wrong in it."""

    def opened(records, **options):
        browser.get(write(records, **options).as_uri())
        return browser

    yield opened
    assert browser.execute_script("return performance.getEntriesByType('resource').length") == 0
    assert browser.get_log("browser") == []
    browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def all_of(browser, selector):
    return browser.find_elements("css selector", selector)


def texts(browser, selector):
    """The text content of elements, code point by code point: lone surrogates do not survive the wire."""
    points = "Array.from(node.textContent, (character) => character.codePointAt())"
    script = f"return [...document.querySelectorAll(arguments[0])].map((node) => {points})"
    return ["".join(map(chr, text)) for text in browser.execute_script(script, selector)]


def ids(browser):
    return texts(browser, ".call .id")


def choose(browser, facet, value):
    all_of(browser, f".{facet} .facet[data-value='{value}']")[0].click()


def search(browser, words):
    box = browser.find_element("id", "search")
    box.clear()
    box.send_keys(words)
    browser.execute_script("search()")  # without the pause that waits for the next key


def open_call(browser, place=0):
    all_of(browser, ".call summary")[place].click()
    wait_for(browser, f"document.querySelectorAll('.call')[{place}].querySelector('.body')")


def wait_for(browser, condition):
    browser.set_script_timeout(10)
    browser.execute_async_script(
        f"const done = arguments[0]; (function look() {{ ({condition}) ? done() : setTimeout(look, 10); }})()"
    )


def keys(browser, *pressed):
    from selenium.webdriver import ActionChains

    ActionChains(browser).send_keys(*pressed).perform()


def test_filters_narrow_the_list_and_count_what_they_would_give(show):
    page = show(SOME)
    assert ids(page) == ["c1", "c2", "c4", "c3", "dòng 5"]
    assert texts(page, "#totals dd") == ["5", "2", "1", "1", "1"]
    for facet, value, left in (
        ("risk", "high", ["c1", "c2"]),
        ("label", "set_aside", ["dòng 5"]),
        ("label", "legit", ["c4", "c3"]),
        ("type", "telecom", ["c2"]),
        ("kind", "secrecy", ["c4"]),
        ("probability", "0", ["c3"]),
    ):
        choose(page, facet, value)
        assert ids(page) == left, (facet, value)
        choose(page, facet, value)
    choose(page, "risk", "high")
    choose(page, "risk", "watch")
    choose(page, "kind", "money_request")
    assert ids(page) == ["c1"]
    assert texts(page, "#shown") == ["1–1 trong 1 cuộc gọi khớp · nguy cơ cao · cần để ý · đòi tiền"]
    assert texts(page, ".type .facet[data-value=telecom] .count") == ["0"]
    assert texts(page, ".kind .facet[data-value=secrecy] .count") == ["1"]
    page.find_element("id", "clear").click()
    assert len(ids(page)) == 5


def test_denied_cues_are_marked_and_do_not_count(show):
    denied = record(quote="chuyển tiền")
    for name in ("cues", "evidence"):
        denied[name] = [item | {"negated": True} for item in denied[name]]
    page = show([denied])
    assert texts(page, ".kind .facet") == []
    open_call(page)
    assert all_of(page, ".turn mark.negated")[0].get_attribute("data-tag") == "phủ định: đòi tiền"


def test_a_search_needs_no_accents_and_finds_ids_quotes_and_errors(show):
    page = show([*SOME, short(record(6, "kẹt quá, ĐƯA tiền", "ĐƯA tiền"))])
    for words, found in (
        ("chuyen  TIEN", ["c1"]),
        ("chuyển", ["c1", "c3"]),
        ("dua tien", ["c6"]),
        ("ĐỪNG nói", ["c4"]),
        ("dong 5", ["dòng 5"]),
        ("there is no text", ["dòng 5"]),
        ("c2", ["c2"]),
        ("không có đâu", []),
    ):
        search(page, words)
        assert ids(page) == found, words
    assert texts(page, "#shown") == ["Không có cuộc gọi nào khớp. · “không có đâu”"]


def test_typing_searches_after_a_pause(show):
    page = show(SOME)
    page.find_element("id", "search").send_keys("otp")
    wait_for(page, "document.querySelectorAll('.call').length === 1")
    assert ids(page) == ["c2"]


def test_calls_are_sorted_by_probability_or_as_in_the_file(show):
    page = show(SOME[::-1])
    for order, expected in (
        ("low_first", ["c3", "c4", "c2", "c1", "dòng 5"]),
        ("input_order", ["dòng 5", "c4", "c3", "c2", "c1"]),
        ("high_first", ["c1", "c2", "c4", "c3", "dòng 5"]),
    ):
        all_of(page, f"#order option[value={order}]")[0].click()
        assert ids(page) == expected


def test_ten_thousand_calls_are_paged(show):
    filler = "dạ em nghe đây ạ, " * 100
    page = show([record(number, f"{filler}chuyển tiền số {number}") for number in range(10_000)])
    wait_for(page, "document.querySelector('#shown').textContent")  # on a busy machine it comes after the load event
    assert texts(page, "#shown") == ["1–50 trong 10.000 cuộc gọi khớp"]
    assert len(all_of(page, ".call")) == 50
    all_of(page, "#list-head .next")[0].click()
    assert ids(page)[0] == "c50"
    all_of(page, "main > .pager .last")[0].click()
    assert ids(page)[-1] == "c9999"
    assert texts(page, "#list-head .pager span") == ["Trang 200 / 200"]
    assert not all_of(page, "#list-head .next")[0].is_enabled()
    search(page, "tien so 777")
    assert len(ids(page)) == 11


@pytest.mark.parametrize("before", ["", "🇻🇳 😀 ", "𝔘\u0301 é "])
def test_marks_stand_on_the_very_words(show, before):
    text = f"{before}chuyển tiền 😀 ngay, không thì bị bắt"
    call = record(text=text)
    end = len(before) + 13
    more = [
        {"kind": "wording", "start": end, "end": end + 5, "weight": -0.5},
        {"kind": "urgency", "start": len(before), "end": len(before) + 3, "weight": 0.1},  # under a stronger one
        {"kind": "threat", "start": text.index("bị"), "end": len(text), "weight": 0.1},
    ]
    common = {"turn": 0, "speaker": "caller", "negated": False}
    call["evidence"] += [common | item | {"text": text[item["start"] : item["end"]]} for item in more]
    page = show([call])
    open_call(page)
    assert texts(page, ".turn mark") == ["chuyển tiền", text[end : end + 5], "bị bắt"]
    classes = [node.get_attribute("class") for node in all_of(page, ".turn mark")]
    assert classes == ["scam", "honest", "scam weak"]
    assert texts(page, ".turn .words") == [text]


def test_evidence_of_real_calls_is_marked_as_told(show, shipped, few):
    verdicts = [shipped.classify(item.call) for item in few[:6]]
    page = show(
        [
            verdict.to_record()
            | {"turns": verdict.call.to_dict()["turns"], "evidence": [item.to_dict() for item in verdict.evidence]}
            for verdict in verdicts
        ]
    )
    all_of(page, "#order option[value=input_order]")[0].click()
    for place, verdict in enumerate(verdicts):
        open_call(page, place)
        here = f".call:nth-child({place + 1})"
        assert texts(page, f"{here} .words") == [turn.text for turn in verdict.call.turns]
        assert set(texts(page, f"{here} mark")) <= {item.text for item in verdict.evidence}
        assert texts(page, f"{here} .why li") == [*verdict.reasons("vi"), *verdict.advice("vi")]


def test_without_whole_calls_the_quotes_are_shown(show):
    page = show([short(SOME[0])])
    open_call(page)
    assert texts(page, ".turn mark") == ["chuyển tiền"]
    assert "--full" in texts(page, ".note")[0]


def test_all_words_switch_to_english_and_open_calls_stay_open(show):
    page = show([*SOME, record(6, reasons=["Lý do của ai khác."])])
    open_call(page)
    page.find_element("id", "language").click()
    wait_for(page, "document.querySelector('.body')")
    en = messages("en")
    assert page.title == "Call report: goi.jsonl"
    assert page.find_element("tag name", "html").get_attribute("lang") == "en"
    assert texts(page, ".why li") == [
        en["reasons"]["money_request"].format(quote="chuyển tiền"), en["advice"]["bank"], en["advice"]["report"]
    ]  # fmt: skip
    assert texts(page, ".type .facet .name") == [en["types"]["telecom"], en["types"]["bank"]]
    assert texts(page, ".call .badge")[-1] == "set aside"
    page.find_element("id", "language").click()
    assert texts(page, "h1") == ["Báo cáo cuộc gọi"]


def test_the_page_can_open_in_english_and_says_when_it_is_masked(show):
    page = show(SOME, lang="en", redact=True)
    assert texts(page, "h1") == ["Call report"]
    assert page.find_element("id", "redacted").is_displayed()
    page = show(SOME)
    assert not page.find_element("id", "redacted").is_displayed()


def test_hostile_calls_run_nothing_and_are_shown_as_they_are(show):
    calls = [record(text=f"{text} chuyển tiền", quote=f"{text} chuyển tiền", id=text) for text in HOSTILE]
    page = show([*calls, *map(short, calls), {"id": HOSTILE[0], "error": HOSTILE[1]}])
    for place in range(len(calls) * 2 + 1):
        open_call(page, place)
    assert page.execute_script("return window.hit") is None  # an open alert would have raised
    assert page.execute_script("return document.querySelectorAll('img, [onerror], main script').length") == 0
    assert ids(page) == [*HOSTILE, *HOSTILE, HOSTILE[0]]
    assert texts(page, ".turn mark") == [f"{text} chuyển tiền" for text in HOSTILE * 2]
    assert texts(page, ".error") == [HOSTILE[1]]
    assert texts(page, ".why li")[0] == f"Yêu cầu chuyển hoặc nộp tiền: “{HOSTILE[0]} chuyển tiền”."


def test_names_from_the_language_are_no_words(show):
    page = show([record(scam_type="constructor"), record(kind="agency", scam_type="__proto__")])
    assert sorted(texts(page, ".call .type")) == ["__proto__", "constructor"]


def test_a_type_of_ones_own_is_named_as_it_is_and_gets_the_advice_of_any_script(show):
    page = show([record(scam_type="card_swap")])
    open_call(page)
    assert texts(page, ".call .type") == ["card_swap"]
    assert texts(page, ".why li")[1] == messages("vi")["advice"]["other"]


def test_calls_are_reached_and_opened_with_keys_alone(show):
    from selenium.webdriver import Keys

    page = show(SOME)
    focused = "document.activeElement.closest('.call')?.querySelector('.id').textContent"
    keys(page, "j")
    assert page.execute_script(f"return {focused}") == "c1"
    assert page.execute_script("return getComputedStyle(document.activeElement).outlineStyle") == "solid"
    keys(page, Keys.ENTER)
    wait_for(page, "document.querySelectorAll('details[open] .body').length === 1")
    keys(page, Keys.ARROW_DOWN, Keys.SPACE)
    wait_for(page, "document.querySelectorAll('details[open] .body').length === 2")
    assert page.execute_script(f"return {focused}") == "c2"
    keys(page, "k", "k")
    assert page.execute_script(f"return {focused}") == "c1"
    keys(page, "/", "j")
    assert page.find_element("id", "search").get_attribute("value") == "j"
    keys(page, Keys.ESCAPE, "j", Keys.TAB)
    assert page.execute_script("return document.activeElement.id") != "search"


def test_on_paper_calls_are_open_and_controls_gone(show):
    page = show(SOME)
    open_call(page)
    page.execute_script("dispatchEvent(new Event('beforeprint'))")
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    assert len(all_of(page, ".call details[open] .body")) == len(SOME)
    assert all(not page.find_element("id", name).is_displayed() for name in ("tools", "filters", "language", "keys"))
    assert all_of(page, "#legend li")[0].is_displayed()
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})
    page.execute_script("dispatchEvent(new Event('afterprint'))")
    assert len(all_of(page, "#calls details[open]")) == 1
    assert len(page.print_page()) > 10_000


def test_nothing_is_wider_than_a_phone(show):
    page = show([*SOME, record(6, "x" * 500 + " chuyển tiền", id="9" * 80, probability=1)])
    page.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride", {"width": 360, "height": 740, "deviceScaleFactor": 2, "mobile": True}
    )
    page.refresh()
    assert not page.find_element("id", "facets").is_displayed()
    for summary in all_of(page, "#filters > summary, #legend > summary, .call summary"):
        summary.click()
    assert page.execute_script("return [document.documentElement.scrollWidth, innerWidth]") == [360, 360]
