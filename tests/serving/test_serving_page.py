"""The page that comes with the API, in a real Chromium."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from serving.conftest import lay_out

CHROMIUM = Path("/usr/bin/chromium")
HOSTILE = "<img src=x onerror='window.hacked = 1'><script>window.hacked = 1</script>"
TALK = '''"""A conversation."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel


class Turn(BaseModel):
    """What one side said."""

    role: Literal["user", "assistant"]
    content: str


class State(BaseModel):
    """What is kept between turns."""

    turns: int = 0


class Input(BaseModel):
    """A question, and what was said before."""

    question: str
    history: list[Turn] = []
    state: State = State()


class Output(BaseModel):
    """An answer with its sources."""

    id: str
    answer: str
    state: State
    sources: list[dict[str, str]] = []


class Expected(Output):
    """The right answer."""
'''
TALKER = '''"""Answers with what was said before: synthetic."""

from .schemas import Input, Output, State, Turn


async def solve(input: Input, llm: object) -> Output:
    said = "; ".join(":".join(dict(turn).values() if isinstance(turn, Turn) else turn) for turn in input.history)
    sources = [{"file": "a.md", "quote": input.question}]
    state = State(turns=input.state.turns + 1)
    return Output(id="7", answer=f"after [{said}]", state=state, sources=sources)
