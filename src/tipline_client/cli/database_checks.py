"""What `doctor` looks at when the outbox is in a database that several hosts share: the server, and what they share.

Each function returns findings; none changes anything.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from tipline_client.cli.findings import Check, Grade
from tipline_client.cli.opening import LANES
from tipline_client.cli.settings import Settings
from tipline_client.cli.views import span
from tipline_client.evidence import EvidenceFolder
from tipline_client.outbox import Outbox

__all__ = ["check_known", "check_server", "check_shared"]

_CLOCKS_APART: Final = timedelta(minutes=5)
_OFF: Final = {
    "fsync": (
        "a crash of the server's machine can lose what was answered as durable: reports filed twice, or not at all",
        "Set fsync = on in postgresql.conf.",
    ),
    "full_page_writes": (
        "a crash of the server's machine in the middle of a write can leave pages that are half old and half new",
        "Set full_page_writes = on in postgresql.conf, unless the storage itself never tears a page.",
    ),
    "synchronous_commit": (
        "this program turns it on for itself, but who enqueues in a transaction of their own can lose it in a crash",
        "Set synchronous_commit = on for every user who enqueues.",
    ),
}
"""Settings of the server: what it means that one is off, and the way out."""


async def check_server(outbox: Outbox, *, now: datetime) -> list[Check]:
    """Whether the server keeps its word, lets this user write, has room for the pool, and what time it is there."""
    facts = await outbox.facts()
    checks = [
        Check("database", Grade.WARNING, f"{name} is off: {why}", hint)
        for name, (why, hint) in _OFF.items()
        if facts[name] == "off"
    ]
    checks += [*_check_writes(facts), _check_pool(facts)]
    there = (await outbox.lane_state(LANES[0])).read_at
    if abs(there - now) > _CLOCKS_APART:
        way = "ahead of" if now > there else "behind"
        detail = f"this host is {span(abs(there - now))} {way} the database, whose clock decides"
        checks.append(Check("database clock", Grade.WARNING, detail, "Set both clocks from a time server."))
    else:
        checks.append(Check("database clock", Grade.OK, "it agrees with this host's"))
    return checks


def _check_writes(facts: Mapping[str, str]) -> list[Check]:
    if facts["writes"] != "yes":
        detail = f"the database takes no writes: {facts['writes']}"
        return [Check("database", Grade.PROBLEM, detail, "Connect to the primary: target_session_attrs=read-write.")]
    if "refused_tables" in facts:
        detail = f"this user may not both read and write {facts['refused_tables']}"
        hint = "GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA tipline, after each `tipline migrate`."
        return [Check("database", Grade.PROBLEM, detail, hint)]
    return []


def _check_pool(facts: Mapping[str, str]) -> Check:
    used, most = (int(word) for word in facts["server_connections"].split(" of "))
    detail = f"up to {facts['pool']} connections and one that listens; the server has {used} of {most} in use"
    if most - used > int(facts["pool"]):
        return Check("pool", Grade.OK, detail)
    return Check("pool", Grade.WARNING, detail, "Raise max_connections on the server, or find out who holds them.")


def check_shared(settings: Settings) -> list[Check]:
    """What all hosts of this outbox must have in common."""
    home = settings.place
    store = settings.copies()
    shared = f"all that dispatch from this outbox need the same keys ({home.keys_path}) and evidence ({store.shown})"
    way = "and mount the evidence from one storage" if isinstance(store, EvidenceFolder) else "and set evidence alike"
    return [Check("other hosts", Grade.OK, f"{shared}: bring the keys, {way}")]


def check_known(settings: Settings) -> list[Check]:
    """Whether the home knows the database of its outbox, and no other one."""
    known, address = settings.place.known_outboxes, settings.outbox
    checks = []
    if address is not None and not known.knows(address):
        detail = f"the home does not remember {address.place}: where nobody names it, an empty outbox is made"
        hint = f"Whoever queues or dispatches has it remembered, and must be let write {known.path} for that."
        checks.append(Check("outbox's place", Grade.WARNING, detail, hint))
    if (own := known.left_at_home(address)) is not None:
        detail = f"{own} is there too, and nobody dispatches what waits in it"
        hint = (
            f"Deliver it: `tipline dispatch --drain --home {own.parent.resolve()} --outbox sqlite://{own.resolve()}`; "
            "then move the file away."
        )
        checks.append(Check("other outbox", Grade.WARNING, detail, hint))
    for other in known.others(address):
        detail = f"the outbox of this home was in {other} too, and nobody dispatches what waits there"
        hint = f"If nothing of it is needed any more, remove its line from {known.path}."
        checks.append(Check("other outbox", Grade.WARNING, detail, hint))
    return checks
