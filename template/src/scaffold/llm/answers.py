"""What becomes of a vendor's answer: an output, one correction, or a typed failure."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from pydantic import ValidationError

from .errors import ConnectionBroken, InvalidOutput, LLMError, Refused, Truncated
from .messages import Message, Part, Reply
from .scope import Call, summary
from .structured import Wrapped, parse
from .tools import ToolCall, explain
from .vendors import Answer, Request


def output_of(call: Call, request: Request, *, last: bool) -> Any | ValidationError:
    """The output; a `ValidationError` that may be corrected is given back, the `last` raised."""
    answer = call.answer
    if call.error or answer is None:
        broken = f"{request.model}: the stream ended before the answer did; try again."
        raise call.error or ConnectionBroken(broken)
    if answer.refusal is not None:
        raise _failed(Refused, call, f"declined ({answer.refusal}); change the prompt or the model")
    if answer.truncated and (answer.calls or request.returns is None):
        raise _failed(Truncated, call, f"cut off ({answer.finish_reason}); raise max_tokens")
    if answer.calls:
        return None if request.returns else answer.text
    if request.returns is None:
        if not answer.text:
            raise _failed(InvalidOutput, call, "the answer is empty; change the prompt, or retry")
        return answer.text
    try:
        output = parse(answer.text, request.returns)
        return output.value if isinstance(output, Wrapped) else output
    except ValidationError as error:
        if answer.truncated:
            raise _failed(Truncated, call, "cut off within its JSON; raise max_tokens") from None
        if last:
            problem = f"no valid {request.returns.__name__}, also when corrected: {explain(error)}"
            advice = "loosen the model, or say it in the prompt"
            raise _failed(InvalidOutput, call, f"{problem}; {advice}") from None
        return error


def _failed(kind: type[LLMError], call: Call, problem: str) -> LLMError:
    answer = call.answer or Answer()
    failure = kind(f"{answer.model or call.model}: {problem}.")
    failure.text, failure.usage, failure.request_id = answer.text, answer.usage, call.request_id
    return failure


def corrected(request: Request, call: Call, error: ValidationError) -> Request:
    """The request again, with the answer and what is wrong with it."""
    # Vendors do not accept an empty message.
    given = Message("assistant", (call.answer.text if call.answer else "") or "(nothing)")
    wrong = f"That does not fit: {explain(error)}. Answer again, with the corrected JSON only."
    return replace(request, messages=[*request.messages, given, Message("user", wrong)])


def reply_of(output: Any, calls: list[Call], request: Request) -> Reply[Any]:
    """The reply to one or (after a correction) two exchanges."""
    answer = calls[-1].answer or Answer()
    tool_calls = [ToolCall.read(*call, request.tools) for call in answer.calls]
    parts: list[Part] = [answer.text] if answer.text else []
    native = (request.vendor, answer.native) if answer.native else None
    return Reply(
        output=output,
        text=answer.text,
        tool_calls=tool_calls,
        message=Message("assistant", [*parts, *tool_calls], native),
        request_id=calls[-1].request_id,
        **summary(calls),
    )
