"""`tipline init`: make the home folder and its keys, or add to them."""

from pathlib import Path
from typing import Annotated

import anyio
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cyclopts import Parameter

from tipline_client.cli.exit_codes import CommandError, ExitCode
from tipline_client.cli.hint_words import in_words_of_host
from tipline_client.cli.host_settings import host_settings
from tipline_client.cli.options import HOME, HomeOptions
from tipline_client.envelope import KeyRing
from tipline_client.errors import ConfigurationError
from tipline_client.home import Home
from tipline_client.outbox import Address
from tipline_client.vault.key_files import explained, is_there, read
from tipline_client.vault.local_keys import generate as make_master_key
from tipline_client.vault.local_keys import keep as keep_master_key
from tipline_client.vault.local_keys import read_keys

__all__ = ["init"]

MasterKey = X25519PrivateKey | X25519PublicKey


def init(
    *,
    import_: Annotated[Path | None, Parameter(name="--import")] = None,
    rotate: bool = False,
    new_key: bool = False,
    activate: str | None = None,
    master_key: Path | None = None,
    rotate_master: bool = False,
    trust: Path | None = None,
    distrust: str | None = None,
    checkpoint_key: Path | None = None,
    new_checkpoint_key: bool = False,
    options: HomeOptions = HOME,
) -> ExitCode:
    """Make the home folder (0700) with a signing key (0600) and an outbox, unless that is in a database.

    Example: tipline init --home /srv/tipline

    Args:
        import_: Sign with this Ed25519 private key (PEM) instead of a new one.
        rotate: Add a new key that signs from now on; those before stay trusted. For an installation on one host.
        new_key: Add a new key that is trusted and does not sign yet, to be brought to every host of the outbox first.
        activate: Let the key of this id, which is in the home, sign from now on.
        master_key: Wrap data keys with this X25519 key (PEM) instead of a new one: a private one, or on a host that is
            only to queue a public one.
        rotate_master: Add a new master key that wraps from now on; `tipline rekey` wraps with it what is there already.
        trust: Trust this public key (PEM) too, for instance of another host.
        distrust: Believe this key no longer, named by its id, for instance since it leaked. What waits with its
            signature alone is refused from then on; dispatchers read the keys when they start.
        checkpoint_key: Take over the installation's secret from another host of the same outbox.
        new_checkpoint_key: Make another secret for the installation, after the one before was lost for good. What
            waits is refused from then on, until a person vouches for it.
        options: Which installation.
    """
    session = options.start()
    home, address = session.settings.place, session.settings.outbox
    brought = None if master_key is None else _read_master_key(master_key)
    _check_alone(master_key=master_key is not None, rotate_master=rotate_master)
    is_new = not home.exists
    _check_alone(rotate=rotate, new_key=new_key, import_=import_ is not None, activate=activate is not None)
    _check_alone(checkpoint_key=checkpoint_key is not None, new_checkpoint_key=new_checkpoint_key)
    if is_new and (new_key or activate is not None):
        raise CommandError(f"{home.path} is no home yet", hint="Make it with `tipline init`; its first key signs.")
    if new_checkpoint_key or distrust is not None:
        _check_known(home, distrust)
    if not is_new and address is not None:
        home.known_outboxes.check(address)
    _check_folder(home, address)
    done = []
    if is_new and import_ is None and brought is None:
        # Several containers may begin at once with the same home.
        keys = home.keys_or_create(beside=address)
        done.append("home made")
    elif is_new:
        keys = home.create(import_key=import_, master_key=brought, beside=address)
        done.append("home made" if import_ is None else "home made with the imported key")
    else:
        keys = home.keys()
        done += _change(keys, import_key=import_, rotate=rotate, new_key=new_key, activate=activate)
        done += _change_master(home, brought=brought, rotates=rotate_master)
    if trust is not None:
        done.append(f"key {keys.import_pem(trust).key_id} is trusted")
    if checkpoint_key is not None:
        keys.import_checkpoint_key(checkpoint_key)
        done.append("the installation's secret was taken over")
    if new_checkpoint_key:
        keys.replace_checkpoint_key()
        done.append("a new secret was made; what waits is refused until a person vouches for it")
    if distrust is not None:
        keys.distrust(distrust)
        done.append(f"key {distrust} is believed no longer; restart every dispatcher of this home")
    _make_outbox(home, address, is_new=is_new)
    # A host that only verifies and delivers has no key that signs, and needs none.
    key_id = None if keys.active_id is None else keys.signer().key_id
    trusted = sorted(key.key_id for key in keys.trusted())
    tables = (
        "" if address is None or _makes_tables(address) else in_words_of_host("; `tipline migrate` makes its tables")
    )
    session.output.finish(
        {"home": str(home.path), "isNew": is_new, "keyId": key_id, "trustedKeyIds": trusted, "done": done},
        [
            f"home         {home.path}",
            *(f"done         {words}" for words in done or ["nothing to do: it is a home already"]),
            *([] if address is None else [f"outbox       {address.shown}{tables}"]),
            f"signing key  {key_id or 'none: this host verifies and delivers, and cannot sign'}",
            *(f"trusted too  {other}" for other in trusted if other != key_id),
            f"Back up {home.keys_path}: without these keys, what is queued cannot be verified or sent.",
        ],
    )
    return ExitCode.OK


