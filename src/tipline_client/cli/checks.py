"""What `doctor` looks at on this machine: settings, keys, outbox, clock. One function a subject.

Each returns findings; none raises for what it finds, and none changes anything but making an outbox file that is not
there yet.
"""

from collections.abc import Mapping, Set
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import anyio

from tipline_client.cli.database_checks import check_server
from tipline_client.cli.findings import Check, Grade
from tipline_client.cli.incidents import find_paused_lanes, incident_line
from tipline_client.cli.opening import LANES
from tipline_client.cli.settings import Settings
from tipline_client.cli.sizes import size_words
from tipline_client.cli.suspects import Suspects, find_suspects
from tipline_client.cli.variables import VARIABLE_NAMES
from tipline_client.cli.views import instant, span
from tipline_client.delivery.environment import Environment
from tipline_client.dispatch.reader import Reader
from tipline_client.errors import ConfigurationError, OutboxUnavailableError, TiplineError
from tipline_client.home import Home
from tipline_client.outbox import Outbox, SqliteOutbox
from tipline_client.vault.local_keys import LocalMasterKeys

__all__ = [
    "Check",
    "Grade",
    "check_endpoint_settings",
    "check_keys",
    "check_outbox",
    "check_settings",
    "is_home_of",
    "why_no_home",
]

_MOST_VERIFIED = 10_000
"""How many waiting entries are verified; `tipline verify --all` looks at everything."""

_NO_SIGNER = (
    "Right for a host that only delivers. Otherwise restore the private half and `active` from the backup of the keys; "
    "receipts are made by a host that signs."
)


def check_settings(settings: Settings, *, environ: Mapping[str, str], wrong: Set[str] = frozenset()) -> list[Check]:
    """Where each setting comes from, and variables that no setting reads.

    Args:
        settings: The settings in force.
        environ: The environment's variables.
        wrong: What is said to be wrong elsewhere: its default is not shown as if that had been asked for.
    """
    shown = {
        "home": str(settings.home),
        "outbox": settings.outbox.shown if settings.outbox else f"{settings.place.outbox_path}",
        "evidence": settings.evidence or f"{settings.place.path / 'evidence'}",
        "keep_free": size_words(settings.keep_free),
        "endpoint": settings.endpoint or "not named",
        "username": "set" if settings.username else "not set",
        "password": "set" if settings.password else "not set",
        "registered_esp": "yes" if settings.registered_esp else "no",
        "slots": str(settings.slots),
        "file_within": "not set" if settings.deadline is None else span(settings.deadline.file_within),
        "warn_before": _notice_words(settings),
        "regimes": ", ".join(settings.regimes),
        "actor": "set" if settings.actor else "not set",
        "master_key": "set" if settings.master_keys else "not set",
        "key_provider": "not set" if settings.key_provider is None else type(settings.key_provider).__name__,
        "reporter": "set" if settings.reporter else "not set",
    }
    checks = [] if "file" in wrong else [_check_file_of_settings(settings)]
    checks += [
        _check_setting(name, value, origin=settings.origins.get(name), is_file_read="file" not in wrong)
        for name, value in shown.items()
        if not wrong & _said_as(name) and (name != "endpoint" or _is_known(settings))
    ]
    strangers = sorted(
        name
        for name in environ
        if name.startswith("TIPLINE_") and name not in VARIABLE_NAMES and not name.startswith("TIPLINE_TEST_")
    )
    for name in strangers:
        hint = f"The variables are {', '.join(sorted(VARIABLE_NAMES))}."
        checks.append(Check("configuration", Grade.WARNING, f"the variable {name} is read by nobody", hint))
    return [*checks, *_check_secrets(settings)]


def _notice_words(settings: Settings) -> str:
    if settings.deadline is not None:
        return span(settings.deadline.notice)
    # Of a time that is wrong, which is said; alone it would be wrong itself.
    return "set" if "warn_before" in settings.origins else "not set"


def _check_file_of_settings(settings: Settings) -> Check:
    if settings.file is not None:
        return Check("configuration", Grade.OK, f"file {settings.file}")
    return Check("configuration", Grade.OK, "no configuration file")


def _is_known(settings: Settings) -> bool:
    """Whether the endpoint is one, if it is named at all."""
    try:
        _ = settings.lane
    except ConfigurationError:
        return False
    return True


def _said_as(name: str) -> set[str]:
    """By which names a setting is said to be wrong."""
    return {name, f"{name}_file", *(("credentials",) if name in {"username", "password"} else ())}


def _check_setting(name: str, value: str, *, origin: str | None, is_file_read: bool) -> Check:
    if origin is None and not is_file_read:
        return Check(f"setting {name}", Grade.SKIPPED, "not known: the configuration file cannot be read")
    return Check(f"setting {name}", Grade.OK, f"{value} ({origin or 'default'})")


_SECRETS: Final = {"password": "the password", "outbox": "the database's password", "master_key": "the master key"}


