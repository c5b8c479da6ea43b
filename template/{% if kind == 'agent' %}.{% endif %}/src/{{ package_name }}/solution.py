"""The solution: a model that thinks, in the loop of loop.py over the tools of tools.py."""

from scaffold.llm import Client, LLMError, Message, ToolCall, ToolResult
from scaffold.prompts import render

from . import baseline
from .loop import Loop
from .schemas import Input, Output
from .tools import CHANGING, Desk


async def solve(input: Input, llm: Client) -> Output:
    """Return how the run ended; id and day are the client's, so that a replay asks the same."""
    desk = Desk(input.state, llm.new_id(), input.faults)
    system = render("agent.j2", today=llm.now().date())
    messages = [Message(role, text) for role, text in input.history]
    messages.append(Message("user", input.request))

    async def think(results: list[ToolResult]) -> list[ToolCall] | str:
        if results:
            messages.append(Message("user", results))
        reply = await llm.ask(messages, system=system, tools=list(desk.tools.values()))
        messages.append(reply.message)
        return reply.tool_calls or reply.text

    loop = Loop(input, desk)
    try:
        return await loop.run(think, llm)
    except LLMError:  # failed, late, over budget: the score counts it as wrong all the same
        if any(step.tool in CHANGING and step.attempts for step in loop.output.steps):
            raise  # what may be done is not done twice
        return await baseline.solve(input, llm)
