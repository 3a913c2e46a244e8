"""`tipline rekey`: every data key wrapped anew with the master key that is active."""

from tipline_client.cli.exit_codes import ExitCode
from tipline_client.cli.opening import with_keeper
from tipline_client.cli.options import HOME, HomeOptions
from tipline_client.dispatch.keeping import Keeper

__all__ = ["rekey"]


def rekey(*, options: HomeOptions = HOME) -> ExitCode:
    """Wrap every data key with the master key that is active, as after `tipline init --rotate-master`.

    Neither documents nor files are touched, dispatchers may go on, and it may be cut off and run again. Ends with 7 if
    a key could not be unwrapped here, and says which. The old master key is needed until it ends with 0, and for as
    long as a backup from before is.

    Example: tipline rekey

    Args:
        options: Shared options.
    """
    session = options.start()
    done = with_keeper(session.settings, Keeper.rewrap_keys)
    session.output.finish(
        {
            "master": done.master,
            "wrapped": done.count,
            "refused": done.refused,
            "firstRefused": [{"entryId": entry_id, "problem": problem} for entry_id, problem in done.first_refused],
        },
        [
            *(f"refused: {entry_id}: {problem}" for entry_id, problem in done.first_refused),
            f"{done.count} data keys wrapped with master key {done.master}, {done.refused} refused",
        ],
    )
    return ExitCode.NOT_VERIFIED if done.refused else ExitCode.OK
