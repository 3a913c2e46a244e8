"""Odd names, odd paths and odd sets of files through the whole of queueing: each has one defined answer."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.stage import sample_report
from tipline_client import AsyncTiplineClient, profiles
from tipline_client.delivery.manifest import ManifestItem
from tipline_client.errors import EvidenceError, Severity
from tipline_client.evidence import Evidence, safe_name
from tipline_client.evidence.origins import PathOrigin

PROFILE = profiles.mock("http://127.0.0.1:9/ispws")


@pytest.fixture
async def client(tmp_path: Path) -> AsyncIterator[AsyncTiplineClient]:
    async with AsyncTiplineClient.open(tmp_path / "home", profile=PROFILE) as opened:
        yield opened


async def sealed(client: AsyncTiplineClient, *evidence: Evidence) -> tuple[ManifestItem, ...]:
    """The manifest of what was queued, as it was signed."""
    entry = await client.enqueue(sample_report(), evidence=evidence)
    return (await client.reader().open(entry)).payload.manifest


ODD_NAMES = [
    ('say "mug".jpg', "say_mug.jpg"),
    ("mug\r\nContent-Type: text/html\r\n\r\n.jpg", "html.jpg"),
    ("../../mug.jpg", "mug.jpg"),
    ("..\\..\\mug.jpg", "mug.jpg"),
    ("photo\u202egpj.exe", "photogpj.exe"),
    ("mug\x00.jpg", "mug.jpg"),
    ("m" * 4996 + ".jpg", "m" * 96 + ".jpg"),
    ("....", "file"),
    ("", "file"),
    ("   ", "file"),
    ("\u2615\ufe0f.jpg", "file.jpg"),
    ("lone\ud800.jpg", "lone.jpg"),
]


@pytest.mark.parametrize(("name", "expected"), ODD_NAMES)
async def test_name_of_a_file(client: AsyncTiplineClient, name: str, expected: str) -> None:
    """The header's name is the harmless stand-in, and no original name is made up from it."""
    [item] = await sealed(client, Evidence.from_bytes(b"a coffee mug", name=name))

    assert (expected, {}) == (item.name, dict(item.details))


@pytest.mark.parametrize("name", [name for name, _ in ODD_NAMES if 0 < len(name) < 2000])
async def test_original_name_of_a_file(client: AsyncTiplineClient, name: str) -> None:
    """An original name is kept letter by letter; characters that XML cannot carry are a warning and never a refusal."""
    source = Evidence.from_bytes(b"a coffee mug", name=name, original_file_name=name)

    issues = client.validate(sample_report(), evidence=[source])
    [item] = await sealed(client, source)

    assert [] == [issue for issue in issues if issue.severity is Severity.ERROR]
    has_unkind = any(letter in name for letter in "\x00\ud800")
    assert has_unkind == any("originalFileName" in issue.path and "character" in issue.rule for issue in issues)
    assert name == item.details["originalFileName"]


async def test_original_name_that_is_too_long(client: AsyncTiplineClient) -> None:
    """Beyond the documented length the original name is refused, before anything is copied."""
    with pytest.raises(ValueError, match=r"originalFileName|original_file_name"):
        Evidence.from_bytes(b"mug", name="m", original_file_name="m" * 2057)


@given(st.text(alphabet=st.characters(), max_size=300))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_name_of_any_text(client: AsyncTiplineClient, name: str) -> None:
    """Any text is taken for a name, and what is signed has the stand-in for it."""
    [item] = await sealed(client, Evidence.from_bytes(b"a coffee mug", name=name))

    assert safe_name(name) == item.name


@pytest.mark.parametrize("name", [None, 7, b"mug.jpg", Path("mug.jpg")])
def test_name_that_is_no_text(name: object) -> None:
    """A name of another type is a mistake of the caller."""
    with pytest.raises(EvidenceError, match=r"name is of type .*, not text"):
        Evidence.from_bytes(b"mug", name=name)  # type: ignore[arg-type] # the situation


