"""The client: one typed call over every vendor's own SDK."""

import asyncio
import copy
import os
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal
from operator import attrgetter
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import SecretStr, ValidationError
from typing_extensions import TypeVar

from .errors import InvalidOutput, LLMError, Rejected, typed
from .limits import Limits
from .messages import Document, Message, Prompt, Reply, conversation, explain, model_of, output_of
from .recordings import Asked, Recordings, Scope
from .vendors import CURRENT, Call, Request, Vendor, part, vendor_of

T = TypeVar("T", default=str)
_TEXT: Any = str


@dataclass(kw_only=True, eq=False, repr=False)
class Client:
    """A model, and how it is asked. Cheap to make: SDKs and keys are looked for when first used.

    `mode`: "auto" replays what is recorded and asks the vendor for the rest, "replay" never asks
    (nor does "auto" without a key), "live" asks again and replaces this scope's answers.
    """

    model: str = field(kw_only=False)
    recordings: Path | str | None = None
    mode: Literal["auto", "replay", "live"] = "auto"
    max_cost_usd: Decimal | float | None = None  # for all scopes together; a replay is free
    deadline_s: float | None = 600  # for a whole call
    concurrency: int = 16  # per model
    api_keys: Mapping[str, SecretStr] | None = None  # by vendor, as the next;
    base_urls: Mapping[str, str] | None = None  # without them, the SDKs' variables count
    max_tokens: int = 4096
    timeout_s: float = 600  # per read; this and the next are the SDKs' own
    max_retries: int = 2

    def __post_init__(self) -> None:
        if self.mode == "replay" and self.recordings is None:
            raise Rejected("Nothing to replay; pass recordings=Path('recordings').")
        self.store = Recordings(Path(self.recordings)) if self.recordings else None
        self.limits = Limits(self.max_cost_usd, self.concurrency)
        self.opened: dict[str, Any] = {}  # SDKs and the HTTP client
        self.batch: Any = None  # what is asked in place of the vendors (part `batch`)
        self._bind(Scope())

    def _bind(self, scope: Scope) -> None:
        self.scope, self.calls = scope, list[Reply[Any]]()
        self.asked, self.given = Counter[str](), set[str]()  # keys of requests; what was stable
        self.failure: BaseException | None = None  # of the last call; what answers then is no model

    def for_case(self, case: str, epoch: int = 0) -> Self:
        """The same client, budget and connections, bound to a case; its log begins empty."""
        bound = copy.copy(self)
        bound._bind(Scope(case, epoch))
        return bound

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc: object) -> None:
        loop, http = self.opened.pop("loop", None), self.opened.pop("http", None)
        if loop is asyncio.get_running_loop():  # else they ended with theirs
            await http.aclose()

    @property
    def spent_usd(self) -> Decimal:
        """What this client and all its scopes have spent; replayed calls are not in it."""
        return self.limits.spent

    @property
    def anthropic(self) -> Any:
        """Anthropic's `AsyncAnthropic`; its calls are recorded, replayed and limited too."""
        return part("transport").sdk_of(self, vendor_of("anthropic"), raw=True)

    @property
    def openai(self) -> Any:
        """OpenAI's `AsyncOpenAI`; its calls are, too, but embeddings count in no cost."""
        return part("transport").sdk_of(self, vendor_of("openai"), raw=True)

    def transport(self, vendor: str) -> Any:
        """The recording transport, for another library's `httpx2.AsyncClient`."""
        return part("transport").RecordingTransport(self, vendor_of(vendor))

    def now(self) -> datetime:
        """The time (UTC), and on replay what it was when the recording was made."""
        return datetime.fromisoformat(self._stable("now", datetime.now(UTC).isoformat()))

    def new_id(self) -> str:
        """A fresh UUID, and on replay what it was when the recording was made."""
        return self._stable("new_id", str(uuid.uuid4()))

    def _stable(self, name: str, fresh: str) -> str:
        if self.store is None:
            return fresh
        asked, offline = Asked(name, "", None), self.offline(vendor_of(self.model))
        n, others = self.asked[asked.key], ".json" if offline else None
        self.asked[asked.key] += 1
        value = None if self.mode == "live" else self.store.find(asked, self.scope, n, others)
        if value is None and not offline:
            self.store.save(asked, self.scope, n, fresh)
        value = str(value or fresh)
        self.given |= {value, value[:10]}  # of a time, that is the date
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
            async with asyncio.timeout(deadline_s or self.deadline_s):
                try:
                    output = await self._attempt(request, call)
                except InvalidOutput as misfit:
                    if not isinstance(misfit.__cause__, ValidationError):
                        raise
                    wrong = f"That does not fit: {explain(misfit.__cause__)}."
                    told = Message("user", f"{wrong} Answer again, only with correct JSON.")
                    given = Message("assistant", call.reply.text or "(nothing)")  # not empty
                    request = replace(request, messages=[*messages, given, told])
                    output = await self._attempt(request, call)
            wrapped = output is not None and request.returns not in (None, returns)
            call.reply.output = output.value if wrapped else output
        return call.reply

    def stream(self, prompt: Prompt, **options: Any) -> AsyncIterator[str]:
        """The text in pieces; what it cost is in `calls[-1]` at the end.

        Takes what `ask` does, but no type, tools or attachments; raises also after some pieces.
        """
        return part("streaming").stream(self, prompt, **options)

    @contextmanager
    def calling(self, request: Request, sample: int | None) -> Generator[Call]:
        """A call of this scope; whatever becomes of it, it ends up in the log."""
        reply = Reply[Any](None, model=request.model, prompt=str(request))
        parts = [part for message in request.messages for part in message.parts]
        names = [one.name for one in parts if isinstance(one, Document) and not one.text]
        earlier = self.failure
        try:
            yield Call(self, reply, sample, names)
            if self.failure is earlier:  # else a call beside this one failed
                self.failure = None
        except asyncio.CancelledError as error:  # it was late for whoever waited
            self.failure, reply.error = error, "cancelled before it was answered"
            raise
        except (LLMError, TimeoutError) as error:
            self.failure = failure = typed(error, request.model)
            failure.text, failure.usage = reply.text, reply.usage if reply.attempts else None
            failure.request_id, reply.error = failure.request_id or reply.request_id, str(failure)
            raise failure from failure.__cause__
        finally:
            self.calls.append(reply)

    async def _attempt(self, request: Request, call: Call) -> Any:
        await self.exchange(request, call)
        reply = call.reply
        reply.tool_calls = [part("tools").checked(one, request.tools) for one in reply.tool_calls]
        reply.message.parts = [*([reply.text] if reply.text else []), *reply.tool_calls]
        return output_of(reply, request.returns)

    async def exchange(self, request: Request, call: Call) -> Any:
        """Ask the SDK; what it gives back stays unread: its own reading loses what does not fit."""
        vendor = vendor_of(request.address)
        body = vendor.protocol.body(request)
        given = {name: value for name, value in body.items() if value is not None}
        endpoint = attrgetter(vendor.protocol.ENDPOINT)(part("transport").sdk_of(self, vendor))
        token = CURRENT.set(call)
        try:
            return (await endpoint.with_raw_response.create(**given)).http_response
        except Exception as error:
            raise typed(error, request.model) from error
        finally:
            CURRENT.reset(token)

    def key_of(self, vendor: Vendor) -> str:
        """The key given to the client, else the environment's; empty where there is none."""
        given, name = (self.api_keys or {}).get(vendor.name), vendor.name.upper()
        found = os.environ.get(f"{name}_API_KEY") or os.environ.get(f"{name}_AUTH_TOKEN", "")
        # A blank or line break (it was a file's) may not be in a header: an error would show it.
        return "".join((given.get_secret_value() if given else found).split())

    def offline(self, vendor: Vendor) -> bool:
        """Whether this vendor must not, or cannot, be asked."""
        return self.mode == "replay" or not (vendor.free or self.key_of(vendor))
