"""The settings of what is kept: regimes, actor, and master keys that are no files of the home."""

from pathlib import Path

import anyio
import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tipline_client.cli.actors import actor_of, check_reason, end_of
from tipline_client.cli.exit_codes import CommandError
from tipline_client.cli.settings import resolve
from tipline_client.errors import ConfigurationError
from tipline_client.vault.local_keys import key_id_of

KEY = X25519PrivateKey.from_private_bytes(b"m" * 32)
PEM = KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_regimes() -> None:
    """The variable goes before the file; where nothing is said, the law of the US is meant."""
    assert ("us",) == resolve(environ={}).regimes
    Path("tipline.toml").write_text('regimes = ["uk", "eu"]\n')

    assert ("uk", "eu") == resolve(environ={}).regimes
    assert ("us", "uk") == resolve(environ={"TIPLINE_REGIMES": "us, UK"}).regimes


def test_no_such_regime() -> None:
    """An unknown regime is refused, with the place that named it."""
    with pytest.raises(ConfigurationError, match="TIPLINE_REGIMES"):
        resolve(environ={"TIPLINE_REGIMES": "mars"})


def test_master_key_of_the_environment() -> None:
    """A master key of the environment wraps, without any file in the home."""
    settings = resolve(environ={"TIPLINE_MASTER_KEY": PEM})

    keys = settings.place.master_keys()

    assert (key_id_of(KEY.public_key()), True) == (anyio.run(keys.active), keys.can_unwrap)
    assert "PRIVATE" not in repr(settings)


def test_master_key_of_a_file() -> None:
    """A file that holds the key may be named, in the configuration file relative to that."""
    Path("etc").mkdir()
    Path("etc/master.pem").write_text(PEM)
    Path("etc/my.toml").write_text('master_key_file = "master.pem"\n')

    settings = resolve(config="etc/my.toml", environ={})

    assert key_id_of(KEY.public_key()) == anyio.run(settings.place.master_keys().active)


def test_master_key_that_is_none() -> None:
    """What is no key is refused by its variable's name, without a word of it."""
    with pytest.raises(ConfigurationError, match="TIPLINE_MASTER_KEY") as caught:
        resolve(environ={"TIPLINE_MASTER_KEY": "coffee"})

    assert "coffee" not in str(caught.value)


def test_actor(monkeypatch: pytest.MonkeyPatch) -> None:
    """The argument goes before the setting, and that before the name of the system's user."""
    monkeypatch.setattr("getpass.getuser", lambda: "operator")
    settings = resolve(environ={"TIPLINE_ACTOR": "Zoë"})

    assert ["Ada", "Zoë", "operator"] == [
        actor_of("Ada", settings),
        actor_of(None, settings),
        actor_of(None, resolve(environ={})),
    ]


def test_actor_that_nobody_names(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the system does not know its user either, somebody has to be named."""

    def unknown() -> str:
        raise KeyError("no such user")

    monkeypatch.setattr("getpass.getuser", unknown)

    with pytest.raises(CommandError):
        actor_of(None, resolve(environ={}))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2027-06-30", "2027-07-01T00:00:00+00:00"),
        ("2027-06-30T12:00+02:00", "2027-06-30T12:00:00+02:00"),
        ("2027-06-30T12:00Z", "2027-06-30T12:00:00+00:00"),
    ],
)
def test_end_of_a_hold(text: str, expected: str) -> None:
    """A day is over at its end in UTC; a moment is what it says."""
    assert expected == end_of(text).isoformat()


@pytest.mark.parametrize("text", ["soon", "2027-06-30T12:00", "", "9999-12-31"])
def test_no_end_of_a_hold(text: str) -> None:
    """What names no moment is refused."""
    with pytest.raises(CommandError):
        end_of(text)


def test_blank_reason() -> None:
    """A reason has to say something."""
    with pytest.raises(CommandError):
        check_reason("  ")
