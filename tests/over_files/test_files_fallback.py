"""Over a file and in a chat, too, whoever reads an answer is told when the model did not give it."""

from __future__ import annotations

from pathlib import Path

from over_files.test_files import folder, over, table, takehome

__all__ = ["folder"]  # a fixture
FALLING_BACK = """
from scaffold.llm import LLMError
from .schemas import Output

async def solve(input, llm):
    if input.text == "ask":
        try:
            await llm.ask("Anything")
        except LLMError:
            pass
    return Output(text=input.text[::-1], size=1)
"""


def test_a_row_that_the_baseline_answered_has_its_answer_and_why(folder: Path) -> None:
    (folder / "src/task/solution.py").write_text(FALLING_BACK, "utf-8")
    (folder / "in.csv").write_text("id,text\n1,abc\n2,ask\n", "utf-8")
    assert over(folder, "in.csv", "out.csv")["errors"] == 1
    one, other = table(folder / "out.csv")
    assert (one["output.text"], one["error"]) == ("cba", "")
    assert other["output.text"] == "ksa"
    assert "There is no vendor" in other["error"] or "_API_KEY is not set" in other["error"]


def test_a_chat_says_which_answer_the_baseline_gave(folder: Path) -> None:
    (folder / "src/task/solution.py").write_text(FALLING_BACK, "utf-8")
    out, err = takehome(folder, "chat", said="abc\nask\n\n")
    assert "cba" in out
    assert "ksa" in out
    assert err.count("(by the baseline, as the model failed: ") == 1