def _read_master_key(path: Path) -> MasterKey:
    data = read(path)
    with explained(path):
        keys = read_keys(data)
    if len(keys) != 1:
        raise ConfigurationError(f"{path} holds more than one key", hint="Bring them one by one.")
    return keys[0]


def _check_folder(home: Home, address: Address | None) -> None:
    # Asked before anything is made: a mistyped folder must leave no home behind that knows no outbox.
    if address is None or address.file is None or not _makes_tables(address) or home.known_outboxes.is_own(address):
        return
    if not is_there(address.file.parent):
        raise ConfigurationError(
            f"there is no folder {address.file.parent} for the outbox", hint="Correct the name, or make the folder."
        )


def _makes_tables(address: Address) -> bool:
    """Whether it is here that the tables are made: in a file, unless a host makes them with its own."""
    host = host_settings()
    return address.file is not None and (host is None or not host.makes_tables)


def _make_outbox(home: Home, address: Address | None, *, is_new: bool) -> None:
    if address is not None and address.file is None:
        # Its tables are for `migrate`. A home that has an outbox changes it by use, and not by a name that is mistyped.
        if is_new or not (home.known_outboxes.places() or is_there(home.outbox_path)):
            home.known_outboxes.remember(address)
    elif _makes_tables(address) if address is not None else not home.known_outboxes.places():
        anyio.run(home.open_outbox(address).close)


def _change_master(home: Home, *, brought: MasterKey | None, rotates: bool) -> list[str]:
    if brought is not None:
        key_id = keep_master_key(home.master_keys_path, brought)
    elif rotates:
        key_id = make_master_key(home.master_keys_path)
    else:
        return []
    return [
        in_words_of_host(f"master key {key_id} wraps from now on; `tipline rekey` wraps with it what is there already")
    ]


def _check_alone(**given: bool) -> None:
    if sum(given.values()) > 1:
        named = [f"--{name.strip('_').replace('_', '-')}" for name in given]
        raise CommandError(
            f"{', '.join(named[:-1])} and {named[-1]} each say which key it is", hint="Give one of them."
        )


def _check_known(home: Home, distrust: str | None) -> None:
    # Asked before anything is changed: a mistyped name must not leave half of what was asked behind.
    if not home.exists:
        raise CommandError(
            f"{home.path} is no home yet: it has neither lost a secret nor a key that is believed",
            hint="Run `tipline init` alone, or name the home with --home.",
        )
    if distrust is not None and home.keys().trusted().find(distrust) is None:
        raise CommandError("no trusted key has this id", hint="`tipline init` lists the trusted keys.")


def _change(keys: KeyRing, *, import_key: Path | None, rotate: bool, new_key: bool, activate: str | None) -> list[str]:
    if import_key is not None:
        return [f"key {keys.import_pem(import_key, activate=True).key_id} was imported and signs from now on"]
    if new_key:
        return [f"key {keys.generate(activate=False).key_id} was made, is trusted and does not sign yet"]
    if activate is not None:
        keys.activate(activate)
        return [f"key {activate} signs from now on"]
    if rotate:
        return [f"key {keys.generate().key_id} was made and signs from now on"]
    return []
