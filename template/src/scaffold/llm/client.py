"""The client: one typed call over every vendor's own SDK."""

from __future__ import annotations

import copy
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal, cast

from pydantic import SecretStr, ValidationError
from typing_extensions import TypeVar

from .answers import corrected, output_of, reply_of
from .connections import Connections
from .errors import LLMError, Rejected, typed
from .limits import Limits, deadline
from .messages import Document, LoggedCall, Prompt, Reply, conversation
from .recordings import Recordings, digest
from .scope import CURRENT, Call, Scope
from .structured import model_of
from .tools import Tool
from .vendors import Request, events_in

T = TypeVar("T", default=str)
_TEXT: Any = str


class Client:
    """A model, and how it is asked. Cheap to make: SDKs and keys are looked for when first used.

    `mode`: "auto" replays what is recorded and asks the vendor for the rest, "replay" never asks
    (nor does "auto" without a key), "live" asks again and replaces this scope's answers.
    `max_cost_usd` holds for this client with all its scopes; replayed calls are free.
    `deadline_s` is for a whole call; `timeout_s` (per read) and `max_retries` are the SDKs'.
    """

    def __init__(
        self,
        model: str,
        *,
        recordings: Path | str | None = None,
        mode: Literal["auto", "replay", "live"] = "auto",
        max_cost_usd: Decimal | float | None = None,
        deadline_s: float | None = 600,
        concurrency: int = 16,
        api_keys: Mapping[str, SecretStr] | None = None,
        base_urls: Mapping[str, str] | None = None,
        max_tokens: int = 4096,
        timeout_s: float = 600,
        max_retries: int = 2,
    ) -> None:
        """Take `api_keys` and `base_urls` by vendor; without them the SDKs' variables count."""
        if mode == "replay" and recordings is None:
            raise Rejected("Nothing to replay; pass recordings=Path('recordings').")
        self.model, self.max_tokens, self.deadline_s = model, max_tokens, deadline_s
        self._shared = Connections(
            model.partition(":")[0],
            mode,
            Recordings(Path(recordings)) if recordings else None,
            Limits(max_cost_usd, concurrency),
            api_keys or {},
            base_urls or {},
            {"timeout": timeout_s, "max_retries": max_retries},
        )
        self._scope = Scope()

    async def __aenter__(self) -> Client:
        """Nothing is opened yet."""
        return self

    async def __aexit__(self, *exc: object) -> None:
        """Close the connections."""
        await self._shared.close()

    def for_case(self, case: str, epoch: int = 0) -> Client:
        """The same client, budget and connections, bound to a case; its log begins empty."""
        bound = copy.copy(self)
        bound._scope = Scope(case, epoch)
        return bound

    @property
    def calls(self) -> list[LoggedCall]:
        """What was asked in this scope, in the order of the answers."""
        return self._scope.calls

    @property
    def spent_usd(self) -> Decimal:
        """What this client and all its scopes have spent; replayed calls are not in it."""
        return self._shared.limits.spent

    @property
    def anthropic(self) -> Any:
        """Anthropic's `AsyncAnthropic`; its calls are recorded, replayed and limited too."""
        return self._shared.sdk("anthropic", self._scope)

    @property
    def openai(self) -> Any:
        """OpenAI's `AsyncOpenAI`; its calls are recorded, replayed and limited too."""
        return self._shared.sdk("openai", self._scope)

    def transport(self, vendor: str) -> Any:
        """The recording transport, for another library's `httpx2.AsyncClient`."""
        return self._shared.transport(vendor, self._scope)

    def now(self) -> datetime:
        """The time (UTC), and on replay what it was when the recording was made."""
        return datetime.fromisoformat(self._shared.stable("now", self._scope))

    def new_id(self) -> str:
        """A fresh UUID, and on replay what it was when the recording was made."""
        return self._shared.stable("new_id", self._scope)

    async def ask(
        self,
        prompt: Prompt,
        *,
        returns: type[T] = _TEXT,
        model: str | None = None,
        system: str | None = None,
        attachments: Sequence[Document] = (),
        tools: Sequence[Callable[..., Any]] = (),
        max_tokens: int | None = None,
        sample: int | None = None,
        deadline_s: float | None = None,
        **settings: Any,
    ) -> Reply[T]:
        """One call. What does not fit `returns` is asked again once, with the validation error.

        With `tools` it is one step: see `Reply.run_tools`. `sample` tells identical parallel calls
        of one scope apart. `settings` are the vendor's own. Raises `LLMError`.
        """
        messages, functions = conversation(prompt, attachments), [Tool.of(tool) for tool in tools]
        known = (model or self.model, messages, system, max_tokens or self.max_tokens, settings)
        request = asking = Request(*known, returns=model_of(returns), tools=functions)
        calls = list[Call]()
        with self._logged(request, calls):
            async with deadline(deadline_s or self.deadline_s, request.model):
                for last in (False, True):
                    call = self._begin(asking, calls, sample)
                    await self._exchange(asking, call)
                    output = output_of(call, asking, last=last)
                    if not isinstance(output, ValidationError):
                        break
                    asking = corrected(asking, call, output)
        return cast(Reply[T], reply_of(output, calls, request))

    async def stream(
        self,
        prompt: Prompt,
        *,
        model: str | None = None,
        system: str | None = None,
        max_tokens: int | None = None,
        sample: int | None = None,
        deadline_s: float | None = None,
        **settings: Any,
    ) -> AsyncIterator[str]:
        """The text in pieces, as they come; what it cost is in `calls[-1]` at the end.

        Raises `LLMError`, also after some pieces, where the answer breaks off or is cut off.
        """
        messages, calls = conversation(prompt), list[Call]()
        known = (model or self.model, messages, system, max_tokens or self.max_tokens, settings)
        request = Request(*known, stream=True)
        ends = time.monotonic() + (deadline_s or self.deadline_s or 1e9)
        with self._logged(request, calls):
            pieces = self._pieces(request, self._begin(request, calls, sample))
            try:
                while True:
                    # Set for each piece: it must not strike while the caller works on one.
                    async with deadline(ends - time.monotonic(), request.model):
                        piece = await anext(pieces, None)
                    if piece is None:
                        break
                    yield piece
            finally:
                await pieces.aclose()
            output_of(calls[-1], request, last=True)

    def _begin(self, request: Request, calls: list[Call], sample: int | None) -> Call:
        parts = (part for message in request.messages for part in message.parts)
        names = {digest(part.base64): part.name for part in parts if isinstance(part, Document)}
        calls.append(Call(self._scope, request.model, sample, names))
        return calls[-1]

    async def _exchange(self, request: Request, call: Call) -> Any:
        vendor = self._shared.vendor(request.vendor)
        body, create = vendor.body(request), vendor.create(self._shared.sdk(request.vendor))
        token = CURRENT.set(call)  # how the transport, below the SDK, knows whose call this is
        try:
            return (await create(**body)).http_response
        except Exception as error:
            raise call.error or typed(error, request.model) from error
        finally:
            CURRENT.reset(token)

    async def _pieces(self, request: Request, call: Call) -> AsyncGenerator[str, None]:
        response, vendor = await self._exchange(request, call), self._shared.vendor(request.vendor)
        try:
            async for line in response.aiter_lines():
                for event in events_in(line):
                    if piece := vendor.piece(event):
                        yield piece
        except Exception as error:
            raise call.error or typed(error, request.model) from error
        finally:
            await response.aclose()

    @contextmanager
    def _logged(self, request: Request, calls: list[Call]) -> Generator[None]:
        try:
            yield
        except LLMError as error:
            self._scope.log(calls, str(request), error)
            raise
        self._scope.log(calls, str(request))
