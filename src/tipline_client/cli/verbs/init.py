"""`tipline init`: make the home folder and its keys, or add to them."""

from pathlib import Path
from typing import Annotated

import anyio
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cyclopts import Parameter

from tipline_client.cli.exit_codes import CommandError, ExitCode
from tipline_client.cli.options import HOME, HomeOptions
from tipline_client.envelope import KeyRing
from tipline_client.errors import ConfigurationError
from tipline_client.home import Home
from tipline_client.outbox import SqliteOutbox
from tipline_client.vault.key_files import read
from tipline_client.vault.local_keys import generate as make_master_key
from tipline_client.vault.local_keys import keep as keep_master_key
from tipline_client.vault.local_keys import read_keys

__all__ = ["init"]

MasterKey = X25519PrivateKey | X25519PublicKey


def init(
    *,
    import_: Annotated[Path | None, Parameter(name="--import")] = None,
    rotate: bool = False,
    master_key: Path | None = None,
    rotate_master: bool = False,
    trust: Path | None = None,
    checkpoint_key: Path | None = None,
    options: HomeOptions = HOME,
) -> ExitCode:
    """Make the home folder (0700) with a signing key (0600) and an outbox, unless that is in a database.

    Example: tipline init --home /srv/tipline

    Args:
        import_: Sign with this Ed25519 private key (PEM) instead of a new one.
        rotate: Add a new key that signs from now on; those before stay trusted.
        master_key: Wrap data keys with this X25519 key (PEM) instead of a new one: a private one, or on a host that is
            only to queue a public one.
        rotate_master: Add a new master key that wraps from now on; `tipline rekey` wraps with it what is there already.
        trust: Trust this public key (PEM) too, for instance of another host.
        checkpoint_key: Take over the secret that seals checkpoints from another host of the same outbox.
        options: Which installation.
    """
    session = options.start()
    home, address = session.settings.place, session.settings.outbox
    if rotate and import_ is not None:
        raise CommandError("--rotate makes a new key and --import brings one", hint="Give one of the two.")
    if rotate_master and master_key is not None:
        raise CommandError("--rotate-master makes a new key and --master-key brings one", hint="Give one of the two.")
    brought = None if master_key is None else _read_master_key(master_key)
    is_new = not home.exists
    done = []
    if is_new:
        keys = home.create(import_key=import_, master_key=brought, beside=address)
        done.append("home made" if import_ is None else "home made with the imported key")
    else:
        keys = home.keys()
        done += _change(keys, import_key=import_, rotate=rotate)
        done += _change_master(home, brought=brought, rotates=rotate_master)
    if trust is not None:
        done.append(f"key {keys.import_pem(trust).key_id} is trusted")
    if checkpoint_key is not None:
        keys.import_checkpoint_key(checkpoint_key)
        done.append("the checkpoint key was taken over")
    if address is None:
        anyio.run(SqliteOutbox.open(home.outbox_path).close)
    key_id = keys.signer().key_id
    trusted = sorted(key.key_id for key in keys.trusted())
    session.output.finish(
        {"home": str(home.path), "isNew": is_new, "keyId": key_id, "trustedKeyIds": trusted, "done": done},
        [
            f"home         {home.path}",
            *(f"done         {words}" for words in done or ["nothing to do: it is a home already"]),
            *([] if address is None else [f"outbox       {address.shown}; `tipline migrate` makes its tables"]),
            f"signing key  {key_id}",
            *(f"trusted too  {other}" for other in trusted if other != key_id),
            f"Back up {home.keys_path}: without these keys, what is queued cannot be verified or sent.",
        ],
    )
    return ExitCode.OK


def _read_master_key(path: Path) -> MasterKey:
    try:
        [key] = read_keys(read(path))
    except ConfigurationError as error:
        raise ConfigurationError(f"{path}: {error}", hint=error.hint) from None
    except ValueError:
        raise ConfigurationError(f"{path} holds more than one key", hint="Bring them one by one.") from None
    return key


def _change_master(home: Home, *, brought: MasterKey | None, rotates: bool) -> list[str]:
    if brought is not None:
        key_id = keep_master_key(home.master_keys_path, brought)
    elif rotates:
        key_id = make_master_key(home.master_keys_path)
    else:
        return []
    return [f"master key {key_id} wraps from now on; `tipline rekey` wraps with it what is there already"]


def _change(keys: KeyRing, *, import_key: Path | None, rotate: bool) -> list[str]:
    if import_key is not None:
        return [f"key {keys.import_pem(import_key, activate=True).key_id} was imported and signs from now on"]
    if rotate:
        return [f"key {keys.generate().key_id} was made and signs from now on"]
    return []
