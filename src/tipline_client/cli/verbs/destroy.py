"""`tipline destroy`: content destroyed for good, with a signed certificate that stays."""

from pathlib import Path

from tipline_client.cli.actors import actor_of, check_reason
from tipline_client.cli.exit_codes import CommandError, ExitCode
from tipline_client.cli.files import write_new
from tipline_client.cli.hint_words import in_words_of_host
from tipline_client.cli.keeping_views import certificate_lines, certificate_view
from tipline_client.cli.opening import find_entry, with_keeper
from tipline_client.cli.options import HOME, HomeOptions, Session
from tipline_client.delivery.certificate import Certificate
from tipline_client.dispatch.keeping import Keeper

__all__ = ["destroy"]


def destroy(
    entry: str | None = None,
    *,
    reason: str | None = None,
    actor: str | None = None,
    request: str | None = None,
    resume: bool = False,
    certificate: str | None = None,
    out: Path | None = None,
    options: HomeOptions = HOME,
) -> ExitCode:
    """Destroy the content of an entry that has ended: its data key, evidence copies, envelope and replies.

    Nobody can undo it. Receipt and history stay, and a signed certificate says what was destroyed. It is refused while
    a hold runs, unless --request names the legal request that allows it. What was cut off is gone on with by the same
    command, or by --resume.

    Example: tipline destroy case-4711 --reason "the year is over"

    Args:
        entry: Its id or idempotency key.
        reason: Why; it is kept.
        actor: Who; it is kept (TIPLINE_ACTOR; the user's name).
        request: The legal request that allows it while a hold runs; it is kept.
        resume: Go on with every destruction that was cut off.
        certificate: Write the certificate of this entry instead, byte for byte; whoever has the public key can verify
            it.
        out: With --certificate: a new file; standard output without it.
        options: Shared options.
    """
    session = options.start()
    if sum((entry is not None, resume, certificate is not None)) != 1:
        raise CommandError("name one entry, or give --resume or --certificate ENTRY", hint="It does one of the three.")
    if out is not None and certificate is None:
        raise CommandError("--out goes with --certificate", hint="`tipline destroy --certificate ENTRY --out FILE`.")
    if resume:
        return _resume(session)
    if certificate is not None:
        return _export(session, certificate, out=out)
    if reason is None:
        raise CommandError("--reason is missing", hint="Say why, for whoever asks later.")
    check_reason(reason)
    return _destroy(session, entry or "", reason=reason, actor=actor_of(actor, session.settings), request=request)


def _destroy(session: Session, name: str, *, reason: str, actor: str, request: str | None) -> ExitCode:
    async def work(keeper: Keeper) -> Certificate:
        found = await find_entry(keeper.outbox, name, settings=session.settings)
        return await keeper.destroy(found.id, reason=reason, actor=actor, request=request)

    made = with_keeper(session.settings, work)
    kept = in_words_of_host(f"in the outbox; tipline destroy --certificate {made.entry_id} --out certificate.json")
    session.output.finish(certificate_view(made), certificate_lines(made, kept=kept))
    return ExitCode.OK


def _resume(session: Session) -> ExitCode:
    done = with_keeper(session.settings, Keeper.resume_destructions)
    lines = [f"destroyed: {entry_id}" for entry_id in done] or ["no destruction was cut off"]
    session.output.finish({"destroyed": list(done)}, lines)
    return ExitCode.OK


def _export(session: Session, name: str, *, out: Path | None) -> ExitCode:
    async def read(keeper: Keeper) -> tuple[str, bytes]:
        found = await find_entry(keeper.outbox, name, settings=session.settings)
        return found.id, await keeper.certificate_bytes(found.id)

    entry_id, data = with_keeper(session.settings, read)
    if out is None:
        session.output.write(data)
        return ExitCode.OK
    write_new(out, data)
    session.output.finish({"entryId": entry_id, "file": str(out)}, [f"certificate of {entry_id} written to {out}"])
    return ExitCode.OK
