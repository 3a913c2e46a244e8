"""`tipline evidence`: copies that no entry names, found and removed when somebody says so; and a file handed out."""

from contextlib import aclosing
from pathlib import Path

from tipline_client.cli.exit_codes import CommandError, ExitCode
from tipline_client.cli.files import new_file
from tipline_client.cli.opening import find_entry, with_keeper, with_outbox
from tipline_client.cli.options import ENDPOINT, HOME, EndpointOptions, HomeOptions
from tipline_client.cli.reading import reading_of
from tipline_client.cli.views import instant
from tipline_client.dispatch.collecting import Collected
from tipline_client.dispatch.keeping import Keeper
from tipline_client.evidence import EvidenceByMode
from tipline_client.outbox import Outbox

__all__ = ["collect", "export"]


def collect(*, yes: bool = False, dry_run: bool = False, options: HomeOptions = HOME) -> ExitCode:
    """Find copies of evidence that no entry names and that are older than a day; with --yes, remove them.

    A killed enqueue leaves such copies; so does an outbox that was restored from an older copy, and then they may be
    all that is left: look before you say yes. Copies that are older than the first entry stay: they may be those of
    another outbox.

    Example: tipline evidence collect

    Args:
        yes: Remove them.
        dry_run: Only look, which it does without --yes anyway.
        options: Shared options.
    """
    session = options.start()
    if yes and dry_run:
        raise CommandError("--yes removes and --dry-run only looks", hint="Give one of the two.")

    async def work(keeper: Keeper) -> Collected:
        if yes:
            session.settings.place.known_outboxes.check_alone(session.settings.outbox)
        return await keeper.collect_evidence(is_dry=not yes)

    found = with_keeper(session.settings, work, only_looks=not yes)
    verb = "would be removed" if found.is_dry else "removed"
    session.output.finish(
        {
            "isDryRun": found.is_dry,
            "count": found.count,
            "files": found.copies,
            "bytes": found.size,
            "kept": found.kept,
            "first": [
                {"id": holding.entry_id, "files": holding.copies, "changedAt": instant(holding.changed_at)}
                for holding in found.first
            ],
        },
        [
            *(f"{verb}: {each.entry_id}, {each.copies} file(s) of {instant(each.changed_at)}" for each in found.first),
            f"{found.count} folder(s) that no entry names, {found.copies} file(s), {found.size} bytes {verb}",
            *([f"kept: {found.kept} older than the first entry, which may be another outbox's"] if found.kept else []),
            *(["give --yes to remove them"] if found.is_dry and found.count else []),
        ],
    )
    return ExitCode.OK


def export(
    entry: str,
    index: int,
    *,
    out: Path,
    purpose: str | None = None,
    actor: str | None = None,
    options: EndpointOptions = ENDPOINT,
) -> ExitCode:
    """Write one evidence file as it was sealed, byte for byte, to a new file readable by its owner alone.

    It is opened, digested on the way and never rendered. Who read it, and what for, is kept in the entry's history.

    Example: tipline evidence export case-4711 0 --out mug.bin --purpose "court order 12"

    Args:
        entry: Id or idempotency key of its entry.
        index: Which file, counted from 0.
        out: A new file.
        purpose: What it is read for; kept.
        actor: Who reads it; kept too (TIPLINE_ACTOR; the user's name).
        options: Shared options.
    """
    session = options.start()
    settings = session.settings
    reading = reading_of(settings, purpose=purpose, actor=actor)
    store = EvidenceByMode(settings.copies())

    async def work(outbox: Outbox) -> tuple[str, int]:
        found = await find_entry(outbox, entry, settings=settings)
        size = 0
        with new_file(out) as file:
            async with aclosing(reading.of(outbox).evidence(found.id, index, store=store)) as chunks:
                async for chunk in chunks:
                    file.write(chunk)
                    size += len(chunk)
        return found.id, size

    entry_id, size = with_outbox(settings, work)
    session.output.finish(
        {"entryId": entry_id, "index": index, "file": str(out), "size": size},
        [f"evidence[{index}] of {entry_id} written to {out}: {size} bytes, as they were sealed"],
    )
    return ExitCode.OK
