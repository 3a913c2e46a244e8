"""Which report an entry names as its own, and whether an entry before it in the same lane names the same one.

The outbox lets no two entries have one report; whoever alters rows by hand can. It remembers one id for each number.
"""

from collections.abc import Iterator

from tipline_client.delivery.entry import Entry
from tipline_client.delivery.receipt import Receipt
from tipline_client.outbox import AcknowledgementRecord, Lane

__all__ = ["ReportNames"]


class ReportNames:
    """The reports that the entries of an outbox are filed as, in the order in which these are looked at."""

    def __init__(self) -> None:
        self._first: dict[tuple[Lane, int], str] = {}

    def problems(
        self, entry: Entry, record: AcknowledgementRecord | None = None, receipt: Receipt | None = None
    ) -> Iterator[str]:
        """Note what an entry is filed as, and say what another one is filed as too.

        Args:
            entry: The entry.
            record: Its acknowledgement, if it has one.
            receipt: Its receipt, if somebody trusted signed it for this entry.
        """
        sources = (
            ("filing by hand", entry.filed_by_hand_as),
            ("acknowledgement", entry.report_id),
            ("acknowledgement", None if record is None else record.acknowledgement.report_id),
            ("receipt", None if receipt is None else receipt.report_id),
        )
        named: dict[int, dict[str, None]] = {}
        for source, report_id in sources:
            if report_id is not None:
                named.setdefault(report_id, {})[source] = None
        for report_id, words in named.items():
            first = self._first.setdefault((Lane(entry.profile, entry.environment), report_id), entry.id)
            if first != entry.id:
                yield f"report {report_id}, in its {' and its '.join(words)}, is entry {first}'s of the same lane"
