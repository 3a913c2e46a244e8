"""`tipline receipts`: signed receipts of what was filed, listed, shown and handed on."""

from functools import partial
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from tipline_client.cli.distrusted import distrusted_hint
from tipline_client.cli.exit_codes import CommandError, ExitCode
from tipline_client.cli.files import write_new
from tipline_client.cli.hint_words import in_words_of_host
from tipline_client.cli.opening import find_entry, with_outbox
from tipline_client.cli.options import ENDPOINT, EndpointOptions, Session
from tipline_client.cli.output import columns
from tipline_client.cli.queueing import worst
from tipline_client.cli.reading import Reading, reading_of
from tipline_client.cli.receipt_files import ReceiptFolder
from tipline_client.cli.receipt_page import receipt_html, receipt_text
from tipline_client.cli.settings import Settings
from tipline_client.cli.verbs.listing import Limit, page
from tipline_client.cli.views import entry_view, instant, receipt_lines, receipt_view
from tipline_client.delivery.states import State
from tipline_client.dispatch.receipting import receipt_bytes
from tipline_client.envelope.receipts import open_exported, open_receipt
from tipline_client.envelope.receipts import with_replies as with_raw_replies
from tipline_client.outbox import Outbox
from tipline_client.vault import Vault

__all__ = ["export_receipt", "list_receipts", "render_receipt", "show_receipt"]


def list_receipts(*, limit: Limit = 100, after: str | None = None, options: EndpointOptions = ENDPOINT) -> ExitCode:
    """List acknowledged entries, oldest first; with an endpoint named, those of its environment.

    Example: tipline receipts list

    Args:
        limit: How many at most.
        after: The last id of the page before.
        options: Shared options.
    """
    session = options.start()
    lane = session.settings.lane
    filed = partial(page, states=(State.ACKNOWLEDGED,), environment=lane[1] if lane else None, limit=limit, after=after)
    entries = with_outbox(session.settings, filed, only_looks=True)
    rows = [
        (
            str(entry.report_id) if entry.contradiction is None else "none",
            instant(entry.acknowledged_at) or "-",
            entry.environment.value,
            entry.id,
            entry.idempotency_key,
        )
        for entry in entries
    ]
    lines = columns([("report", "acknowledged", "where", "entry", "key"), *rows]) if rows else ["no receipts"]
    session.output.finish([entry_view(entry) for entry in entries], lines)
    for entry in entries:
        if entry.contradiction is not None:
            session.output.note(f"entry {entry.id} has no receipt: it is {entry.contradiction}")
    return ExitCode.OK


def show_receipt(entry: str, *, options: EndpointOptions = ENDPOINT) -> ExitCode:
    """Show one receipt, after verifying its signature with the trusted keys of the home.

    Example: tipline receipts show case-4711

    Args:
        entry: Id or idempotency key of its entry.
        options: Shared options.
    """
    session = options.start()
    data, entry_id = _read(session.settings, entry)
    receipt = open_receipt(data, trusted=session.settings.place.keys().trusted())
    kept = in_words_of_host(f"in the outbox; tipline receipts export {entry_id} --out receipt.json")
    session.output.finish(receipt_view(receipt), receipt_lines(receipt, kept=kept))
    return ExitCode.OK


def export_receipt(
    entry: str | None = None,
    *,
    all_: Annotated[bool, Parameter(name="--all")] = False,
    out: Path | None = None,
    with_replies: bool = False,
    purpose: str | None = None,
    actor: str | None = None,
    options: EndpointOptions = ENDPOINT,
) -> ExitCode:
    """Write one signed receipt, byte for byte, or all of them; whoever has the public key can verify it.

    With --all each receipt is a file of the folder, named by its entry's id; with an endpoint named, those of its
    environment. A file that is there already is never written to, so the same command again adds what is new.

    Example: tipline receipts export case-4711 --out receipt.json

    Args:
        entry: Id or idempotency key of its entry.
        all_: Write the receipts of all filed entries, each to a file of its own.
        out: A new file; standard output without it. With --all a folder, which is made if it is not there.
        with_replies: Put the endpoint's raw replies beside what is signed. They may quote the report. Needs --purpose.
        purpose: What the replies are handed on for; kept in the entry's history.
        actor: Who does; kept too (TIPLINE_ACTOR; the user's name).
        options: Shared options.
    """
    if all_ is (entry is not None):
        raise CommandError("name one entry, or give --all")
    session = options.start()
    if entry is None:
        return _export_all(session, out, with_replies=with_replies)
    reading = reading_of(session.settings, purpose=purpose, actor=actor) if with_replies else None
    data, entry_id = _read(session.settings, entry, reading=reading)
    open_receipt(data, trusted=session.settings.place.keys().trusted())
    if out is None:
        session.output.write(data)
        return ExitCode.OK
    write_new(out, data)
    session.output.finish({"entryId": entry_id, "file": str(out)}, [f"receipt of {entry_id} written to {out}"])
    return ExitCode.OK