async def test_two_files_of_one_name(client: AsyncTiplineClient, tmp_path: Path) -> None:
    """Two files of one name in one submission are two items, each with its own bytes and its own copy."""
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "mug.jpg").write_bytes(folder.encode())

    one, other = await sealed(client, *(Evidence.from_path(tmp_path / folder / "mug.jpg") for folder in ("a", "b")))

    assert ("mug.jpg", "mug.jpg") == (one.name, other.name)
    assert (one.sha256, one.locator) != (other.sha256, other.locator)


async def test_same_bytes_twice(client: AsyncTiplineClient) -> None:
    """The same bytes twice in one submission are two items with equal digests: what is said of each may differ."""
    one, other = await sealed(
        client,
        Evidence.from_bytes(b"a coffee mug", name="mug.jpg", file_viewed_by_esp=True),
        Evidence.from_bytes(b"a coffee mug", name="mug.jpg", file_viewed_by_esp=False),
    )

    assert one.sha256 == other.sha256
    assert one.locator != other.locator
    assert [True, False] == [item.details["fileViewedByEsp"] for item in (one, other)]


async def test_one_evidence_object_twice(client: AsyncTiplineClient) -> None:
    """One `Evidence` given twice is two items too; of a source that is read once, the second is refused."""
    source = Evidence.from_bytes(b"a coffee mug", name="mug.jpg")
    assert 2 == len(await sealed(client, source, source))

    async def pieces() -> AsyncIterator[bytes]:
        yield b"a coffee mug"

    stream = Evidence.from_stream(pieces(), name="mug.jpg")
    with pytest.raises(EvidenceError, match=r"^evidence\[1\] \(stream\) was read already"):
        await client.enqueue(sample_report(), evidence=[stream, stream], idempotency_key="case-4712")
    assert 1 == len(list((client.home.path / "evidence").iterdir()))


async def test_link_to_a_file(client: AsyncTiplineClient, tmp_path: Path) -> None:
    """A link is followed to its file, whose bytes are copied under the link's name."""
    (tmp_path / "mug.jpg").write_bytes(b"a coffee mug")
    (tmp_path / "link.jpg").symlink_to("mug.jpg")

    [item] = await sealed(client, Evidence.from_path(tmp_path / "link.jpg"))

    assert ("link.jpg", 12) == (item.name, item.size)


async def test_paths_that_lead_nowhere(client: AsyncTiplineClient, tmp_path: Path) -> None:
    """Links to nothing, in a circle or to a folder, names too long and empty paths: refused by the system's reason."""
    (tmp_path / "dangling").symlink_to("gone")
    (tmp_path / "circle").symlink_to("circle")
    (tmp_path / "folder").symlink_to(tmp_path)
    (tmp_path / "file").touch()

    said = []
    for path in ("dangling", "circle", "folder", "m" * 5000, "file/mug.jpg", "lone\ud800.jpg", "nul\x00.jpg"):
        with pytest.raises(EvidenceError) as refused:
            await client.enqueue(sample_report(), evidence=[Evidence.from_path(f"{tmp_path}/{path}")])
        said.append(str(refused.value).rpartition("') ")[2])
    with pytest.raises(EvidenceError, match=r"^evidence\[0\] \(''\) cannot be opened: No such file or directory$"):
        await client.enqueue(sample_report(), evidence=[Evidence.from_path("")])

    assert [
        "cannot be opened: No such file or directory",
        "cannot be opened: Too many levels of symbolic links",
        "is a folder",
        "cannot be opened: File name too long",
        "cannot be opened: Not a directory",
        "cannot be opened: its path has characters that no path can hold",
        "cannot be opened: a path cannot hold a null character",
    ] == said


async def test_link_that_is_turned_while_it_is_read(client: AsyncTiplineClient, tmp_path: Path) -> None:
    """A link that leads to another file at the end than at the beginning is refused."""
    for name in ("one", "other"):
        (tmp_path / name).write_bytes(bytes(1024))
    link = tmp_path / "link"
    link.symlink_to("one")
    origin = PathOrigin(str(link))

    with origin.open() as opened:
        link.unlink()
        link.symlink_to("other")

        with pytest.raises(EvidenceError, match="was replaced while it was read"):
            origin.fingerprint(opened)