'''
CASE = '{"id": "hello", "input": {"question": "Hello?"}, "expected": null}\n'


@pytest.fixture(scope="module")  # Playwright occupies the event loop until its end
def browser(scripted: Any) -> Iterator[Any]:
    if not CHROMIUM.exists():
        pytest.skip("there is no Chromium at /usr/bin/chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        shown = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield shown
        shown.close()


@pytest.fixture
def opened(browser: Any) -> Iterator[Callable[..., Any]]:
    """Open a page; nothing may come from elsewhere, and nothing may be said in the console."""
    pages, problems, hosts = [], [], set()

    def open_page(url: str, **options: Any) -> Any:
        page = browser.new_page(**options)
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("console", lambda message: problems.append(message.text))
        page.on("request", lambda sent: hosts.add(sent.url.split("/")[2]))
        page.goto(url)
        page.wait_for_selector("#samples button")
        pages.append((page, url.split("/")[2]))
        return page

    yield open_page
    for page, host in pages:
        assert page.evaluate("window.hacked") is None
        assert hosts == {host}
        page.close()
    expected = ("status of 50", "ERR_FAILED")  # what Chromium says of failures that are tried here
    assert [one for one in problems if not any(part in one for part in expected)] == []


def ask(page: Any, text: str) -> Any:
    page.fill("#field-text", text)
    page.click("#send")
    page.wait_for_selector("#send:enabled")
    return page.locator("article").first


def test_a_sample_case_fills_in_the_form_and_is_answered(scripted: Any, opened: Any) -> None:
    page = opened(scripted.url)
    assert page.title() == "task"
    page.get_by_role("button", name="double-blanks").click()
    assert page.input_value("#field-text") == "See you at   10:30  in room 4b."
    page.click("#send")
    page.wait_for_selector("#send:enabled")
    shown = page.locator("article").inner_text()
    assert "by scripted · 0 calls · $0.0000" in shown
    assert page.locator("dd").inner_text() == "See you at   10:30  in room 4b."


def test_the_text_grows_as_it_streams_and_steps_stay(scripted: Any, opened: Any) -> None:
    page = opened(scripted.url)
    page.fill("#field-text", "stream:one two three four five")
    page.click("#send")
    page.locator("article .text", has_text="ONE").wait_for()
    assert "FIVE" not in page.locator("article .text").first.inner_text()
    page.wait_for_selector("#send:enabled")
    assert "synthetic" in page.locator(".steps li").inner_text()
    assert page.locator("dd").inner_text() == "ONE TWO THREE FOUR FIVE"


def test_a_failure_is_a_sentence_with_its_request_id(scripted: Any, opened: Any) -> None:
    page = opened(scripted.url)
    said = ask(page, "fail:RateLimited").inner_text()
    assert "Service Unavailable: RateLimited happened; do this next." in said
    assert "request " in said
    page.route("**/solve/stream", lambda route: route.abort())
    problem = "There was no answer"
    page.fill("#field-text", "x")
    page.click("#send")
    page.wait_for_selector("#send:enabled")
    assert problem in page.locator("article").first.inner_text()


def test_stop_ends_what_streams(scripted: Any, opened: Any) -> None:
    page = opened(scripted.url)
    page.fill("#field-text", "slow:2.5")
    page.click("#send")
    page.click("#stop")
    page.wait_for_selector("#send:enabled", timeout=1000)
    assert "Stopped." in page.locator("article").inner_text()


def test_hostile_content_is_shown_as_text(scripted: Any, opened: Any) -> None:
    page = opened(scripted.url)
    article = ask(page, HOSTILE)
    assert article.locator("dd").inner_text() == HOSTILE
    assert page.locator("article img, article script").count() == 0


def test_the_keyboard_is_enough(scripted: Any, opened: Any) -> None:
    page = opened(scripted.url)
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")  # the first sample
    page.locator("#field-text").focus()
    page.keyboard.type("by keyboard")
    page.keyboard.press("Control+Enter")
    page.wait_for_selector("article dd")
    assert "by keyboard" in page.locator("article").inner_text()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_serious_violation_and_it_fits_a_phone(
    scripted: Any, opened: Any, scheme: str
) -> None:
    page = opened(scripted.url, color_scheme=scheme, viewport={"width": 360, "height": 700})
    ask(page, "x" * 500)
    ask(page, "fail:TimedOut")
    ask(page, "stream:one two")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    origin = find_spec("axe_core_python")
    assert origin is not None
    axe = Path(str(origin.origin)).with_name("axe.min.js").read_text("utf-8")
    page.evaluate(axe)
    found = page.evaluate("axe.run()")["violations"]
    serious = [one for one in found if one["impact"] in ("serious", "critical")]
    assert [(one["id"], one["nodes"][0]["html"][:200]) for one in serious] == []


DEFAULTS = '''"""Fields that need not be filled in."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel


class Input(BaseModel):
    """A text, and how to go about it."""

    text: str
    level: Literal[1, 2, 3] = 2
    tone: Literal["plain", "warm"] | None = None
    strict: bool = True
    loud: bool | None = None


class Output(BaseModel):
    """What came in."""

    seen: Input


class Expected(Output):
    """The right answer."""
'''
SEEN = '''"""Says what came in."""

from .schemas import Input, Output


async def solve(input: Input, llm: object) -> Output:
    return Output(seen=input)
'''


def test_a_field_that_is_left_alone_keeps_its_default(
    folder: Path, serve: Callable[..., Any], opened: Any
) -> None:
    package = folder / "src" / "task"
    (package / "schemas.py").write_text(DEFAULTS, encoding="utf-8")
    (package / "baseline.py").write_text(SEEN, encoding="utf-8")
    case = '{"id": "set", "input": {"text": "b", "level": 3, "strict": false, "loud": true}}\n'
    (folder / "data" / "cases.jsonl").write_text(case, encoding="utf-8")
    with serve(folder) as server:
        page = opened(server.url)
        shown = ask(page, "a").locator("dl dl dd").all_inner_texts()
        assert shown == ["a", "2", "–", "true", "–"]
        page.click("#samples button")
        page.click("#send")
        page.wait_for_selector("#send:enabled")
        shown = page.locator("article").first.locator("dl dl dd").all_inner_texts()
        assert shown == ["b", "3", "–", "false", "true"]


@pytest.mark.parametrize("turns", ["list[Turn]", 'list[tuple[Literal["user", "assistant"], str]]'])
def test_where_the_input_holds_a_conversation_it_is_a_chat(
    folder: Path, serve: Callable[..., Any], opened: Any, turns: str
) -> None:
    package = folder / "src" / "task"
    schemas = TALK.replace("list[Turn]", turns)
    (package / "schemas.py").write_text(schemas, encoding="utf-8")
    (package / "baseline.py").write_text(TALKER, encoding="utf-8")
    (folder / "data" / "cases.jsonl").write_text(CASE, encoding="utf-8")
    with serve(folder) as server:
        page = opened(server.url)
        assert page.locator("#fields textarea").count() == 1  # the history is the page's business
        for text in ("one", "two"):
            page.fill("#field-question", text)
            page.keyboard.press("Control+Enter")
            page.wait_for_selector("#send:enabled")
        answers = page.locator("article").all_inner_texts()
        assert "after []" in answers[0]
        assert "after [user:one; assistant:after []]" in answers[1]
        assert "a.md" in answers[1]
        assert [page.locator("article dl dl dd").nth(number).inner_text() for number in (0, 3)] == [
            "1",
            "2",
        ]
        assert page.input_value("#field-question") == ""
        page.click("#fresh")
        assert page.locator("article").count() == 0
        page.fill("#field-question", "three")
        page.keyboard.press("Control+Enter")
        page.wait_for_selector("article dd")
        assert "after []" in page.locator("article").inner_text()


def test_steps_within_steps_fit_a_phone(
    tmp_path: Path, serve: Callable[..., Any], opened: Any
) -> None:
    with serve(lay_out(tmp_path / "task", "agent")) as server:
        page = opened(server.url, viewport={"width": 360, "height": 780})
        assert page.inner_text("#about") == "ready · baseline · no model"
        page.click("#samples button")
        page.click("#send")
        page.wait_for_selector("article dl dl dl")
        assert page.evaluate("document.documentElement.scrollWidth") == 360


@pytest.mark.parametrize(("kind", "field"), [("rag", "question"), ("agent", "request")])
def test_for_answers_out_of_documents_and_for_an_agent_it_is_a_chat_as_it_comes(
    tmp_path: Path, serve: Callable[..., Any], opened: Any, kind: str, field: str
) -> None:
    with serve(lay_out(tmp_path / "task", kind)) as server:
        page = opened(server.url)
        page.wait_for_selector("#fresh", state="visible")
        for text in ("Which of them is it about?", "And on Sundays?"):
            page.fill(f"#field-{field}", text)
            page.keyboard.press("Control+Enter")
            page.wait_for_selector("#send:enabled")
        assert page.locator("article").count() == 2
        assert "And on Sundays?" in page.locator("article").last.inner_text()