def _export_all(session: Session, out: Path | None, *, with_replies: bool) -> ExitCode:
    if out is None:
        raise CommandError("all receipts need a folder", hint="Name it with --out.")
    if with_replies:
        hint = "Export the replies entry by entry; each time is a line of that entry's history."
        raise CommandError("--with-replies hands on the content of one entry, not of all", hint=hint)
    settings, output = session.settings, session.output
    home, lane = settings.place, settings.lane
    keys, vault = home.keys(), Vault(home.master_keys())
    folder = ReceiptFolder(out, lambda problem: output.note(f"{problem.what}: not written: {problem.reason}"))

    async def fill(outbox: Outbox) -> None:
        folder.make()
        await folder.fill(outbox, keys=keys, vault=vault, environment=lane[1] if lane else None)

    with_outbox(settings, fill)
    lines = [f"{folder.written} receipts written to {out}, {folder.there} there already, {folder.failed} not written"]
    if folder.left:
        lines.append(f"{folder.left} of those not written have a file there, which was left as it is and not compared")
    if folder.by_hand:
        lines.append(f"{folder.by_hand} were filed by hand, and have no receipt of this program")
    if folder.written + folder.there:
        lines.append(f"hint: `tipline verify {out}` verifies all of them")
    lines += distrusted_hint((problem.reason for problem in folder.first), trusted=keys.trusted())
    session.output.finish(
        {
            "folder": str(out),
            "written": folder.written,
            "alreadyThere": folder.there,
            "filedByHand": folder.by_hand,
            "failed": folder.failed,
            "leftThere": folder.left,
            "firstProblems": [{"entryId": problem.what, "problem": problem.reason} for problem in folder.first],
        },
        lines,
    )
    return worst([*folder.codes])


def render_receipt(
    entry: str, *, out: Path | None = None, html: bool = False, options: EndpointOptions = ENDPOINT
) -> ExitCode:
    """Write one verified receipt as a page for people, in plain text or HTML; it shows neither replies nor files.

    Example: tipline receipts render case-4711 --html --out receipt.html

    Args:
        entry: Id or idempotency key of its entry.
        out: A new file; standard output without it.
        html: One page of HTML that needs nothing else.
        options: Shared options.
    """
    session = options.start()
    data, entry_id = _read(session.settings, entry)
    opened = open_exported(data, trusted=session.settings.place.keys().trusted())
    render = receipt_html if html else receipt_text
    page = render(opened.receipt, signed_by=sorted(opened.key_ids))
    if out is None and options.json:
        session.output.finish({"entryId": entry_id, "page": page})
        return ExitCode.OK
    if out is None:
        session.output.write(page)
        return ExitCode.OK
    write_new(out, page.encode())
    session.output.finish({"entryId": entry_id, "file": str(out)}, [f"receipt of {entry_id} rendered to {out}"])
    return ExitCode.OK


def _read(settings: Settings, name: str, *, reading: Reading | None = None) -> tuple[bytes, str]:
    home = settings.place
    keys, vault = home.keys(), Vault(home.master_keys())

    async def read(outbox: Outbox) -> tuple[bytes, str]:
        entry = await find_entry(outbox, name, settings=settings)
        receipt = await receipt_bytes(outbox, keys, vault, entry.id)
        if reading is not None:
            receipt = with_raw_replies(receipt, await reading.of(outbox).replies(entry.id))
        return receipt, entry.id

    return with_outbox(settings, read)
