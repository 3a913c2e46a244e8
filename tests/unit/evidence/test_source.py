"""Evidence as callers hand it in: late to open, silent in a repr, strict about claims."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from tipline_client.errors import EvidenceError
from tipline_client.evidence.source import Evidence
from tipline_client.models.file_details import EvidenceDetails


def test_file_that_comes_later(tmp_path: Path) -> None:
    """Nothing is opened when evidence is named, so the file may come later."""
    evidence = Evidence.from_path(tmp_path / "mug.jpg")
    (tmp_path / "mug.jpg").write_bytes(b"a coffee mug")

    with evidence.open() as file:
        content = file.read()

    assert (b"a coffee mug", "mug.jpg", "path") == (content, evidence.name, evidence.kind)


def test_bytes_in_memory() -> None:
    """Bytes are kept as they were when handed in."""
    data = bytearray(b"a coffee mug")
    evidence = Evidence.from_bytes(bytes(data), name="mug.jpg")
    data[0:1] = b"X"

    with evidence.open() as file:
        content = file.read()

    assert (b"a coffee mug", "bytes") == (content, evidence.kind)


def test_claims_one_by_one_or_whole() -> None:
    """Both ways of stating details give the same, and nothing is claimed that was not said."""
    whole = Evidence.from_bytes(b"x", name="x", details=EvidenceDetails(file_viewed_by_esp=True))
    single = Evidence.from_bytes(b"x", name="x", file_viewed_by_esp=True)

    assert whole.details == single.details
    assert {"fileViewedByEsp": True} == single.details.to_json_dict()
    assert {} == Evidence.from_bytes(b"x", name="x").details.to_json_dict()


def test_claims_in_both_ways() -> None:
    """Details given twice, or metadata given for the whole, are a mistake of the caller."""
    with pytest.raises(TypeError, match="not both"):
        Evidence.from_bytes(b"x", name="x", details=EvidenceDetails(), file_viewed_by_esp=True)
    with pytest.raises(TypeError, match="takes an EvidenceDetails"):
        Evidence.from_bytes(b"x", name="x", details=[{"nameValuePair": []}])  # type: ignore[arg-type] # the situation


def test_unknown_claim() -> None:
    """A misspelt claim is refused with the nearest right name."""
    with pytest.raises(ValidationError, match="fileViewedByEsp"):
        Evidence.from_bytes(b"x", name="x", file_viewed_by_epp=True)


def test_repr_shows_neither_path_nor_content(tmp_path: Path) -> None:
    """A repr ends in logs: it says what kind of source it is, and no more."""
    shown = repr([Evidence.from_path(tmp_path / "planted.jpg"), Evidence.from_bytes(b"planted", name="planted")])

    assert "[Evidence(kind='path'), Evidence(kind='bytes')]" == shown


def test_missing_file_opened(tmp_path: Path) -> None:
    """Opening what is not there names the path as it was given."""
    with pytest.raises(EvidenceError, match=r"absent\.jpg.*No such file"):
        Evidence.from_path(tmp_path / "absent.jpg").open()
