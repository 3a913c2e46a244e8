"""Where evidence is kept and how much is left free, as people write it in settings."""

from pathlib import Path

import pytest

from tipline_client.cli.disk_checks import check_disk, check_evidence
from tipline_client.cli.findings import Grade
from tipline_client.cli.settings import resolve
from tipline_client.cli.sizes import read_size, size_words
from tipline_client.errors import ConfigurationError
from tipline_client.evidence import KEEP_FREE, EvidenceBucket, EvidenceFolder

MEBIBYTE = 1024 * 1024


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    ("text", "size"), [("0", 0), ("4096", 4096), ("3 B", 3), ("256MiB", 256 * MEBIBYTE), (" 2 GiB ", 2048 * MEBIBYTE)]
)
def test_size(text: str, size: int) -> None:
    """A whole number with its unit, or of bytes."""
    assert size == read_size(text, what="keep_free")


@pytest.mark.parametrize("text", ["", "MiB", "-1", "1.5GiB", "1 GB", "1mib", "٣", "9" * 16])
def test_no_size(text: str) -> None:
    """Anything else is refused, with the setting named and an example."""
    with pytest.raises(ConfigurationError, match="keep_free is no size") as refused:
        read_size(text, what="keep_free")

    assert "256MiB" in refused.value.hint


@pytest.mark.parametrize(
    ("size", "words"), [(5, "5 B"), (2048, "2 KiB"), (256 * MEBIBYTE, "256 MiB"), (12_345 * MEBIBYTE, "12 GiB")]
)
def test_size_in_words(size: int, words: str) -> None:
    """In a unit that people can compare."""
    assert words == size_words(size)


def test_nothing_said() -> None:
    """Copies are in the home, and 256 MiB are left free."""
    settings = resolve(home="desk", environ={})
    copies = settings.copies()

    assert isinstance(copies, EvidenceFolder)
    assert (Path("desk/evidence"), KEEP_FREE) == (copies.root, copies.room.keep_free)


def test_folder_of_the_file(tmp_path: Path) -> None:
    """A relative folder in the file is relative to the file; the size is its own setting."""
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc" / "tipline.toml").write_text('evidence = "shelf"\nkeep_free = "1GiB"\n')

    copies = resolve(config=str(tmp_path / "etc" / "tipline.toml"), environ={}).copies()

    assert isinstance(copies, EvidenceFolder)
    assert (tmp_path / "etc" / "shelf", 1024 * MEBIBYTE) == (copies.root, copies.room.keep_free)


def test_bucket_of_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A URL names a bucket, and the environment goes before the file."""
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    (tmp_path / "tipline.toml").write_text('evidence = "s3://elsewhere/cases"\n')

    from_file = resolve(environ={}).copies()
    from_environment = resolve(environ={"TIPLINE_EVIDENCE": "s3://desk/cases"}).copies()

    assert isinstance(from_file, EvidenceBucket)
    assert ("s3://elsewhere/cases", "s3://desk/cases") == (from_file.shown, from_environment.shown)


def test_url_that_is_none() -> None:
    """A URL that names no bucket is a finding of `doctor`, and shows no credentials."""
    settings = resolve(environ={"TIPLINE_EVIDENCE": "s3://user:planted@desk/x"})

    [check] = check_evidence(settings)

    assert (Grade.PROBLEM, False) == (check.grade, "planted" in check.detail)


def test_how_much_is_left(tmp_path: Path) -> None:
    """`doctor` says what is free and what is kept, and calls it a problem when nothing can be queued."""
    (tmp_path / "home").mkdir()

    [fine] = check_disk(resolve(home="home", environ={"TIPLINE_KEEP_FREE": "1MiB"}))
    [full] = check_disk(resolve(home="home", environ={"TIPLINE_KEEP_FREE": "900TiB"}))

    assert "of which 1 MiB are kept" in fine.detail
    assert (Grade.PROBLEM, True) == (full.grade, "nothing can be queued" in full.hint)


def test_evidence_on_another_disk(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Another disk is told of as well; the home is on a real one, the evidence in memory."""
    home = tmp_path_factory.mktemp("home")

    checks = check_disk(resolve(home=str(home), environ={"TIPLINE_EVIDENCE": "/dev/shm/evidence"}))  # noqa: S108

    assert ["disk", "disk of evidence"] == [check.name for check in checks]
