"""`tipline init`: make the home folder and its keys, or add to them."""

from pathlib import Path
from typing import Annotated

import anyio
from cyclopts import Parameter

from tipline_client.cli.exit_codes import CommandError, ExitCode
from tipline_client.cli.options import HOME, HomeOptions
from tipline_client.envelope import KeyRing
from tipline_client.home import Home
from tipline_client.outbox import SqliteOutbox

__all__ = ["init"]


def init(
    *,
    import_: Annotated[Path | None, Parameter(name="--import")] = None,
    rotate: bool = False,
    new_key: bool = False,
    activate: str | None = None,
    trust: Path | None = None,
    checkpoint_key: Path | None = None,
    options: HomeOptions = HOME,
) -> ExitCode:
    """Make the home folder (0700) with a signing key (0600) and an outbox, unless that is in a database.

    Example: tipline init --home /srv/tipline

    Args:
        import_: Sign with this Ed25519 private key (PEM) instead of a new one.
        rotate: Add a new key that signs from now on; those before stay trusted. For an installation on one host.
        new_key: Add a new key that is trusted and does not sign yet, to be brought to every host of the outbox first.
        activate: Let the key of this id, which is in the home, sign from now on.
        trust: Trust this public key (PEM) too, for instance of another host.
        checkpoint_key: Take over the secret that seals checkpoints from another host of the same outbox.
        options: Which installation.
    """
    session = options.start()
    home, address = Home(session.settings.home), session.settings.outbox
    if sum((rotate, new_key, import_ is not None, activate is not None)) > 1:
        raise CommandError(
            "--rotate, --new-key, --activate and --import each say which key signs", hint="Give one of them."
        )
    is_new = not home.exists
    if is_new and (new_key or activate is not None):
        raise CommandError(f"{home.path} is no home yet", hint="Make it with `tipline init`; its first key signs.")
    done = []
    if is_new:
        keys = home.create(import_key=import_, beside=address)
        done.append("home made" if import_ is None else "home made with the imported key")
    else:
        keys = home.keys()
        done += _change(keys, import_key=import_, rotate=rotate, new_key=new_key, activate=activate)
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
