"""The client: one typed call over every vendor's own SDK."""

import copy
import os
import uuid
from collections.abc import AsyncIterator, Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from operator import attrgetter
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import BaseModel, SecretStr
from typing_extensions import TypeVar

from .errors import InvalidOutput, LLMError, Rejected, typed
from .limits import Limits, deadline
from .messages import Document, Prompt, Reply
from .recordings import Asked, Recordings
from .structured import corrected, model_of, output_of
from .vendors import CURRENT, Call, Request, Scope, Vendor, conversation, part, vendor_of

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
        self.mode, self.recordings = mode, Recordings(Path(recordings)) if recordings else None
        self.limits, self.scope = Limits(max_cost_usd, concurrency), Scope()
        self._keys, self._base_urls = api_keys or {}, base_urls or {}
        self._sdk_options = {"timeout": timeout_s, "max_retries": max_retries}
        self._opened: dict[str, Any] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc: object) -> None:
        if http := self._opened.pop("http", None):
            await http.aclose()

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
        return self.limits.spent

    @property
    def anthropic(self) -> Any:
        """Anthropic's `AsyncAnthropic`; its calls are recorded, replayed and limited too."""
        return self._sdk(vendor_of("anthropic"), raw=True)

    @property
    def openai(self) -> Any:
        """OpenAI's `AsyncOpenAI`; its calls are recorded, replayed and limited too."""
        return self._sdk(vendor_of("openai"), raw=True)

    def transport(self, vendor: str) -> Any:
        """The recording transport, for another library's `httpx2.AsyncClient`."""
        from .transport import RecordingTransport

        return RecordingTransport(self, vendor_of(vendor))

    def now(self) -> datetime:
        """The time (UTC), and on replay what it was when the recording was made."""
        return datetime.fromisoformat(self._stable("now", datetime.now(UTC).isoformat()))

    def new_id(self) -> str:
        """A fresh UUID, and on replay what it was when the recording was made."""
        return self._stable("new_id", str(uuid.uuid4()))

    def _stable(self, name: str, fresh: str) -> str:
        store, asked = self.recordings, Asked(name, "", None)
        if store is None:
            return fresh
        offline, n = self.offline(vendor_of(self.model)), self.scope.place(asked.key)
        others = ".json" if offline else None  # a case that can be asked gets its own
        value = None if self.mode == "live" else store.find(asked, self.scope, n, others)
        if value is None and not offline:
            store.save(asked, self.scope, n, fresh)
        value = str(value or fresh)
        self.scope.given |= {value, value[:10]}  # of a time, that is the date
        return value

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
        request.returns = None if returns is str else model_of(returns)
        request.tools = [part("tools").tool_of(tool) for tool in tools]
        with self.calling(request, sample) as call:
            async with deadline(deadline_s or self.deadline_s, request.model):
                try:
                    output = await self._attempt(request, call)
                except InvalidOutput as misfit:
                    output = await self._attempt(corrected(request, misfit), call)
            wrapped = request.returns is not returns and isinstance(output, BaseModel)
            call.reply.output = output.value if wrapped else output
        return call.reply

    def stream(self, prompt: Prompt, **options: Any) -> AsyncIterator[str]:
        """The text in pieces, as they come; what it cost is in `calls[-1]` at the end.

        Takes what `ask` does, but no type, tools or attachments. Raises `LLMError`, also after
        some pieces, where the answer breaks off or is cut off.
        """
        return part("streaming").stream(self, prompt, **options)

    @contextmanager
    def calling(self, request: Request, sample: int | None) -> Generator[Call]:
        """A call of this scope; whatever becomes of it, it ends up in the log."""
        call = Call(self.scope, Reply(None, model=request.model, prompt=str(request)), sample)
        try:
            yield call
        except LLMError as error:
            call.reply.error = str(error)
            raise
        finally:
            self.scope.calls.append(call.reply)

    async def _attempt(self, request: Request, call: Call) -> Any:
        await self.exchange(request, call)
        reply = call.reply
        reply.tool_calls = [part("tools").checked(one, request.tools) for one in reply.tool_calls]
        reply.message.parts = [*([reply.text] if reply.text else []), *reply.tool_calls]
        return output_of(request, reply)

    async def exchange(self, request: Request, call: Call) -> Any:
        """Ask the SDK; what it gives back stays unread: its own reading loses what does not fit."""
        vendor = vendor_of(request.address)
        body = vendor.protocol.body(request)
        given = {name: value for name, value in body.items() if value is not None}
        endpoint = attrgetter(vendor.protocol.ENDPOINT)(self._sdk(vendor))
        token = CURRENT.set(call)
        try:
            return (await endpoint.with_raw_response.create(**given)).http_response
        except Exception as error:
            raise typed(error, request.model) from error
        finally:
            CURRENT.reset(token)

    def key_of(self, vendor: Vendor) -> str:
        """The key given to the client, else the environment's; empty where there is none."""
        given = self._keys.get(vendor.name)
        return given.get_secret_value() if given else os.environ.get(vendor.key_variable, "")

    def offline(self, vendor: Vendor) -> bool:
        """Whether this vendor must not, or cannot, be asked."""
        return self.mode == "replay" or not (vendor.free or self.key_of(vendor))

    def http(self) -> Any:
        """The HTTP client that really sends; a whole client, as that one knows proxies."""
        import httpx2

        if "http" not in self._opened:
            limits = httpx2.Limits(max_connections=1000, max_keepalive_connections=100)
            http = httpx2.AsyncClient(limits=limits, timeout=None, follow_redirects=True)
            self._opened["http"] = http
        return self._opened["http"]

    def _sdk(self, vendor: Vendor, *, raw: bool = False) -> Any:
        """A vendor's SDK; made once, as that takes 20 ms, and copied for `raw` calls of a scope."""
        import httpx2

        http = httpx2.AsyncClient(transport=self.transport(vendor.name))
        if vendor.name not in self._opened:
            variable = f"{vendor.name.upper()}_BASE_URL"
            self._opened[vendor.name] = vendor.protocol.SDK(
                api_key=self.key_of(vendor) or "none",  # a replay needs none
                base_url=self._base_urls.get(vendor.name)
                or os.environ.get(variable, vendor.base_url),
                http_client=http,
                **self._sdk_options,
            )
        sdk = self._opened[vendor.name]
        return sdk.with_options(http_client=http) if raw else sdk
