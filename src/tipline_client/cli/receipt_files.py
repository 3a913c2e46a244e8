"""Receipts as a folder of files, one for each filed entry: written, and verified again. Nothing is held but counts.

A file that is there already is never written to. Nothing here knows an endpoint.
"""

import os
import re
import stat
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tipline_client._closed import reason_of
from tipline_client._whole_file import whole_file
from tipline_client.cli.exit_codes import CommandError, ExitCode, exit_code_for
from tipline_client.cli.paging import every_entry
from tipline_client.cli.receipt_copies import Once
from tipline_client.delivery.environment import Environment
from tipline_client.delivery.states import State
from tipline_client.dispatch.receipting import receipt_bytes
from tipline_client.envelope import KeyRing, TrustedKeys
from tipline_client.envelope.receipts import open_receipt
from tipline_client.errors import EnvelopeError, IllegalTransitionError, OutboxUnavailableError, TiplineError
from tipline_client.outbox import Outbox
from tipline_client.vault import Vault

__all__ = ["FolderLook", "Problem", "ReceiptFolder", "verify_folder"]

_SUFFIX: Final = ".json"
_KEPT: Final = 100
"""How many problems are kept for the end; each is told at once."""
_NAME = re.compile(r"[A-Za-z0-9_-]{1,128}", re.ASCII)
"""Ids that can be the name of a file and nothing else, whatever somebody wrote into a row."""


@dataclass(frozen=True, slots=True)
class Problem:
    """What could not be written or verified.

    Attributes:
        what: An entry's id, or a file.
        reason: Why.
    """

    what: str
    reason: str


@dataclass(slots=True)
class ReceiptFolder:
    """A folder that the receipts of an outbox are written to.

    Attributes:
        folder: The folder; made if it is not there.
        tell: Told of each problem at once.
        written: How many files are new.
        there: How many were there already, with the same receipt.
        by_hand: How many entries a person filed, which have no receipt of this program.
        failed: How many filed entries have no file that is known to be their receipt.
        left: How many of those have something under the file's name, which was left as it is.
        first: The first problems.
        codes: What the problems end in.
    """

    folder: Path
    tell: Callable[[Problem], object]
    written: int = 0
    there: int = 0
    by_hand: int = 0
    failed: int = 0
    left: int = 0
    first: list[Problem] = field(default_factory=list)
    codes: set[ExitCode] = field(default_factory=set)

    def make(self) -> None:
        """Make the folder, readable by its owner alone, if there is none.

        Raises:
            CommandError: It cannot be made, or is no folder.
        """
        try:
            self.folder.mkdir(mode=0o700, exist_ok=True)
        except (OSError, ValueError) as error:
            reason = reason_of(error, self.folder)
            raise CommandError(f"{self.folder}: {reason}", hint="Name a folder with --out.") from None

    async def fill(self, outbox: Outbox, *, keys: KeyRing, vault: Vault, environment: Environment | None) -> None:
        """Write the receipt of every entry that is filed; one that cannot be given is a problem, and the rest goes on.

        Args:
            outbox: Whose.
            keys: Whose signatures are believed; they sign what is not signed yet.
            vault: Opens what was filed, where a receipt is still to be made.
            environment: Only entries of this one; all of them without it.

        Raises:
            CommandError: Files cannot be written at all; the disk may be full.
            OutboxUnavailableError: The outbox cannot be read on.
        """
        trusted, filed = keys.trusted(), (State.ACKNOWLEDGED, State.FILED_BY_HAND)
        async for entry in every_entry(outbox, states=filed, environment=environment):
            try:
                if "id" in entry.unreadable or _NAME.fullmatch(entry.id) is None:
                    raise EnvelopeError("its id cannot be read back: the row was altered")
                data = await receipt_bytes(outbox, keys, vault, entry.id)
                open_receipt(data, trusted=trusted)
            except OutboxUnavailableError:
                raise
            except IllegalTransitionError as error:
                if entry.state is State.FILED_BY_HAND:
                    self.by_hand += 1
                else:
                    self._fail(entry.id, error)
            except TiplineError as error:
                self._fail(entry.id, error)
            else:
                self._write(entry.id, data)

    def _write(self, entry_id: str, data: bytes) -> None:
        path = self.folder / f"{entry_id}{_SUFFIX}"
        try:
            found = _read(path, most=len(data) + 1)
            if found is None:
                with whole_file(path) as file:
                    file.write(data)
                self.written += 1
                return
        except FileExistsError:
            found = b""
        except OSError as error:
            done = f"{self.written} were written before"
            hint = "Put that right; the same command goes on, and writes what is missing."
            raise CommandError(f"{path}: {reason_of(error, path)}; {done}", hint=hint) from None
        if found == data:
            self.there += 1
        else:
            self._fail(entry_id, CommandError(f"{path} is there already and is another file; it was left alone"))

    def _fail(self, entry_id: str, error: TiplineError) -> None:
        self.failed += 1
        if _NAME.fullmatch(entry_id) is not None and os.path.lexists(self.folder / f"{entry_id}{_SUFFIX}"):
            self.left += 1
        self.codes.add(exit_code_for(error))
        _note(Problem(entry_id, str(error)), self.first, self.tell)


@dataclass(slots=True)
class FolderLook:
    """What the files of a folder are.

    Attributes:
        verified: How many receipts and certificates are to be believed, each counted once.
        failed: How many files are not.
        copies: How many files are one of those again, under another name.
        others: How many files have another name than `.json`, and were not looked at.
        first: The first problems.
    """

    verified: int = 0
    failed: int = 0
    copies: int = 0
    others: int = 0
    first: list[Problem] = field(default_factory=list)


def verify_folder(
    folder: Path,
    *,
    trusted: TrustedKeys,
    tell: Callable[[Problem], object],
    tell_copy: Callable[[Path, Path], object],
) -> FolderLook:
    """Verify each `.json` file of a folder, offline; folders in it are not looked into.

    Args:
        folder: The folder.
        trusted: The keys that are believed.
        tell: Told of each problem at once.
        tell_copy: Told of each copy, and of the file that it is a copy of.

    Raises:
        CommandError: The folder cannot be read, or holds no such file.
    """
    look, once = FolderLook(), Once(folder, trusted=trusted)
    try:
        with os.scandir(folder) as found:
            for each in found:
                path = folder / each.name
                if path.suffix.lower() != _SUFFIX or not path.is_file():
                    look.others += 1
                elif (seen := once.look_at(path)).copy_of is not None:
                    look.copies += 1
                    tell_copy(path, seen.copy_of)
                elif seen.problem is None:
                    look.verified += 1
                else:
                    look.failed += 1
                    _note(Problem(str(path), seen.problem), look.first, tell)
    except OSError as error:
        raise CommandError(f"{folder}: {reason_of(error, folder)}", hint="Name a folder that can be read.") from None
    if not look.verified + look.failed:
        hint = "Name a folder that `tipline receipts export --all` wrote."
        raise CommandError(f"{folder} holds no receipt", hint=hint)
    return look


def _note(problem: Problem, first: list[Problem], tell: Callable[[Problem], object]) -> None:
    if len(first) < _KEPT:
        first.append(problem)
    tell(problem)


def _read(path: Path, *, most: int) -> bytes | None:
    """The first bytes of what is there, if anything is; nothing is waited for, as a pipe would have it.

    Raises:
        FileExistsError: It is no file.
        OSError: It cannot be read.
    """
    try:
        if not stat.S_ISREG(path.lstat().st_mode):
            raise FileExistsError
        with path.open("rb") as file:
            return file.read(most)
    except FileNotFoundError:
        return None
