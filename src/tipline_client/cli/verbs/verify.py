"""`tipline verify`: are receipts and entries what they claim, for someone who trusts neither operator nor database."""

from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from tipline_client._closed import reason_of, way_in
from tipline_client.cli.bulk_sources import is_folder
from tipline_client.cli.distrusted import distrusted_hint
from tipline_client.cli.exit_codes import CommandError, ExitCode
from tipline_client.cli.keeping_views import certificate_lines, certificate_view
from tipline_client.cli.opening import with_outbox
from tipline_client.cli.options import HOME, HomeOptions, Session
from tipline_client.cli.receipt_files import FolderLook, verify_folder
from tipline_client.cli.verifying import Finding, read_document, verify_outbox
from tipline_client.cli.views import receipt_lines, receipt_view
from tipline_client.cli.without_home import start_without_home
from tipline_client.delivery.certificate import Certificate
from tipline_client.dispatch.reader import Reader
from tipline_client.envelope import TrustedKeys, VerifyingKey
from tipline_client.errors import ConfigurationError, EnvelopeError
from tipline_client.evidence import EvidenceByMode
from tipline_client.home import Home
from tipline_client.outbox import Outbox

__all__ = ["verify"]

_GIVE_KEY = "Receipts need no home: give the public key of whoever signed, --key PUBLIC.pem."


def verify(
    *receipts: Path,
    key: tuple[Path, ...] = (),
    all_: Annotated[bool, Parameter(name="--all")] = False,
    evidence: bool = False,
    options: HomeOptions = HOME,
) -> ExitCode:
    """Verify receipts and certificates offline, with public keys or those of the home; or the whole outbox.

    A folder stands for its .json files. Each receipt counts once; copies, and what is not to be believed, are named.

    Ends with 7 if anything is not to be believed, and says what.

    Example: tipline verify receipt.json --key operator.public.pem

    Args:
        receipts: Files that `tipline receipts export` or `tipline destroy --certificate` wrote, or folders of them.
        key: A public key (PEM) to believe, instead of those of the home. Repeatable.
        all_: Verify every entry and receipt of the outbox.
        evidence: With --all: read and digest every copy of evidence too.
        options: Shared options.
    """
    session = options.start() if all_ else start_without_home(options)
    if bool(receipts) == all_ or (evidence and not all_):
        raise CommandError("name receipt files, or give --all", hint="`tipline verify --help` shows both ways.")
    home = session.settings.place
    trusted = _trusted(key) if key else _trusted_here(home, is_receipt=bool(receipts))
    if not all_:
        return _files(session, receipts, trusted)
    return _all(session, home, home.reader(trusted=trusted), is_thorough=evidence)


def _trusted_here(home: Home, *, is_receipt: bool) -> TrustedKeys:
    if not is_receipt:
        return home.keys().trusted()
    try:
        if home.exists:
            return home.keys().trusted()
    except ConfigurationError as error:
        raise ConfigurationError(str(error), hint=f"{_GIVE_KEY} {error.hint}".rstrip()) from None
    raise ConfigurationError(f"{home.path} has no keys to verify with", hint=_GIVE_KEY)


def _files(session: Session, receipts: tuple[Path, ...], trusted: TrustedKeys) -> ExitCode:
    views: list[dict[str, Any]] = []
    lines, problems, are_good = list[str](), list[str](), True
    for path in receipts:
        if is_folder(path):
            look = verify_folder(
                path,
                trusted=trusted,
                tell=lambda problem: session.output.say(f"NOT VERIFIED  {problem.what}: {problem.reason}"),
                tell_copy=lambda copy, of: session.output.say(f"copy  {copy}: of {of.name}, and counted there"),
            )
            are_good = are_good and not look.failed
            views.append(_folder_view(path, look))
            copies = f"{look.copies} copies, " if look.copies else ""
            others = f"{look.others} other files not read"
            lines.append(f"{path}: {look.verified} verified, {look.failed} not, {copies}{others}")
            problems += [problem.reason for problem in look.first]
            continue
        try:
            document = read_document(path, trusted=trusted)
        except EnvelopeError as error:
            are_good = False
            problems.append(str(error))
            views.append({"file": str(path), "verified": False, "problem": str(error)})
            lines.append(f"NOT VERIFIED  {path}: {error}")
            continue
        if isinstance(document, Certificate):
            views.append({"file": str(path), "verified": True, "certificate": certificate_view(document)})
            lines += [f"verified  {path}", *certificate_lines(document, kept=str(path))]
        else:
            views.append({"file": str(path), "verified": True, "receipt": receipt_view(document)})
            lines += [f"verified  {path}", *receipt_lines(document, kept=str(path))]
    session.output.finish(views, [*lines, *distrusted_hint(problems, trusted=trusted)])
    return ExitCode.OK if are_good else ExitCode.NOT_VERIFIED


def _folder_view(path: Path, look: FolderLook) -> dict[str, Any]:
    return {
        "file": str(path),
        "verified": not look.failed,
        "count": look.verified,
        "failed": look.failed,
        "copies": look.copies,
        "otherFiles": look.others,
        "firstProblems": [{"file": problem.what, "problem": problem.reason} for problem in look.first],
    }


def _all(session: Session, home: Home, reader: Reader, *, is_thorough: bool) -> ExitCode:
    store = EvidenceByMode(session.settings.copies()) if is_thorough else None
    seal, chain = home.keys().checkpoint_seal(), home.keys().history_chain()

    async def look(outbox: Outbox) -> tuple[int, list[Finding]]:
        looked, bad = 0, []
        async for finding in verify_outbox(outbox, reader=reader, seal=seal, chain=chain, evidence=store):
            looked += 1
            if finding.problem is not None:
                bad.append(finding)
        return looked, bad

    looked, bad = with_outbox(session.settings, look, only_looks=True)
    session.output.finish(
        {
            "checked": looked,
            "verified": not bad,
            "problems": [{"what": finding.what, "problem": finding.problem} for finding in bad],
        },
        [
            *(f"NOT VERIFIED  {finding.what}: {finding.problem}" for finding in bad),
            f"{looked} signed things looked at, {len(bad)} not to be believed",
            *distrusted_hint((finding.problem or "" for finding in bad), trusted=reader.trusted),
        ],
    )
    return ExitCode.NOT_VERIFIED if bad else ExitCode.OK


def _trusted(paths: tuple[Path, ...]) -> TrustedKeys:
    keys = []
    for path in paths:
        try:
            keys.append(VerifyingKey.from_pem(path.read_bytes()))
        except OSError as error:
            raise ConfigurationError(f"the key {path}: {reason_of(error, path)}", hint=way_in(error, path)) from None
        except ConfigurationError as error:
            raise ConfigurationError(f"the key {path}: {error}", hint=error.hint) from None
    return TrustedKeys(keys)
