"""The seal on a checkpoint: made for one entry, broken by any change, unmoved by what a later release may add."""

from dataclasses import fields, replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.contract.values import FULL_CHECKPOINT
from tipline_client.delivery.checkpoint import Checkpoint, Intent
from tipline_client.delivery.jsonable import from_json, to_json
from tipline_client.delivery.steps import Step
from tipline_client.envelope import CheckpointSeal
from tipline_client.errors import ConfigurationError, EnvelopeError

SEAL = CheckpointSeal(bytes(range(32)))
CHANGES: dict[str, Any] = {
    "report_id": 1,
    "intent": Intent(Step.FINISH, datetime(2026, 1, 5, tzinfo=UTC)),
    "finish_sent": False,
    "files": (),
    "retraction": None,
    "opened_at": None,
    "changed_at": None,
    "reports_opened": 9,
    "refusals": 9,
    "mismatches": 9,
    "setbacks": 9,
    "orphans": (),
    "exchanges": (),
    "seal": "",
}


def test_sealed_checkpoint_is_believed_after_it_was_stored() -> None:
    """What was sealed is believed when it comes back from its JSON."""
    sealed = SEAL.apply("id-one", FULL_CHECKPOINT)

    SEAL.check("id-one", from_json(Checkpoint, to_json(sealed)))

    assert replace(FULL_CHECKPOINT, seal=sealed.seal) == sealed


@pytest.mark.parametrize("name", [field.name for field in fields(Checkpoint)])
def test_any_member_altered(name: str) -> None:
    """A change of any member breaks the seal; a member added to the class needs its case here."""
    sealed = SEAL.apply("id-one", FULL_CHECKPOINT)

    with pytest.raises(EnvelopeError, match="altered"):
        SEAL.check("id-one", replace(sealed, **{name: CHANGES[name]}))


def test_checkpoint_erased() -> None:
    """An empty checkpoint without a seal is refused, however innocent it looks."""
    with pytest.raises(EnvelopeError):
        SEAL.check("id-one", Checkpoint())


def test_checkpoint_of_another_entry() -> None:
    """A seal is worth nothing on another entry."""
    sealed = SEAL.apply("id-one", FULL_CHECKPOINT)

    with pytest.raises(EnvelopeError):
        SEAL.check("id-two", sealed)


def test_seal_of_another_installation() -> None:
    """A seal made with another secret is refused."""
    sealed = CheckpointSeal.generate().apply("id-one", FULL_CHECKPOINT)

    with pytest.raises(EnvelopeError):
        SEAL.check("id-one", sealed)


@given(st.text(max_size=8), st.text(max_size=8))
def test_seal_is_of_one_id_alone(one: str, two: str) -> None:
    """Two ids share a seal only if they are the same id."""
    is_same = SEAL.apply(one, Checkpoint()).seal == SEAL.apply(two, Checkpoint()).seal

    assert (one == two) == is_same


@pytest.mark.parametrize(
    ("checkpoint", "seal"),
    [
        (Checkpoint(), "9dcd1cec273e53541af05c3aa7abc86511afbfb5f7479cdb7cb6b8c15a741a95"),
        (FULL_CHECKPOINT, "e09b207200f4cf1d24f1cfa7ed567882cf2cecf3576e5b4b31bbe52c0f603866"),
    ],
    ids=["new", "full"],
)
def test_known_seal(checkpoint: Checkpoint, seal: str) -> None:
    """A seal never changes between releases: entries in flight outlive an upgrade."""
    assert seal == SEAL.apply("id-one", checkpoint).seal


def test_seal_of_a_text_that_is_no_digest() -> None:
    """A seal column with anything in it is a broken seal, not a crash."""
    with pytest.raises(EnvelopeError):
        SEAL.check("id-one", Checkpoint(seal="møg"))


def test_secret_of_a_wrong_length() -> None:
    """A short secret is refused."""
    with pytest.raises(ConfigurationError, match="has 5 bytes"):
        CheckpointSeal(b"short")
