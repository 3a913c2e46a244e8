"""`tipline doctor`: is everything there that filing needs, on this machine and at the endpoint."""

import os
from datetime import UTC, datetime
from functools import partial
from typing import Any

from pydantic import ValidationError

from tipline_client.cli.checks import (
    Check,
    Grade,
    check_endpoint_settings,
    check_keys,
    check_outbox,
    check_settings,
    is_home_of,
    why_no_home,
)
from tipline_client.cli.database_checks import check_known, check_shared
from tipline_client.cli.disk_checks import check_disk, check_evidence
from tipline_client.cli.exit_codes import ExitCode
from tipline_client.cli.opening import with_client, with_outbox
from tipline_client.cli.options import ENDPOINT, EndpointOptions
from tipline_client.cli.setting_problems import Problems
from tipline_client.cli.settings import Settings
from tipline_client.cli.unclaimed import MOST_LOOKED_AT, SUBJECT, unclaimed_check, unclaimed_view
from tipline_client.cli.waiting import denial_words, is_permission
from tipline_client.cli.waiting_evidence import check_waiting_evidence
from tipline_client.client import AsyncTiplineClient
from tipline_client.delivery.answers import Answer, AnswerKind
from tipline_client.dispatch.unclaimed import find_unclaimed
from tipline_client.errors import TiplineError
from tipline_client.models import Reporter
from tipline_client.outbox import Outbox

__all__ = ["doctor"]

_MARKS = {Grade.OK: "ok      ", Grade.WARNING: "warning ", Grade.PROBLEM: "PROBLEM ", Grade.SKIPPED: "skipped "}


def doctor(*, offline: bool = False, all_evidence: bool = False, options: EndpointOptions = ENDPOINT) -> ExitCode:
    """Check settings, keys, outbox, clock, disk, credentials and endpoint, and say where reports would be filed.

    Ends with 8 if anything must be put right.

    Example: tipline doctor --offline

    Args:
        offline: Ask no endpoint.
        all_evidence: Look for the entry of every copy of evidence, however many there are.
        options: Shared options.
    """
    problems: Problems = []
    session = options.start(problems=problems)
    settings, wrong = session.settings, {name for name, _ in problems}
    checks = check_settings(settings, environ=os.environ, wrong=wrong)
    checks += [Check(f"setting {name}", Grade.PROBLEM, str(error), error.hint) for name, error in problems]
    checks += _check_reporter(settings)
    endpoint = check_endpoint_settings(settings)
    keys = check_keys(settings)
    checks += [*endpoint, *keys]
    # A key that cannot be used says nothing against the rest of the home.
    is_home, has_keys = is_home_of(settings), keys[0].grade is not Grade.PROBLEM
    # Where the outbox is not known, that of the home may be another one.
    knows_outbox = is_home and not wrong & {"home", "outbox", "outbox_file", "file"}
    if knows_outbox:
        checks += _check_outbox(settings)
    else:
        reason = "settings have to be put right first" if is_home else why_no_home(settings)
        checks.append(Check("outbox", Grade.SKIPPED, reason))
    checks += [*check_disk(settings), *check_evidence(settings)] if is_home else []
    unclaimed = None
    if knows_outbox and "evidence" not in wrong:
        check, unclaimed = _check_unclaimed(settings, most=None if all_evidence else MOST_LOOKED_AT)
        checks.append(check)
    if offline or problems or not is_home or not has_keys or endpoint[0].grade is Grade.PROBLEM:
        reason = "asked not to" if offline else "settings or keys have to be put right first"
        checks.append(Check("reachability", Grade.SKIPPED, reason))
    else:
        checks.append(_check_reachability(settings))
    has_problem = any(check.grade is Grade.PROBLEM for check in checks)
    session.output.finish(
        {
            "healthy": not has_problem,
            "environment": settings.lane[1].value if endpoint[0].grade is Grade.OK and settings.lane else None,
            "checks": [
                {"name": check.name, "grade": check.grade.value, "detail": check.detail, "hint": _hint(check)}
                for check in checks
            ],
            "unclaimedEvidence": unclaimed,
        },
        [line for check in checks for line in _lines(check)],
    )
    return ExitCode.PROBLEM_FOUND if has_problem else ExitCode.OK


