"""The checks of `manage.py check`: what would keep a report from being queued or filed, said before one is.

Those on the settings, the home and its keys run with every command; the outbox is opened only by the checks of
databases (`check --database default`, `migrate`), and neither its file nor its tables are made by that. No endpoint is
asked: `manage.py tipline doctor` does that.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from django.conf import settings as project
from django.core import checks
from django.db import Error as DatabaseError

from tipline_client.cli.checks import is_home_of
from tipline_client.cli.opening import with_outbox
from tipline_client.cli.settings import Settings
from tipline_client.delivery.environment import Environment
from tipline_client.django.looking import said_of_others, what_is_missing
from tipline_client.django.project import database_alias, is_in_memory_for_tests, settings
from tipline_client.django.trial import try_to_join
from tipline_client.django.wording import in_words_of_django
from tipline_client.errors import ConfigurationError, TiplineError
from tipline_client.outbox import Outbox

__all__ = ["check_database", "check_deployment", "check_project", "register_checks"]

_TAG: Final = "tipline"
_MIGRATE: Final = (
    "`manage.py migrate` makes the tables in the database that DATABASE names (`--database ALIAS` where it is not the "
    "default one), and is about to if it says this itself; `manage.py tipline migrate` makes them elsewhere."
)
_OTHERS: Final = (
    "Deliver what waits there: `tipline dispatch --drain --home HOME --outbox ADDRESS`, with the project's endpoint, "
    "and for a file sqlite:// and its path. Then move the file away, or remove its line from outboxes.txt in the home."
)
_INIT: Final = "Make one with `manage.py tipline init`, or bring the one of the other hosts."


def register_checks() -> None:
    """Have Django run them; more than once makes no difference."""
    checks.register(check_project, _TAG)
    checks.register(check_database, _TAG, checks.Tags.database)
    checks.register(check_deployment, _TAG, deploy=True)


def check_project(app_configs: Any = None, **_: Any) -> list[Any]:  # noqa: ARG001 - Django's
    """Whether the settings are usable, and the home and its keys are there and closed to others."""
    try:
        database_alias()
    except ConfigurationError as error:
        return [_error(1, error)]
    try:
        found = settings()
    except ConfigurationError as error:
        return [_in_memory_for_tests(error) if is_in_memory_for_tests() else _error(2, error)]
    endpoint = _endpoint(found)
    environment = None if any(message.id == "tipline.E003" for message in endpoint) else _environment(found)
    return [*endpoint, *_debug(environment), *_home(found, environment), *_served(found.home)]


def check_database(app_configs: Any = None, databases: Sequence[str] | None = None, **_: Any) -> list[Any]:  # noqa: ARG001 - Django's
    """Whether the outbox can be opened, has the tables of this version, and can join the project's transactions."""
    try:
        alias, found = database_alias(), settings()
    except ConfigurationError:
        # Said by the check of the settings.
        return []
    is_asked = bool(databases) if alias is None else alias in (databases or ())
    if not is_asked or not is_home_of(found):
        return []
    is_elsewhere = found.outbox is None and bool(found.place.known_outboxes.places())
    missing = what_is_missing(found)
    if missing and not is_elsewhere:
        # A file of the outbox's own is made, or brought up to date, by whoever opens it next.
        words = f"the outbox's database {missing}"
        return [] if found.outbox is None else [checks.Warning(words, hint=_MIGRATE, id="tipline.W002")]

    async def count(outbox: Outbox) -> None:
        await outbox.count()

    try:
        with_outbox(found, count, only_looks=True)
    except ConfigurationError as error:
        # No error where that would keep `migrate` from making them.
        return [_error(8, error) if is_elsewhere else checks.Warning(str(error), hint=_MIGRATE, id="tipline.W002")]
    except TiplineError as error:
        return [_error(8, error)]
    others = [checks.Warning(words, hint=_OTHERS, id="tipline.W004") for words in said_of_others(found)]
    return [*others, *([] if alias is None else _joining(found, alias))]


def check_deployment(app_configs: Any = None, **_: Any) -> list[Any]:  # noqa: ARG001 - Django's
    """With `check --deploy`: where reports go."""
    try:
        profile = settings().profile()
    except ConfigurationError:
        return []
    what = {
        Environment.PRODUCTION: "every report is filed for real and acted upon",
        Environment.TESTING: "the hotline's test host: nothing is acted upon",
        Environment.MOCK: "a mock endpoint on this machine: nothing is filed",
    }[profile.environment]
    words = f"reports go to {profile.name}, environment {profile.environment}: {what}"
    return [checks.Info(words, id="tipline.I001")]


