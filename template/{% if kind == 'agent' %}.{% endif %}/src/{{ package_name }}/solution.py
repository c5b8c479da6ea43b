"""The solution: a model that thinks, in the loop of loop.py over the tools of tools.py."""

from __future__ import annotations

from scaffold.llm import Client, Message, ToolCall, ToolResult
from scaffold.prompts import render

from .loop import Loop
from .schemas import Input, Output
from .tools import Desk


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

    return await Loop(input, desk).run(think, llm)
