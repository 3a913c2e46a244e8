"""`tipline demo`: the whole job once, over real HTTP, against a mock endpoint in the same process.

It calls what the other verbs call; only the endpoint, the folder and the samples are its own.
"""

import secrets
import tempfile
from functools import partial
from pathlib import Path
from typing import Literal

from tipline_client.cli.delivering import Delivered, deliver_all, delivered_lines, delivered_view
from tipline_client.cli.exit_codes import ExitCode
from tipline_client.cli.opening import with_client
from tipline_client.cli.options import HOME, HomeOptions
from tipline_client.cli.output import Output
from tipline_client.cli.progress import watching
from tipline_client.cli.queueing import queue_all, queued_lines
from tipline_client.cli.reporting import issue_lines
from tipline_client.cli.sample import write_sample
from tipline_client.cli.settings import Settings
from tipline_client.cli.submissions import read_files, rules_for
from tipline_client.cli.verifying import read_receipt
from tipline_client.client import AsyncTiplineClient, Options
from tipline_client.envelope import TrustedKeys, VerifyingKey
from tipline_client.errors import ConfigurationError
from tipline_client.home import Home

__all__ = ["demo"]

_COUNTED: tuple[tuple[Literal["finished", "duplicates", "stray_files"], str], ...] = (
    ("finished", "finished"),
    ("duplicates", "duplicates"),
    ("stray_files", "stray files"),
)


def demo(*, options: HomeOptions = HOME) -> ExitCode:
    """Take a sample report with a picture from a JSON file to a verified receipt, against a mock endpoint.

    Then once more with the endpoint's last reply lost on the way: it is filed once all the same. Everything happens in
    a new folder, or in the one named with --home. Nothing leaves this machine.

    Example: tipline demo

    Args:
        options: Shared options.
    """
    try:
        from tipline_client.mock import MockEndpoint, lost_reply
    except ImportError as error:
        raise ConfigurationError("the demo needs the mock endpoint", hint=str(error)) from None
    output = options.output()
    home = Home(Path(options.home) if options.home else Path(tempfile.mkdtemp(prefix="tipline-demo-")) / "home")
    if not home.exists:
        home.create()
    folder = home.path.parent / "demo" if options.home is None else home.path / "demo"
    folder.mkdir(exist_ok=True)
    run = secrets.token_hex(3)
    with MockEndpoint() as endpoint:
        settings = Settings(home=home.path, endpoint=endpoint.base_url, slots=2)
        output.say("A mock endpoint is running. It is no hotline: nothing sent to it is filed.", endpoint.base_url)
        first = _file(settings, write_sample(folder, key=f"demo-{run}-a"), output)
        if first.receipt is None:
            output.finish({"submissions": [delivered_view(first)]})
            return first.exit_code
        verified = _verify(settings, first, folder, output)
        output.say("", "Once more, with the reply to the last call lost: the endpoint files, and we are not told.")
        endpoint.faults.script("finish", lost_reply())
        second = _file(settings, write_sample(folder, key=f"demo-{run}-b"), output)
        summary = endpoint.summary()
    counts = ", ".join(f"{summary[name]} {words}" for name, words in _COUNTED)
    is_once = (summary["finished"], summary["duplicates"], summary["stray_files"]) == (2, 0, 0)
    output.finish(
        {
            "home": str(home.path),
            "folder": str(folder),
            "submissions": [delivered_view(first), delivered_view(second)],
            "receiptFile": str(verified),
            "verified": True,
            "endpoint": dict(summary),
            "filedExactlyOnce": is_once,
        },
        [
            "",
            f"The endpoint counts: {counts}, in {summary['requests']} calls.",
            "",
            f"Everything is in {folder} and {home.path}. Try next:",
            f"  tipline list --home {home.path}",
            f"  tipline show demo-{run}-b --home {home.path}",
            f"  tipline verify --all --home {home.path}",
            "  tipline mock --port 0        and, with its URL as TIPLINE_ENDPOINT:",
            f"  tipline submit {folder / f'demo-{run}-a.json'} --home {home.path}",
        ],
    )
    if second.receipt is None or not is_once:
        return second.exit_code or ExitCode.GIVEN_UP
    return ExitCode.OK


def _file(settings: Settings, path: Path, output: Output) -> Delivered:
    """Validate, enqueue and deliver one submission file, as the verbs of these names do."""
    read = read_files([str(path)], rules=rules_for(settings))
    output.say("", f"A submission file is validated, sealed, queued and delivered: {path}")
    output.say(*(f"   {line}" for line in issue_lines(read[0].submissions[0])))

    async def work(client: AsyncTiplineClient) -> Delivered:
        [queued] = await queue_all(client, read)
        output.say(*(f"   {line}" for line in queued_lines(queued)))
        if queued.entry is None:
            raise queued.error or ConfigurationError("the sample was not queued")
        [delivered] = await deliver_all(client, [queued.entry], slots=settings.slots, output=output)
        return delivered

    with watching(output) as watcher:
        watched = Options(on_step=watcher.on_step, on_bytes=watcher.on_bytes)
        delivered = with_client(settings, work, options=watched)
    output.say(*(f"   {line}" for line in delivered_lines(delivered)))
    return delivered


def _verify(settings: Settings, delivered: Delivered, folder: Path, output: Output) -> Path:
    """Write the receipt to a file and verify it as a stranger would: with the file and the public key alone."""
    entry_id = delivered.entry.id
    path = folder / f"{delivered.entry.idempotency_key}.receipt.json"
    path.write_bytes(with_client(settings, partial(_receipt_bytes, entry_id=entry_id)))
    home = settings.place
    public = home.keys_path / f"{home.keys().signer().key_id}.public.pem"
    receipt = read_receipt(path, trusted=TrustedKeys([VerifyingKey.from_pem(public.read_bytes())]))
    output.say(f"   verified with the public key alone: {path}", f"   report {receipt.report_id}, key {public.name}")
    return path


async def _receipt_bytes(client: AsyncTiplineClient, *, entry_id: str) -> bytes:
    return await client.receipt_bytes(entry_id)
