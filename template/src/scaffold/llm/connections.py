"""What a client and all its scopes share: keys, limits, recordings, and the connections."""

import importlib
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from pydantic import SecretStr

from .limits import Limits
from .recordings import Recordings
from .vendors import Scope, Vendor


@dataclass
class Connections:
    """Nothing is imported or opened before it is used."""

    mode: Literal["auto", "replay", "live"]
    recordings: Recordings | None
    limits: Limits
    keys: Mapping[str, SecretStr]  # by vendor, as `base_urls`
    base_urls: Mapping[str, str]
    sdk_options: Mapping[str, Any]
    opened: dict[str, Any] = field(default_factory=dict)

    def key(self, vendor: Vendor) -> SecretStr | None:
        """The key given to the client, else the one in the environment."""
        found = os.environ.get(vendor.key_variable)
        return self.keys.get(vendor.name) or (SecretStr(found) if found else None)

    def offline(self, vendor: Vendor) -> bool:
        """Whether this vendor must not, or cannot, be asked."""
        return self.mode == "replay" or not (vendor.free or self.key(vendor))

    def transport(self, vendor: Vendor, scope: Scope) -> Any:
        """The recording transport for the calls of a scope."""
        from .transport import RecordingTransport

        return RecordingTransport(self, vendor, scope)

    def sdk(self, vendor: Vendor, scope: Scope | None = None) -> Any:
        """A vendor's SDK; made once, as that takes 20 ms, and copied for raw calls of a `scope`."""
        import httpx2

        http = httpx2.AsyncClient(transport=self.transport(vendor, scope or Scope()))
        if vendor.name not in self.opened:
            module, _, name = vendor.sdk.partition(":")
            key, variable = self.key(vendor), f"{vendor.name.upper()}_BASE_URL"
            self.opened[vendor.name] = getattr(importlib.import_module(module), name)(
                api_key=key.get_secret_value() if key else "none",  # a replay needs none
                base_url=self.base_urls.get(vendor.name)
                or os.environ.get(variable, vendor.base_url),
                http_client=http,
                **self.sdk_options,
            )
        sdk = self.opened[vendor.name]
        return sdk.with_options(http_client=http) if scope else sdk

    def http(self) -> Any:
        """The HTTP client that really sends; a whole client, as that one knows proxies."""
        import httpx2

        if "http" not in self.opened:
            limits = httpx2.Limits(max_connections=1000, max_keepalive_connections=100)
            http = httpx2.AsyncClient(limits=limits, timeout=None, follow_redirects=True)
            self.opened["http"] = http
        return self.opened["http"]

    async def close(self) -> None:
        """Close what is open."""
        if "http" in self.opened:
            await self.opened.pop("http").aclose()
