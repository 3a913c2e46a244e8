"""Where many things are refused at once: whether a key that was given up is behind it, and the way out then."""

from collections.abc import Iterable

from tipline_client.envelope import TrustedKeys
from tipline_client.envelope.dsse import DISTRUSTED

__all__ = ["distrusted_hint"]


def distrusted_hint(problems: Iterable[str], *, trusted: TrustedKeys) -> list[str]:
    """The line with the way out, if one of the problems names a key that was given up; otherwise none.

    Args:
        problems: Why things are refused, in the words of their errors, which name the keys.
        trusted: The keys of this host.
    """
    given_up = trusted.distrusted
    is_meant = bool(given_up) and any(key_id in problem for problem in problems for key_id in given_up)
    return [f"hint: {DISTRUSTED}"] if is_meant else []
