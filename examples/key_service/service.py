"""A stand-in for a key management service: it wraps and unwraps data keys, and its master keys never leave it.

For trying out only: its keys end with the process, and it speaks plain HTTP on loopback. What it shows is the shape
that the services of clouds and hardware modules have in common: callers with rights of their own, a context that is
bound to what is wrapped, keys with ids that are turned and stay to unwrap, and a line for every use.

    KEY_SERVICE_QUEUES=TOKEN KEY_SERVICE_DELIVERS=TOKEN python service.py --port 8930 --log audit.jsonl

The tokens come from the environment, for whoever lists processes reads arguments.
"""

import argparse
import base64
import hashlib
import hmac
import json
import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import uvicorn
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

_NONCE_BYTES = 12


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks, as the log names it, and what it may do: `wrap`, `unwrap`, `turn`."""

    name: str
    may: frozenset[str]


NOBODY = Caller("nobody known", frozenset())
QUEUES = Caller("queues", frozenset({"wrap"}))
DELIVERS = Caller("delivers", frozenset({"wrap", "unwrap", "turn"}))


class KeyService:
    """Master keys in memory, and who may do what with them.

    Args:
        callers: The bearer of each token.
        log: A file that gets one line of JSON for each use and each refusal, without any key in it.
    """

    def __init__(self, callers: dict[str, Caller], *, log: Path) -> None:
        self._callers = {hashlib.sha256(token.encode()).digest(): caller for token, caller in callers.items()}
        self._log = log
        self._keys: dict[str, AESGCM] = {}
        self._active = self._turn()
        self.app = Starlette(
            routes=[
                Route("/active", self._tell_active, methods=["GET"]),
                Route("/wrap", self._wrap, methods=["POST"]),
                Route("/unwrap", self._unwrap, methods=["POST"]),
                Route("/turn", self._turn_key, methods=["POST"]),
            ]
        )

    def _turn(self) -> str:
        name = f"key-service/mugs/{len(self._keys) + 1}"
        self._keys[name] = AESGCM(AESGCM.generate_key(256))
        return name

    def _caller(self, request: Request) -> Caller:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        known = hashlib.sha256(token.encode()).digest()
        found = (caller for other, caller in self._callers.items() if hmac.compare_digest(known, other))
        return next(found, NOBODY) if scheme.lower() == "bearer" else NOBODY

    def _refusal(self, request: Request, right: str, *, action: str) -> Response | None:
        caller = self._caller(request)
        if right in caller.may:
            return None
        self._note(request, action, worked=False)
        if caller is NOBODY:
            return JSONResponse({"error": "who is asking?"}, status_code=401)
        return JSONResponse({"error": f"may not {right}"}, status_code=403)

    def _note(self, request: Request, action: str, key: str = "", context: bytes = b"", *, worked: bool) -> None:
        line = {
            "time": datetime.now(UTC).isoformat(),
            "caller": self._caller(request).name,
            "action": action,
            "key": key,
            # The entry's id, by which its history is found.
            "context": context[:80].decode("ascii", "backslashreplace"),
            "worked": worked,
        }
        with self._log.open("a", encoding="ascii") as file:
            file.write(json.dumps(line) + "\n")

    async def _tell_active(self, request: Request) -> Response:
        return self._refusal(request, "wrap", action="ask") or JSONResponse({"key": self._active})

    async def _wrap(self, request: Request) -> Response:
        if refusal := self._refusal(request, "wrap", action="wrap"):
            return refusal
        asked = await request.json()
        context, nonce = base64.b64decode(asked["context"]), os.urandom(_NONCE_BYTES)
        made = nonce + self._keys[self._active].encrypt(nonce, base64.b64decode(asked["secret"]), context)
        self._note(request, "wrap", self._active, context, worked=True)
        return JSONResponse({"key": self._active, "wrapped": base64.b64encode(made).decode()})

    async def _unwrap(self, request: Request) -> Response:
        if refusal := self._refusal(request, "unwrap", action="unwrap"):
            return refusal
        asked = await request.json()
        key, context, wrapped = asked["key"], base64.b64decode(asked["context"]), base64.b64decode(asked["wrapped"])
        if key not in self._keys:
            self._note(request, "unwrap", str(key)[:80], context, worked=False)
            return JSONResponse({"error": "no such key"}, status_code=404)
        try:
            secret = self._keys[key].decrypt(wrapped[:_NONCE_BYTES], wrapped[_NONCE_BYTES:], context)
        except (InvalidTag, ValueError):
            self._note(request, "unwrap", key, context, worked=False)
            return JSONResponse({"error": "this was not wrapped so"}, status_code=422)
        # On record before the key leaves: an answer that is lost was a use as well.
        self._note(request, "unwrap", key, context, worked=True)
        return JSONResponse({"secret": base64.b64encode(secret).decode()})

    async def _turn_key(self, request: Request) -> Response:
        if refusal := self._refusal(request, "turn", action="turn"):
            return refusal
        self._active = self._turn()
        self._note(request, "turn", self._active, worked=True)
        return JSONResponse({"key": self._active})


def main() -> None:
    """Serve on loopback until stopped."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--log", type=Path, required=True)
    asked = parser.parse_args()
    try:
        callers = {os.environ["KEY_SERVICE_QUEUES"]: QUEUES, os.environ["KEY_SERVICE_DELIVERS"]: DELIVERS}
    except KeyError as missing:
        parser.error(f"{missing.args[0]} is not set: the token of those hosts")
    if len(callers) != len((QUEUES, DELIVERS)) or "" in callers:
        parser.error("each kind of host needs a token of its own")
    uvicorn.run(KeyService(callers, log=asked.log).app, host="127.0.0.1", port=asked.port, log_level="error")


if __name__ == "__main__":
    main()
