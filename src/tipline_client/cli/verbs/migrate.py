"""`tipline migrate`: make the outbox's tables in a database, or bring them up to date."""

from tipline_client.cli.exit_codes import ExitCode
from tipline_client.cli.options import HOME, HomeOptions
from tipline_client.errors import ConfigurationError
from tipline_client.home import Home
from tipline_client.outbox import Address

__all__ = ["migrate"]


def migrate(*, options: HomeOptions = HOME) -> ExitCode:
    """Make the outbox's tables in the database that the settings name, or bring them up to date.

    All steps are one transaction; it may be repeated, and run by several hosts at once. No home is needed. The user of
    the address owns the tables and must be allowed to make a schema; dispatchers may connect as another one. An outbox
    that is a file is brought up to date by whoever opens it, too.

    Example: tipline migrate --outbox postgresql://owner@db.example.com/tipline

    Args:
        options: Which installation.
    """
    session = options.start()
    address = session.settings.outbox
    if address is None:
        raise ConfigurationError(
            "no database is named; an outbox that is a file is brought up to date by whoever opens it",
            hint="Give --outbox, TIPLINE_OUTBOX or TIPLINE_OUTBOX_FILE, or `outbox` in tipline.toml.",
        )
    home = session.settings.place
    found, version = home.migrate_outbox(address)
    if found == version:
        words = f"version {version} already: nothing to do"
    else:
        words = f"brought from version {found} to {version}" if found else f"made, version {version}"
    session.output.finish(
        {"outbox": address.shown, "foundVersion": found, "version": version, "isChanged": found != version},
        [f"outbox  {address.shown}", f"schema  {words}", *(_others(home, address) if not found else [])],
    )
    return ExitCode.OK


def _others(home: Home, address: Address) -> list[str]:
    beside = home.known_outboxes.beside(address)
    if address.file is not None and home.known_outboxes.remembers(address):
        return [f"note    that of {home.path} was here and is gone: what it has queued or filed is not known any more"]
    where = " and in ".join(beside)
    return [f"note    that of {home.path} is in {where}: what it has queued or filed is not known here"] * bool(beside)
