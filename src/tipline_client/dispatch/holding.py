"""Which holds a filing opens: reckoned before the acknowledgement is written, and never in its way."""

import logging
from collections.abc import Sequence
from datetime import datetime

from tipline_client.delivery.entry import Entry
from tipline_client.delivery.hold import HoldTerms
from tipline_client.delivery.regimes import Regime, terms_of

__all__ = ["holds_for"]

_log = logging.getLogger("tipline_client.dispatch")


def holds_for(entry: Entry, regimes: Sequence[Regime], *, filed_at: datetime) -> tuple[HoldTerms, ...]:
    """The holds that the filing of an entry opens; none if they cannot be reckoned, which nothing waits for.

    What is filed and was never held is not destroyed without a legal request, so nothing is lost by that.

    Args:
        entry: Which.
        regimes: What binds.
        filed_at: When the submission was completed.
    """
    try:
        return terms_of(regimes, filed_at=filed_at, identified_at=entry.clock_began_at)
    except Exception as error:
        # Whatever it is: the report is filed, and that has to be written down.
        _log.error("entry %s: its holds could not be reckoned (%s): none is opened", entry.id, type(error).__name__)
        return ()