def _lines(check: Check) -> list[str]:
    line = f"{_MARKS[check.grade]} {check.name}: {check.detail}"
    return [line, f"          hint: {_hint(check)}"] if check.hint else [line]


def _hint(check: Check) -> str:
    # Whoever reads this is told of all settings already.
    return check.hint.replace("; `tipline doctor` checks all of them", "")


def _check_reporter(settings: Settings) -> list[Check]:
    if settings.reporter is None:
        return []
    try:
        Reporter.model_validate(dict(settings.reporter))
    except ValidationError as error:
        found = [".".join(map(str, each["loc"])) for each in error.errors(include_input=False)]
        places = ", ".join(place or "its beginning" for place in found)
        hint = "Compare it with the report's reporter, in the names of the documentation."
        return [Check("reporter", Grade.PROBLEM, f"the configured reporter is wrong at {places}", hint)]
    return [Check("reporter", Grade.OK, "the configured reporter has the right form")]


def _check_outbox(settings: Settings) -> list[Check]:
    try:
        reader = settings.place.reader()
    except TiplineError:
        # Said among the keys; without them, only what can be seen without them is looked at.
        reader = None

    async def look(outbox: Outbox) -> list[Check]:
        checks = await check_outbox(outbox, now=datetime.now(UTC), reader=reader)
        is_shared = settings.outbox is not None and settings.outbox.file is None
        if is_shared:
            checks += check_shared(settings)
        checks += check_known(settings)
        return [
            *checks,
            *await check_waiting_evidence(outbox, settings=settings, reader=reader, is_shared=is_shared),
        ]

    try:
        return with_outbox(settings, look, only_looks=True)
    except TiplineError as error:
        return [Check("outbox", Grade.PROBLEM, str(error), error.hint)]


def _check_unclaimed(settings: Settings, *, most: int | None) -> tuple[Check, dict[str, Any] | None]:
    now = datetime.now(UTC)
    try:
        store = settings.copies()
        found = with_outbox(settings, partial(find_unclaimed, store, now=now, most=most), only_looks=True)
    except TiplineError as error:
        return Check(SUBJECT, Grade.PROBLEM, str(error), error.hint), None
    return unclaimed_check(found, place=store.shown), unclaimed_view(found)


def _check_reachability(settings: Settings) -> Check:
    async def ask(client: AsyncTiplineClient) -> Answer | Check:
        known_from, here = client.credentials_known_from(), client.profile.environment
        if known_from and here not in known_from:
            names = " and ".join(sorted(known_from))
            detail = f"they were accepted by {names} and never by {here}: nothing was asked with them"
            return Check("credentials", Grade.PROBLEM, detail, f"Set the pair that was issued for {here}.")
        return await client.probe()

    try:
        answer = with_client(settings, ask, makes=False)
    except TiplineError as error:
        return Check("reachability", Grade.PROBLEM, str(error), error.hint)
    if isinstance(answer, Check):
        return answer
    # The endpoint's own words would name the user and an address, so only ours are shown.
    if answer.kind is AnswerKind.SUCCESS:
        return Check("reachability", Grade.OK, "the endpoint answers and accepts the credentials")
    code = f" (code {answer.code})" if answer.code is not None else ""
    if answer.kind is AnswerKind.DENIED:
        subject, words = (
            ("permission", "the endpoint refuses the account")
            if is_permission(answer.code)
            else ("credentials", "the endpoint refuses them")
        )
        hint = denial_words(answer.code)
        return Check(subject, Grade.PROBLEM, f"{words}: {answer.reason}{code}", f"{hint[0].upper()}{hint[1:]}.")
    return Check("reachability", Grade.PROBLEM, f"{answer.reason}{code}", "Check network and address, then try again.")