def _check_secrets(settings: Settings) -> list[Check]:
    """Passwords that others on this host could read."""
    is_in_address = settings.outbox is not None and settings.outbox.has_password
    file, origins, checks = settings.file, settings.origins, []
    # An address without a password is no secret, wherever it is written.
    own_files = {name: path for name, path in settings.secret_files.items() if name != "outbox" or is_in_address}
    held: dict[Path, str] = {path: _SECRETS[name] for name, path in own_files.items()}
    is_written = is_in_address and origins.get("outbox") == str(file) and "outbox" not in own_files
    if file is not None and (settings.has_written_password or is_written):
        held[file] = "a password"
    for path, what in held.items():
        if path.stat().st_mode & 0o077:
            detail = f"{path} holds {what} and is open to others"
            # A container shows its secrets to everybody in it, and to nobody else.
            grade = Grade.PROBLEM if path == file else Grade.WARNING
            checks.append(Check("configuration", grade, detail, f"chmod 600 {path}"))
    if is_in_address and origins.get("outbox", "").startswith("argument"):
        detail = "the database's password stands in an argument, which whoever lists processes can read"
        hint = "Use TIPLINE_OUTBOX, a file named by TIPLINE_OUTBOX_FILE, or libpq's own password file."
        checks.append(Check("configuration", Grade.WARNING, detail, hint))
    return checks


def check_endpoint_settings(settings: Settings) -> list[Check]:
    """Which environment it would file to, and the endpoint's schema."""
    try:
        profile = settings.profile()
    except TiplineError as error:
        return [Check("endpoint", Grade.PROBLEM, str(error), error.hint)]
    where = {
        Environment.PRODUCTION: "PRODUCTION: EVERY REPORT IS FILED FOR REAL AND ACTED UPON",
        Environment.TESTING: "the hotline's test host: nothing is acted upon",
        Environment.MOCK: "a mock endpoint on this machine: nothing is filed",
    }[profile.environment]
    checks = [Check("would file to", Grade.OK, f"{profile.name} at {profile.host}; {where}")]
    try:
        schema = settings.place.schema(profile.name)
    except ConfigurationError as error:
        return [*checks, Check("schema", Grade.PROBLEM, str(error), error.hint)]
    if schema is None:
        hint = "Fetch the endpoint's own with `tipline schema fetch`."
        return [*checks, Check("schema", Grade.WARNING, "none kept: the rules of November 2025 apply", hint)]
    return [*checks, Check("schema", Grade.OK, f"kept, with {len(schema.newer_elements)} newer element(s)")]


def check_keys(settings: Settings) -> list[Check]:
    """Keys, who can read them, and what this host can do with them."""
    home = settings.place
    try:
        keys = home.keys()
        trusted = len(keys.trusted())
        # A host that only delivers has none, and lacks nothing.
        signer = keys.signer() if keys.active_id is not None else None
    except TiplineError as error:
        checks = [Check("keys", Grade.PROBLEM, str(error), error.hint)]
        return [*checks, *([_check_powers(home, can_sign=False)] if is_home_of(settings) else [])]
    checks = [
        Check("keys", Grade.OK, f"{signer.key_id} signs; {trusted} trusted")
        if signer is not None
        else Check("keys", Grade.WARNING, f"none signs on this host; {trusted} trusted", _NO_SIGNER)
    ]
    checks.append(_check_powers(home, can_sign=signer is not None))
    checks += [Check("keys", Grade.PROBLEM, problem) for problem in keys.permissions_problems()]
    if home.path.stat().st_mode & 0o077:
        checks.append(Check("home", Grade.PROBLEM, f"{home.path} is open to others", f"chmod 700 {home.path}"))
    return checks


def is_home_of(settings: Settings) -> bool:
    """Whether there is a home that this user may look into; why not is said of the keys."""
    try:
        return settings.place.exists
    except ConfigurationError:
        return False


def why_no_home(settings: Settings) -> str:
    """Why a home that `is_home_of` denies cannot be looked into."""
    try:
        return "there is no home to look into" if not settings.place.exists else ""
    except ConfigurationError:
        return f"{settings.home} may not be looked into by this user"


def _check_powers(home: Home, *, can_sign: bool) -> Check:
    try:
        master = home.master_keys()
        # Whoever wraps elsewhere is asked, which also tells whether it can be reached.
        can_wrap = master.can_wrap if isinstance(master, LocalMasterKeys) else bool(anyio.run(master.active))
    except ConfigurationError as error:
        return Check("this host", Grade.PROBLEM, str(error), error.hint)
    powers = {
        "queue": can_sign and can_wrap,
        "read and deliver": master.can_unwrap,
        "sign receipts and certificates": can_sign,
    }
    can = [power for power, is_there in powers.items() if is_there]
    cannot = [power for power, is_there in powers.items() if not is_there]
    words = [f"can {', '.join(can)}" if can else "", f"cannot {', '.join(cannot)}" if cannot else ""]
    return Check("this host", Grade.OK if can else Grade.PROBLEM, "; ".join(filter(None, words)))


