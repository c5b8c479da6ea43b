"""The client: one typed call over every vendor's own SDK."""

import copy
import uuid
from collections.abc import AsyncIterator, Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from operator import attrgetter
from pathlib import Path
from typing import Any, Literal, Self, cast

from pydantic import BaseModel, SecretStr
from typing_extensions import TypeVar

from .connections import Connections
from .errors import InvalidOutput, LLMError, Rejected, typed
from .limits import Limits, deadline
from .messages import Document, Prompt, Reply, conversation
from .recordings import Recordings
from .structured import corrected, output_of
from .vendors import CURRENT, Call, Request, Scope, part, vendor_of

T = TypeVar("T", default=str)
_TEXT: Any = str


class Client:
    """A model, and how it is asked. Cheap to make: SDKs and keys are looked for when first used.

    `mode`: "auto" replays what is recorded and asks the vendor for the rest, "replay" never asks
    (nor does "auto" without a key), "live" asks again and replaces this scope's answers.
    `max_cost_usd` holds for this client with all its scopes; replayed calls are free.
    `deadline_s` is for a whole call; `timeout_s` (per read) and `max_retries` are the SDKs'.
    `api_keys` and `base_urls` are by vendor; without them the SDKs' variables count.
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
        if mode == "replay" and recordings is None:
            raise Rejected("Nothing to replay; pass recordings=Path('recordings').")
        self.model, self.max_tokens, self.deadline_s = model, max_tokens, deadline_s
        store = Recordings(Path(recordings)) if recordings else None
        sdk = {"timeout": timeout_s, "max_retries": max_retries}
        limits, keys, urls = Limits(max_cost_usd, concurrency), api_keys or {}, base_urls or {}
        self.shared = Connections(mode, store, limits, keys, urls, sdk)
        self.scope = Scope()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.shared.close()

    def for_case(self, case: str, epoch: int = 0) -> Self:
        """The same client, budget and connections, bound to a case; its log begins empty."""
        bound = copy.copy(self)
        bound.scope = Scope(case, epoch)
        return bound

    @property
    def calls(self) -> list[Reply[Any]]:
        """What was asked in this scope, in the order of the answers."""
        return self.scope.calls

    @property
    def spent_usd(self) -> Decimal:
        """What this client and all its scopes have spent; replayed calls are not in it."""
        return self.shared.limits.spent

    @property
    def anthropic(self) -> Any:
        """Anthropic's `AsyncAnthropic`; its calls are recorded, replayed and limited too."""
        return self.shared.sdk(vendor_of("anthropic"), self.scope)

    @property
    def openai(self) -> Any:
        """OpenAI's `AsyncOpenAI`; its calls are recorded, replayed and limited too."""
        return self.shared.sdk(vendor_of("openai"), self.scope)

    def transport(self, vendor: str) -> Any:
        """The recording transport, for another library's `httpx2.AsyncClient`."""
        return self.shared.transport(vendor_of(vendor), self.scope)

    def now(self) -> datetime:
        """The time (UTC), and on replay what it was when the recording was made."""
        return datetime.fromisoformat(self._stable("now", datetime.now(UTC).isoformat()))

    def new_id(self) -> str:
        """A fresh UUID, and on replay what it was when the recording was made."""
        return self._stable("new_id", str(uuid.uuid4()))

    def _stable(self, name: str, fresh: str) -> str:
        shared = self.shared
        if shared.recordings is None:
            return fresh
        offline, live = shared.offline(vendor_of(self.model)), shared.mode == "live"
        return shared.recordings.stable(name, fresh, self.scope, offline=offline, live=live)

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
        messages, most = conversation(prompt, attachments), max_tokens or self.max_tokens
        request = Request(model or self.model, messages, system, settings, most)
        request.returns = None if returns is str else cast(type[BaseModel], returns)
        request.tools = [part("tools").tool_of(tool) for tool in tools]
        with self._call(request, sample) as call:
            async with deadline(deadline_s or self.deadline_s, request.model):
                try:
                    await self._attempt(request, call)
                except InvalidOutput as misfit:
                    await self._attempt(corrected(request, misfit), call)
        return call.reply

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
        messages, most = conversation(prompt), max_tokens or self.max_tokens
        request = Request(model or self.model, messages, system, settings, most, stream=True)
        with self._call(request, sample) as call:
            seconds = deadline_s or self.deadline_s
            async for piece in part("streaming").pieces(self._exchange, request, call, seconds):
                yield piece
            output_of(request, call)

    @contextmanager
    def _call(self, request: Request, sample: int | None) -> Generator[Call]:
        """A call of this scope; whatever becomes of it, it ends up in the log."""
        call = Call(self.scope, Reply(None, model=request.model), sample)
        try:
            yield call
        except LLMError as error:
            call.log(str(request), error)
            raise
        call.log(str(request))

    async def _attempt(self, request: Request, call: Call) -> None:
        await self._exchange(request, call)
        reply = call.reply
        reply.tool_calls = [part("tools").checked(one, request.tools) for one in reply.tool_calls]
        reply.message.parts = [*([reply.text] if reply.text else []), *reply.tool_calls]
        reply.output = output_of(request, call)

    async def _exchange(self, request: Request, call: Call) -> Any:
        """Ask the SDK; what it gives back stays unread: its own reading loses what does not fit."""
        vendor = vendor_of(request.address)
        body = vendor.protocol.body(request)
        given = {name: value for name, value in body.items() if value is not None}
        create = attrgetter(vendor.endpoint)(self.shared.sdk(vendor)).with_raw_response.create
        token = CURRENT.set(call)
        try:
            return (await create(**given)).http_response
        except Exception as error:
            raise call.error or typed(error, request.model) from error
        finally:
            CURRENT.reset(token)
