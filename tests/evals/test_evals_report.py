"""The report: hostile content, size and speed, and in a real Chromium as a reader meets it."""

import asyncio
import json
import re
from importlib.util import find_spec
from pathlib import Path

import pytest

from scaffold.evals import Case, Outcome, evaluate
from scaffold.evals.publication import cut

CHROMIUM = Path("/usr/bin/chromium")
HOSTILE = [
    "</script><script>window.hacked = 1</script>",
    "<img src=x onerror='window.hacked = 1'>",
    "<!--<script>",
    "half \ud800 surrogate \u2028 and \x00 nul {{ 7*7 }}",
    "x" * 1_000_000,
]


def make(folder, n, *, size=0, **more):
    """Every fourth case is wrong, case 1 raises; texts are hostile, then `size` long."""
    cases = [
        Case(str(i), {"text": HOSTILE[i] if i < 5 else f"question {i} " + "long " * (size // 5)},
             {"label": "the red house"}, ("even",) if i % 2 == 0 else ("odd", "<b>bold</b>"))
        for i in range(n)
    ]  # fmt: skip

    async def solve(case, epoch):
        number = int(case.id)
        if number == 1:
            raise ValueError(HOSTILE[0])
        answer = "the blue house" if number % 4 == 0 else "the red house"
        call = {"model": "m-1", "prompt": "prompt " + "p" * size, "reply": HOSTILE[number % 4],
                "input_tokens": 100, "output_tokens": 20, "cost_usd": None, "latency_s": 0.0,
                "tool_calls": [{"name": "look", "arguments": {"q": HOSTILE[1]}}]}  # fmt: skip
        return Outcome({"label": answer}, calls=[call])

    def score(case, outcome):
        return {"exact": outcome.output == case.expected, "<i>odd</i>": 0.5}

    asyncio.run(
        evaluate(cases, solve, score, folder=folder, manifest={"solver": HOSTILE[0]},
                 concurrency=50, **more)
    )  # fmt: skip
    return folder / "report.html"


def data_of(report):
    page = report.read_text("utf-8")
    return json.loads(re.search(r'id="data">(.*?)</script>', page, re.S)[1])


def test_hostile_content_cannot_leave_its_script_element(tmp_path):
    page = make(tmp_path / "r", 12).read_text("utf-8")
    assert page.count("<script") == page.count("</script>") == 2
    assert "<img" not in page
    assert "window.hacked" in data_of(tmp_path / "r" / "report.html")["cases"][0]["error"]
    assert "http://" not in page
    assert "https://" not in page
    assert HOSTILE[3] in {
        case["input"] for case in data_of(tmp_path / "r" / "report.html")["cases"]
    }


def test_a_long_field_is_cut_at_a_kilobyte_and_says_where_the_rest_is():
    assert cut("x" * 1024) == "x" * 1024
    shown = cut("ü" * 5000)
    assert shown.startswith("ü" * 1024 + " … [cut: 5,000 characters in cases.jsonl]")
    assert cut("\ud800" * 2000).endswith("characters in cases.jsonl]")


def test_a_long_field_hides_none_of_the_short_ones_beside_it():
    shown = cut({"cv": "x" * 5000, "title": "A trial"})
    assert shown.startswith('{\n "title": "A trial",\n "cv": "xxx')
    assert list(json.loads(cut({"cv": "x" * 500, "title": "A trial"}))) == ["cv", "title"]


def test_two_thousand_cases_stay_within_five_megabytes(tmp_path):
    report = make(tmp_path / "r", 2000, size=3000)
    assert len(data_of(report)["cases"]) == 2000
    assert report.stat().st_size < 5_000_000


@pytest.mark.parametrize(("sign", "calls"), [("字", 0), ("<", 1), ("ü", 8)])
def test_it_stays_so_in_any_script_and_with_many_calls_and_the_worst_have_most_room(
    tmp_path, sign, calls
):
    async def solve(case, epoch):
        call = {"model": "m", "prompt": sign * 1200, "reply": sign * 1200}
        return Outcome(sign * 1200, calls=[call] * calls)

    cases = [Case(str(i), sign * 1200, sign * 1200) for i in range(2000)]
    asyncio.run(
        evaluate(cases, solve, lambda c, o: {"exact": int(c.id) > 99}, folder=tmp_path / "r")
    )
    report = tmp_path / "r" / "report.html"
    assert report.stat().st_size < 5_000_000
    shown = data_of(report)["cases"]
    assert len(shown) == 2000
    assert shown[0]["input"].startswith(sign * 1024)
    assert (len(shown[0]["calls"]), shown[0]["hidden"]) == (calls, 0)
    assert all(len(case["calls"]) + case["hidden"] == calls for case in shown)
    assert shown[-1]["input"].startswith(sign * 40)


def test_beyond_five_thousand_cases_it_shows_the_worst_and_a_sample_and_says_so(tmp_path):
    report = make(tmp_path / "r", 5200)
    shown = data_of(report)["cases"]
    assert len(shown) == 5000
    assert sum(case["failed"] for case in shown) == 1301  # all that failed
    assert "5,200 cases ran: shown are the 4,000 worst" in report.read_text("utf-8")


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    folder = tmp_path_factory.mktemp("results")
    make(folder / "baseline", 400)
    return make(folder / "run", 2000, baseline=folder / "baseline")


@pytest.fixture(scope="module")
def browser(report):  # the report first: Playwright occupies the event loop
    if not CHROMIUM.exists():
        pytest.skip("there is no Chromium at /usr/bin/chromium")
    if not find_spec("playwright"):
        pytest.skip("playwright is not installed")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        shown = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield shown
        shown.close()


@pytest.fixture(params=["light", "dark"])
def page(browser, report, request):
    page = browser.new_page(color_scheme=request.param, viewport={"width": 1200, "height": 900})
    problems, requests = [], []
    page.on("console", lambda message: problems.append(message.text))
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("request", lambda sent: requests.append(sent.url))
    page.goto(report.as_uri())
    yield page
    assert problems == []
    assert requests == [report.as_uri()]
    assert page.evaluate("window.hacked") is None
    page.close()


def count(page):
    return page.locator("#count").inner_text()


def test_it_opens_with_the_figure_first_and_the_worst_case_on_top(page):
    assert re.match(
        r"exact 0\.\d{3}\s*\[0\.\d{3}, 0\.\d{3}\] · n\s=\s2000", page.locator("h1").inner_text()
    )
    assert count(page) == "2000 of 2000 cases"
    assert "ValueError" in page.locator(".case > summary").first.inner_text()


def test_filters_add_up(page):
    page.select_option("#show", "fails")
    assert count(page) == "501 of 2000 cases"
    page.select_option("#tag", "odd")
    assert count(page) == "1 of 2000 cases"
    page.select_option("#tag", "")
    page.select_option("#show", "kind ValueError")
    assert count(page) == "1 of 2000 cases"
    page.select_option("#show", "right")
    page.fill("#q", "QUESTION 199")
    assert count(page) == "9 of 2000 cases"  # 199 and 1990 to 1999, without 1992 and 1996
    page.fill("#q", "")
    page.select_option("#show", "")
    page.fill("#max", "0.5")
    assert count(page) == "500 of 2000 cases"


def test_a_case_opens_with_differences_marked_prompt_reply_and_tokens(page):
    page.fill("#q", "question 8 ")
    page.locator(".case > summary").first.click()
    assert page.locator(".case del").all_inner_texts() == ["red"]
    assert page.locator(".case ins").all_inner_texts() == ["blue"]
    page.locator(".case .fold > summary").first.click()
    text = page.locator(".case").first.inner_text()
    for part in (
        "100 tokens in, 20 out",
        "cost unknown",
        "Prompt",
        "Reply",
        "Tool calls",
        HOSTILE[0],
    ):
        assert part in text


def test_hostile_content_is_shown_as_text(page):
    for number in range(5):
        page.fill("#q", "")
        page.select_option("#show", "")
        page.locator("#q").fill(["window.hacked", "onerror", "<!--", "surrogate", "xxxx"][number])
        page.locator(".case > summary").first.click()
    assert page.evaluate("document.querySelectorAll('img, b i, td i').length") == 0


def test_the_keyboard_is_enough(page):
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "q"
    page.keyboard.press("Tab")
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    assert page.locator(".case").nth(1).get_attribute("open") is not None
    page.keyboard.press("k")
    assert page.evaluate("document.activeElement.closest('.case').open") is False


def test_more_than_a_page_of_cases_is_asked_for(page):
    assert page.locator(".case").count() == 200
    page.locator(".more").click()
    assert page.locator(".case").count() == 400


def test_axe_finds_no_serious_violation(page):
    if not find_spec("axe_core_python"):
        pytest.skip("axe-core-python is not installed")
    page.locator(".fold > summary").first.click()
    page.locator(".case > summary").nth(3).click()
    source = Path(find_spec("axe_core_python").origin).with_name("axe.min.js")
    page.evaluate(source.read_text("utf-8"))
    found = page.evaluate("axe.run()")["violations"]
    serious = [v for v in found if v["impact"] in ("serious", "critical")]
    assert [(v["id"], v["nodes"][0]["html"][:200]) for v in serious] == []


def test_it_prints_and_fits_a_phone(browser, report, tmp_path):
    page = browser.new_page(viewport={"width": 380, "height": 800})
    page.goto(report.as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") <= 380
    assert page.locator("td > small").first.bounding_box()["width"] >= 100  # no tower of words
    page.emulate_media(media="print")
    scroll = "getComputedStyle(document.querySelector('.scroll')).overflowX"
    assert page.evaluate(scroll) == "visible"  # paper has no scrollbar
    assert page.locator(".filters").is_hidden()
    assert page.pdf(path=tmp_path / "report.pdf")[:4] == b"%PDF"
    page.close()