async def check_outbox(outbox: Outbox, *, now: datetime, reader: Reader | None) -> list[Check]:
    """The database, what waits in it and whether that was altered, its alarms, and whether the clock fits."""
    facts = await outbox.facts()
    checks = [Check("outbox", Grade.OK, ", ".join(f"{name} {value}" for name, value in facts.items()))]
    if isinstance(outbox, SqliteOutbox):
        checks += await _check_file(outbox, facts)
    else:
        checks += await check_server(outbox, now=now)
    counts = await outbox.count()
    oldest = f", oldest since {instant(counts.oldest_waiting)}" if counts.oldest_waiting else ""
    checks.append(Check("waiting", Grade.OK, f"{counts.waiting}{oldest}"))
    checks += [
        Check("lane", Grade.WARNING, incident_line(paused), "A running dispatcher goes on by itself once it is well.")
        for paused in await find_paused_lanes(outbox, LANES)
    ]
    checks += _check_altered(await find_suspects(outbox, reader=reader, most=_MOST_VERIFIED))
    alarms = f"{counts.open_alarms} open"
    checks.append(
        Check("alarms", Grade.PROBLEM, alarms, "Look with `tipline alarm list`.")
        if counts.open_alarms
        else Check("alarms", Grade.OK, alarms)
    )
    checks += await _check_kept(outbox)
    if counts.oldest_waiting is not None and counts.oldest_waiting > now + timedelta(minutes=5):
        ahead = span(counts.oldest_waiting - now)
        hint = "Set the clock: leases and retries depend on it."
        checks.append(Check("clock", Grade.PROBLEM, f"it is {ahead} behind the outbox's oldest waiting entry", hint))
    else:
        checks.append(Check("clock", Grade.OK, f"{instant(now)}; not before what waits in the outbox"))
    return checks


async def _check_kept(outbox: Outbox) -> list[Check]:
    """Destructions that were cut off, and laws that contradict each other."""
    checks = []
    if cut_off := await outbox.archive.unfinished():
        detail = f"{len(cut_off)} cut off, such as that of entry {cut_off[0]}: the key is erased, the rest is not"
        checks.append(Check("destructions", Grade.PROBLEM, detail, "Go on with `tipline destroy --resume`."))
    if await outbox.archive.conflicts(limit=1):
        detail = "one law forbids to keep what another one asks to keep"
        checks.append(Check("holds", Grade.WARNING, detail, "`tipline hold list --conflicts`; ask counsel."))
    return checks


async def _check_file(outbox: SqliteOutbox, facts: Mapping[str, str]) -> list[Check]:
    checks = []
    try:
        await outbox.check_writable()
    except OutboxUnavailableError as error:
        checks.append(Check("outbox", Grade.PROBLEM, str(error), error.hint))
    problems = await outbox.integrity_problems()
    hint = "Stop every dispatcher, copy the file, and restore a backup."
    checks.append(
        Check("outbox integrity", Grade.PROBLEM, f"{len(problems)} finding(s): {'; '.join(problems[:3])}", hint)
        if problems
        else Check("outbox integrity", Grade.OK, "SQLite's quick check finds nothing")
    )
    if facts["file_mode"] not in {"0600", "0400"}:
        checks.append(
            Check("outbox", Grade.PROBLEM, f"{facts['file']} is open to others", f"chmod 600 {facts['file']}")
        )
    return checks


def _check_altered(suspects: Suspects) -> list[Check]:
    return [*_altered(suspects), *_unread(suspects)]


def _unread(suspects: Suspects) -> list[Check]:
    if not suspects.keyless:
        return []
    detail = f"{suspects.keyless} cannot be opened here: {suspects.want}"
    hint = "Bring that key, or leave them to a host that has it. If nobody knows the key, the rows were altered."
    return [Check("waiting rows", Grade.WARNING, detail, hint)]


def _altered(suspects: Suspects) -> list[Check]:
    if not suspects.count and suspects.not_looked_at:
        seen = f"none of the {suspects.looked_at} oldest is altered; {suspects.not_looked_at} more were not looked at"
        return [Check("waiting rows", Grade.WARNING, seen, "`tipline verify --all` looks at every row.")]
    if not suspects.count:
        opened = f"the {suspects.looked_at - suspects.keyless} that can be opened here" if suspects.keyless else "them"
        return [Check("waiting rows", Grade.OK, f"none of {opened} is altered")]
    checks = [
        Check("waiting rows", Grade.PROBLEM, f"entry {suspect.entry_id} ({suspect.where}): {suspect.reason}")
        for suspect in suspects.named
    ]
    return [*checks, Check("waiting rows", Grade.PROBLEM, suspects.headline, suspects.hint)]
