"""A stand-in for a key management service: it wraps and unwraps data keys, and its master keys never leave it.

For trying out only: its keys end with the process, and it speaks plain HTTP on loopback. What it shows is the shape
that the services of clouds and hardware modules have in common: callers with rights of their own, a context that is
bound to what is wrapped, keys with ids that are turned and stay to unwrap, and a line for every use.

    python service.py --port 8930 --queues TOKEN --delivers TOKEN --log audit.jsonl
"""

import argparse
import base64
import hashlib
import hmac
import json
import os
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


class KeyService:
    """Master keys in memory, and who may do what with them.

    Args:
        rights: What the bearer of each token may do: `wrap`, `unwrap`, `turn`.
        log: A file that gets one line of JSON for each use, without any key in it.
    """

    def __init__(self, rights: dict[str, frozenset[str]], *, log: Path) -> None:
        self._rights = {hashlib.sha256(token.encode()).digest(): may for token, may in rights.items()}
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

    def _refusal(self, request: Request, right: str) -> Response | None:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        known = hashlib.sha256(token.encode()).digest()
        may = next((may for other, may in self._rights.items() if hmac.compare_digest(known, other)), None)
        if scheme.lower() != "bearer" or may is None:
            return JSONResponse({"error": "who is asking?"}, status_code=401)
        return None if right in may else JSONResponse({"error": f"may not {right}"}, status_code=403)

    def _note(self, action: str, key: str, context: bytes, *, worked: bool) -> None:
        line = {
            "time": datetime.now(UTC).isoformat(),
            "action": action,
            "key": key,
            "context": hashlib.sha256(context).hexdigest(),
            "worked": worked,
        }
        with self._log.open("a", encoding="ascii") as file:
            file.write(json.dumps(line) + "\n")

    async def _tell_active(self, request: Request) -> Response:
        return self._refusal(request, "wrap") or JSONResponse({"key": self._active})

    async def _wrap(self, request: Request) -> Response:
        if refusal := self._refusal(request, "wrap"):
            return refusal
        asked = await request.json()
        context, nonce = base64.b64decode(asked["context"]), os.urandom(_NONCE_BYTES)
        made = nonce + self._keys[self._active].encrypt(nonce, base64.b64decode(asked["secret"]), context)
        self._note("wrap", self._active, context, worked=True)
        return JSONResponse({"key": self._active, "wrapped": base64.b64encode(made).decode()})

    async def _unwrap(self, request: Request) -> Response:
        if refusal := self._refusal(request, "unwrap"):
            return refusal
        asked = await request.json()
        context, wrapped = base64.b64decode(asked["context"]), base64.b64decode(asked["wrapped"])
        if asked["key"] not in self._keys:
            return JSONResponse({"error": "no such key"}, status_code=404)
        try:
            secret = self._keys[asked["key"]].decrypt(wrapped[:_NONCE_BYTES], wrapped[_NONCE_BYTES:], context)
        except (InvalidTag, ValueError):
            self._note("unwrap", asked["key"], context, worked=False)
            return JSONResponse({"error": "this was not wrapped so"}, status_code=422)
        self._note("unwrap", asked["key"], context, worked=True)
        return JSONResponse({"secret": base64.b64encode(secret).decode()})

    async def _turn_key(self, request: Request) -> Response:
        if refusal := self._refusal(request, "turn"):
            return refusal
        self._active = self._turn()
        return JSONResponse({"key": self._active})


def main() -> None:
    """Serve on loopback until stopped."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--queues", required=True, help="token of hosts that queue: they may wrap")
    parser.add_argument("--delivers", required=True, help="token of hosts that deliver: they may unwrap, and turn keys")
    parser.add_argument("--log", type=Path, required=True)
    asked = parser.parse_args()
    rights = {asked.queues: frozenset({"wrap"}), asked.delivers: frozenset({"wrap", "unwrap", "turn"})}
    uvicorn.run(KeyService(rights, log=asked.log).app, host="127.0.0.1", port=asked.port, log_level="error")


if __name__ == "__main__":
    main()
