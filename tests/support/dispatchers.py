"""Starts dispatchers in processes of their own, on a home and an outbox that they share; and waits for what they do."""

import select
import subprocess
import sys
from pathlib import Path
from typing import Any

import anyio

from tipline_client import AsyncTiplineClient, State

__all__ = ["ROOT", "await_ready", "start_dispatcher", "until_filed"]

ROOT = Path(__file__).resolve().parents[2]
_PATIENCE = 90.0


def start_dispatcher(
    home: Path, base_url: str, *settings: str, outbox: str | None = None, **how: Any
) -> "subprocess.Popen[bytes]":
    """One more dispatcher, which may still be starting when this returns.

    Args:
        home: Where its keys and evidence lie.
        base_url: The way to the endpoint.
        settings: What else it is told; see `dispatcher_child`.
        outbox: The way to the outbox, if it is not in the home.
        how: Handed on to `subprocess.Popen`.
    """
    options = [*settings, *([f"--outbox={outbox}"] if outbox else [])]
    command = [sys.executable, "-m", "tests.support.dispatcher_child", str(home), base_url, *options]
    return subprocess.Popen(command, cwd=ROOT, **how)


def await_ready(process: "subprocess.Popen[bytes]") -> None:
    """Wait until a dispatcher whose standard output is a pipe is open."""
    assert process.stdout is not None
    assert select.select([process.stdout], [], [], _PATIENCE)[0], "it does not get ready"
    assert process.stdout.readline() == b"ready\n"


async def until_filed(client: AsyncTiplineClient, entry_id: str) -> None:
    """Wait until a dispatcher has filed the entry; a failure when that takes too long."""
    with anyio.fail_after(_PATIENCE):
        while (await client.entry(entry_id)).state is not State.ACKNOWLEDGED:
            await anyio.lowlevel.checkpoint()
