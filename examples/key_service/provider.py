"""Master keys that stay in a key service: `Options(master_keys=ServiceKeys(...))`, or by name for the command.

For the command it is named by `TIPLINE_KEY_PROVIDER=provider:from_environment`, with its folder on `PYTHONPATH`.
"""

import base64
import ipaddress
import os
from typing import Any

import httpx

from tipline_client.errors import ConfigurationError, EnvelopeError, KeyUnavailableError
from tipline_client.vault import WrappedKey

_NOT_WRAPPED_SO = 422


class ServiceKeys:
    """Keeps the contract `tipline_client.vault.MasterKeys` by asking a service over HTTP.

    What the service cannot or will not answer proves nothing: it is a `KeyUnavailableError`, and what waits, waits.
    Only its word that a key was not wrapped so, for this entry, is an `EnvelopeError`.

    Args:
        address: Of the service: https, or http on this machine.
        token: Proves who asks.
        may_unwrap: Whether the token is of a host that delivers.
        timeout: Seconds that each part of an answer may take.

    Raises:
        ConfigurationError: Token and data keys would cross the network in the clear.
    """

    def __init__(self, address: str, *, token: str, may_unwrap: bool, timeout: float = 5) -> None:
        where = httpx.URL(address)
        if where.scheme != "https" and not (where.scheme == "http" and _is_here(where.host)):
            raise ConfigurationError("the key service is neither at an https address nor on this machine")
        self.can_unwrap = may_unwrap
        self._address = address
        self._token = token
        self._timeout = timeout

    async def active(self) -> str:
        """The id of the key that wraps now."""
        return str(_member(await self._ask("GET", "/active"), "key"))

    async def wrap(self, secret: bytes, *, context: bytes) -> WrappedKey:
        """Have a data key wrapped, bound to its entry."""
        answer = await self._ask("POST", "/wrap", {"secret": _text(secret), "context": _text(context)})
        return WrappedKey(str(_member(answer, "key")), _bytes(answer, "wrapped"))

    async def unwrap(self, key: WrappedKey, *, context: bytes) -> bytes:
        """Have a data key unwrapped."""
        asked = {"key": key.master, "wrapped": _text(key.wrapped), "context": _text(context)}
        return _bytes(await self._ask("POST", "/unwrap", asked), "secret")

    async def _ask(self, method: str, path: str, body: dict[str, str] | None = None) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self._token}"}
        failure = ""
        try:
            async with httpx.AsyncClient(timeout=self._timeout, trust_env=False) as client:
                answer = await client.request(method, self._address + path, headers=headers, json=body)
        except httpx.HTTPError as error:
            failure = f"the key service cannot be reached ({type(error).__name__})"
        else:
            if answer.is_success:
                return answer
            if answer.status_code == _NOT_WRAPPED_SO:
                raise EnvelopeError("the key service did not wrap this data key, or not for this entry")
            failure = f"the key service refuses (status {answer.status_code})"
        # Outside of the handler: what the network's error holds stays out of logs.
        raise KeyUnavailableError(failure)


def from_environment() -> ServiceKeys:
    """As a host is set up: by `KEY_SERVICE`, `KEY_SERVICE_TOKEN` and `KEY_SERVICE_ROLE` (`queues` or `delivers`).

    Raises:
        ConfigurationError: One of them is not set, or not to that.
    """
    names = ("KEY_SERVICE", "KEY_SERVICE_TOKEN", "KEY_SERVICE_ROLE")
    address, token, role = (os.environ.get(name, "") for name in names)
    missing = [name for name in names if not os.environ.get(name)]
    if missing:
        raise ConfigurationError(f"{', '.join(missing)} not set")
    if role not in {"queues", "delivers"}:
        raise ConfigurationError("KEY_SERVICE_ROLE is neither queues nor delivers")
    return ServiceKeys(address, token=token, may_unwrap=role == "delivers")


def _is_here(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def _member(answer: httpx.Response, name: str) -> Any:
    try:
        return answer.json()[name]
    except (ValueError, KeyError, TypeError):
        pass
    raise KeyUnavailableError("the key service gives no usable answer")


def _bytes(answer: httpx.Response, name: str) -> bytes:
    try:
        return base64.b64decode(_member(answer, name), validate=True)
    except (ValueError, TypeError):
        pass
    raise KeyUnavailableError("the key service gives no usable answer")
