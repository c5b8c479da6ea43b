"""What a client and all its scopes share: settings, recordings, limits, and what is open."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal
from urllib.request import getproxies, proxy_bypass

from pydantic import SecretStr

from .limits import Limits
from .recordings import Asked, Recordings
from .scope import Scope
from .vendors import Vendor, vendor_of


@dataclass
class Connections:
    """Nothing is imported or opened before it is used."""

    vendor_name: str  # of the default model
    mode: Literal["auto", "replay", "live"]
    recordings: Recordings | None
    limits: Limits
    keys: Mapping[str, SecretStr]
    base_urls: Mapping[str, str]
    sdk_options: Mapping[str, Any]
    opened: dict[str, Any] = field(default_factory=dict)

    def vendor(self, name: str) -> Vendor:
        """Its protocol, loaded once."""
        if f"vendor {name}" not in self.opened:
            self.opened[f"vendor {name}"] = vendor_of(name)
        vendor: Vendor = self.opened[f"vendor {name}"]
        return vendor

    def key(self, vendor: Vendor) -> SecretStr | None:
        """The key given to the client, else the one in the environment."""
        return self.keys.get(vendor.name) or vendor.key()

    def offline(self, vendor: Vendor) -> bool:
        """Whether this vendor must not, or cannot, be asked."""
        return self.mode == "replay" or not (vendor.free or self.key(vendor))

    def transport(self, vendor: str, scope: Scope) -> Any:
        """The recording transport, for calls of this scope."""
        from .transport import RecordingTransport

        return RecordingTransport(self, self.vendor(vendor), scope)

    def sdk(self, name: str, scope: Scope | None = None) -> Any:
        """A vendor's SDK over the transport; made once, as that takes 20 ms, copied for a scope."""
        if name not in self.opened:
            http = self._http_client(name, scope or Scope())
            vendor, options = self.vendor(name), {"base_url": self.base_urls.get(name)}
            self.opened[name] = vendor.client(
                self.key(vendor), http_client=http, **options, **self.sdk_options
            )
        if scope is None:
            return self.opened[name]
        return self.opened[name].with_options(http_client=self._http_client(name, scope))

    def _http_client(self, vendor: str, scope: Scope) -> Any:
        import httpx2

        return httpx2.AsyncClient(transport=self.transport(vendor, scope), follow_redirects=True)

    def network(self, host: str) -> Any:
        """The connections to a host, by way of the environment's proxy where there is one."""
        import httpx2

        if f"network {host}" not in self.opened:
            proxy = None if proxy_bypass(host) else getproxies().get("https")
            limits = httpx2.Limits(max_connections=1000, max_keepalive_connections=100)
            self.opened[f"network {host}"] = httpx2.AsyncHTTPTransport(limits=limits, proxy=proxy)
        return self.opened[f"network {host}"]

    def stable(self, name: Literal["now", "new_id"], scope: Scope) -> str:
        """A value that varies by itself, and on replay what it was in the recording."""
        fresh = datetime.now(UTC).isoformat() if name == "now" else str(uuid.uuid4())
        if self.recordings is None:
            return fresh
        asked, found, offline = (
            Asked(name, "", None),
            None,
            self.offline(self.vendor(self.vendor_name)),
        )
        n = scope.place(asked.key)
        if self.mode != "live":
            found = self.recordings.find(asked.key, scope, n, "any" if offline else "none")
        if found is None and not offline:
            self.recordings.save(asked, scope, n, fresh, {})
        value = str(found or fresh)
        scope.given |= {value, value[:10]}  # of a time, that is the date
        return value

    async def close(self) -> None:
        """Close what is open."""
        for key in [key for key in self.opened if key.startswith("network ")]:
            await self.opened.pop(key).aclose()