def _error(number: int, error: TiplineError) -> Any:
    return checks.Error(str(error), hint=in_words_of_django(error.hint) or None, id=f"tipline.E{number:03}")


def _in_memory_for_tests(error: TiplineError) -> Any:
    # A run of tests that queues nothing is not to be kept from running; one that does hears the same as an error.
    return checks.Warning(str(error), hint=error.hint, id="tipline.W003")


def _joining(found: Settings, alias: str) -> list[Any]:
    """Whether the project's connection is set so that a report can go with its transactions."""
    try:
        try_to_join(found, alias)
    except ConfigurationError as error:
        more = " It is set by the OPTIONS of the database, in settings.DATABASES."
        return [checks.Error(str(error), hint=in_words_of_django(error.hint) + more, id="tipline.E009")]
    except TiplineError as error:
        return [_error(8, error)]
    except DatabaseError as error:
        words = f"no transaction could be begun on the database {alias!r}: {error}"
        return [checks.Error(words, id="tipline.E009")]
    return []


def _environment(found: Settings) -> Environment | None:
    lane = found.lane
    return None if lane is None else lane[1]


def _endpoint(found: Settings) -> list[Any]:
    """Whether an endpoint is named, and all that it needs."""
    try:
        environment = _environment(found)
    except ConfigurationError as error:
        return [_error(3, error)]
    if environment is None:
        hint = 'Write "ENDPOINT": "testing" or "production", or the URL of a mock endpoint; nothing is assumed.'
        return [checks.Error("settings.TIPLINE names no ENDPOINT", hint=hint, id="tipline.E003")]
    if environment is Environment.PRODUCTION and not found.registered_esp:
        words = "the production endpoint needs the explicit statement that a registered provider files for real"
        hint = 'Use "ENDPOINT": "testing", or state it in settings.TIPLINE: "REGISTERED_ESP": True'
        return [checks.Error(words, hint=hint, id="tipline.E004")]
    try:
        found.profile()
    except ConfigurationError as error:
        return [
            checks.Error(
                str(error), hint="Set USERNAME, and PASSWORD or PASSWORD_FILE, in settings.TIPLINE.", id="tipline.E005"
            )
        ]
    return []


def _debug(environment: Environment | None) -> list[Any]:
    if environment is not Environment.PRODUCTION or not project.DEBUG:
        return []
    words = "DEBUG is on, and reports are filed for real: Django's error pages show what a request carried"
    return [checks.Error(words, hint="Set DEBUG = False.", id="tipline.E010")]


def _home(found: Settings, environment: Environment | None) -> Iterator[Any]:
    """Whether it is there, can be used, and is closed to others."""
    home = found.place
    try:
        is_home = home.exists
    except TiplineError as error:
        yield _error(7, error)
        return
    if not is_home:
        # That of a mock endpoint is made when it is first needed.
        if environment is not Environment.MOCK:
            yield checks.Error(f"{home.path} is no home: it has no keys", hint=_INIT, id="tipline.E006")
        return
    try:
        keys = home.keys()
        keys.trusted()
        if keys.active_id is None:
            words = "no key signs on this host: it can queue nothing"
            hint = "Right where a host only delivers. Otherwise restore the keys from their backup."
            yield checks.Warning(words, hint=hint, id="tipline.W001")
        else:
            keys.signer()
        home.master_keys()
        problems = list(keys.permissions_problems())
    except TiplineError as error:
        yield _error(7, error)
        return
    if home.path.stat().st_mode & 0o077:
        problems.append(f"{home.path} is open to others")
    for problem in problems:
        yield checks.Error(problem, hint=f"chmod -R go= {home.path}", id="tipline.E007")


def _served(home: Path) -> list[Any]:
    """Whether a web server would hand out what is in the home."""
    place = home.absolute().resolve()
    named = [("MEDIA_ROOT", project.MEDIA_ROOT), ("STATIC_ROOT", project.STATIC_ROOT)]
    named += [("STATICFILES_DIRS", item[1] if isinstance(item, tuple) else item) for item in project.STATICFILES_DIRS]
    return [
        checks.Error(
            f"the home {home} is inside of {name}, which is served to everybody",
            hint="Move it to a folder of its own.",
            id="tipline.E011",
        )
        for name, folder in named
        if folder and place.is_relative_to(Path(folder).absolute().resolve())
    ]
