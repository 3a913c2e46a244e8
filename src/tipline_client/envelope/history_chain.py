"""What chains the lines of a history together, so that one that was removed or edited shows.

Each link is a digest over the line and the link before it. It is keyed with the installation's secret, which the
database does not hold, so that nobody can write the chain anew who can only write rows. Without the secret a link is
still made, and says so of itself. What was cut off at the end is no gap in a chain: the entry's own state tells.
"""

import hmac
from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256
from itertools import groupby
from typing import Final

from tipline_client.delivery.events import HistoryLine

__all__ = ["HistoryChain"]

_PURPOSE: Final = b"tipline-client history v1"
_KEYED: Final = "keyed"
_PLAIN: Final = "plain"


class HistoryChain:
    """Makes links and checks them. Its repr shows nothing.

    Args:
        secret: What the links are keyed with; empty for links that anybody can make.
    """

    __slots__ = ("_secret",)

    def __init__(self, secret: bytes = b"") -> None:
        self._secret = secret

    def link(
        self,
        previous: str,
        *,
        at: datetime,
        profile: str,
        environment: str,
        entry_id: str | None,
        kind: str,
        facts: str,
    ) -> str:
        """The link of a line to the one before of the same entry or lane; `previous` is empty for the first."""
        said = (previous, at.isoformat(), profile, environment, entry_id or "", kind, facts)
        # Lengths keep the parts apart, whatever stands in them.
        text = b"".join(f"{len(part.encode())}:".encode() + part.encode() for part in said)
        if self._secret:
            return f"{_KEYED}:{hmac.new(self._secret, _PURPOSE + text, 'sha256').hexdigest()}"
        return f"{_PLAIN}:{sha256(_PURPOSE + text).hexdigest()}"

    @property
    def has_secret(self) -> bool:
        """Whether the links are keyed, so that not anybody can make them."""
        return bool(self._secret)

    def has_secret_of(self, other: "HistoryChain") -> bool:
        """Whether both key their links with one secret."""
        return hmac.compare_digest(self._secret, other._secret)

    def own(self, lines: Sequence[HistoryLine]) -> tuple[HistoryLine, ...]:
        """The lines that were written with this secret, whatever was done to the others.

        Each is judged by itself, with the link before it taken as it stands: a line that was lost, or written under
        another secret, takes nothing from what is told after it.

        Args:
            lines: All lines of one entry or lane, in their order.
        """
        before = ("", *(line.link for line in lines))
        return tuple(line for previous, line in zip(before, lines, strict=False) if self._is_own(previous, line))

    def problems(self, lines: Sequence[HistoryLine]) -> tuple[str, ...]:
        """What is wrong with the histories of some entries or lanes, in sentences without content.

        Args:
            lines: All lines of each of them, in their order.
        """

        def whose(line: HistoryLine) -> tuple[str, str, str]:
            return ("", "", line.entry_id) if line.entry_id is not None else (line.profile, line.environment, "")

        in_order = sorted(lines, key=lambda line: (whose(line), line.position))
        return tuple(problem for _, own in groupby(in_order, key=whose) for problem in self._problems(list(own)))

    def _problems(self, lines: Sequence[HistoryLine]) -> list[str]:
        found = []
        previous = ""
        for number, line in enumerate(lines, start=1):
            made_by = HistoryChain() if line.link.startswith(f"{_PLAIN}:") else self
            if not made_by._is_own(previous, line):
                found.append(f"line {number} was edited, or one before it removed")
            elif made_by is not self and self._secret:
                found.append(f"line {number} was written without the secret of this installation")
            previous = line.link
        return found

    def _is_own(self, previous: str, line: HistoryLine) -> bool:
        expected = self.link(
            previous,
            at=line.at,
            profile=line.profile,
            environment=line.environment,
            entry_id=line.entry_id,
            kind=line.kind,
            facts=line.facts,
        )
        return hmac.compare_digest(expected.encode(), line.link.encode())

    def __repr__(self) -> str:
        return "HistoryChain()"
