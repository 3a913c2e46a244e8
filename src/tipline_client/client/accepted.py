"""Where a pair of credentials was accepted before, so that one environment's pair is known at another's address.

Kept in the home as a keyed digest: the file shows neither name nor password, and whoever has it alone can test none.
What is not known is not guessed, and a file that cannot be read or written is no more than a memory lost.
"""

import hmac
import json
import logging

from tipline_client.delivery.environment import Environment
from tipline_client.envelope import KeyRing
from tipline_client.errors import ConfigurationError
from tipline_client.home import Home
from tipline_client.profiles import EndpointProfile
from tipline_client.vault.key_files import place, read

__all__ = ["AcceptedCredentials"]

_log = logging.getLogger("tipline_client.client")

_PURPOSE = b"tipline-client credentials v1"


class AcceptedCredentials:
    """What is remembered of the pair of one profile.

    Args:
        home: Where it is kept.
        keys: Their secret keys the digest.
        profile: Whose pair.
    """

    def __init__(self, home: Home, keys: KeyRing, profile: EndpointProfile) -> None:
        self._path = home.accepted_path
        self._keys = keys
        self._profile = profile
        self._is_noted = False

    def environments(self) -> frozenset[Environment]:
        """In which environments this pair was accepted, as far as this home knows."""
        try:
            mark = self._mark()
        except ConfigurationError:
            return frozenset()
        return frozenset(
            environment for environment in Environment if mark in self._remembered().get(environment.value, [])
        )

    def note(self) -> None:
        """Remember that the endpoint has just accepted the pair; written once by each that notes."""
        if self._is_noted:
            return
        self._is_noted = True
        try:
            mark, remembered = self._mark(), self._remembered()
            own = remembered.setdefault(self._profile.environment.value, [])
            if mark not in own:
                own.append(mark)
                place(self._path, json.dumps(remembered).encode(), mode=0o600, replaces=True)
        except ConfigurationError as error:
            _log.warning("it is not remembered that the credentials were accepted: %s", error)

    def _mark(self) -> str:
        secret = bytes.fromhex(self._keys.checkpoint_seal().to_text())
        name, password = self._profile.username.encode(), self._profile.password.encode()
        return hmac.new(secret, b"\n".join((_PURPOSE, b"%d" % len(name), name, password)), "sha256").hexdigest()

    def _remembered(self) -> dict[str, list[str]]:
        try:
            found = json.loads(read(self._path))
        except (ConfigurationError, ValueError):
            return {}
        if not isinstance(found, dict):
            return {}
        return {name: marks for name, marks in found.items() if isinstance(marks, list)}
