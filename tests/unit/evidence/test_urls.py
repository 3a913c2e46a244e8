"""Evidence by a URL, before anything is fetched: which URLs name an object, and what an error shows of one."""

import sys
from pathlib import Path

import pytest

from tipline_client.errors import ConfigurationError, EvidenceError
from tipline_client.evidence import Evidence, digest


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("s3://desk/cases/4711/mug.jpg", "mug.jpg"),
        ("gs://desk/mug.jpg", "mug.jpg"),
        ("az://desk/mug%20one.jpg", "mug one.jpg"),
        ("S3://desk/Zo%C3%AB.jpg", "Zoë.jpg"),
    ],
)
def test_url_of_an_object(url: str, name: str) -> None:
    """The key's last part is the name, decoded; nothing is fetched, and a repr shows neither."""
    source = Evidence.from_url(url, file_viewed_by_esp=True)

    assert ("url", name, "Evidence(kind='url')") == (source.kind, source.name, repr(source))
    assert {"fileViewedByEsp": True} == source.details.to_json_dict()
    assert "other.jpg" == Evidence.from_url(url, name="other.jpg").name


@pytest.mark.parametrize(
    ("url", "shown", "words"),
    [
        ("s3://user:planted@desk/mug.jpg", "'s3://desk/mug.jpg'", "holds credentials"),
        ("s3://desk/mug.jpg?X-Amz-Signature=planted", "'s3://desk/mug.jpg'", "holds a query or a fragment"),
        ("s3://desk/mug.jpg?versionId=planted", "'s3://desk/mug.jpg'", "holds a query or a fragment"),
        ("s3://desk/mug.jpg#planted", "'s3://desk/mug.jpg'", "holds a query or a fragment"),
        ("https://example.com/mug.jpg", "'https://example.com/mug.jpg'", "is of no scheme"),
        ("mug.jpg", "'mug.jpg'", "is of no scheme"),
        ("memory:///mug.jpg", "'memory:///mug.jpg'", "is of no scheme"),
        ("s3:///mug.jpg", "'s3:///mug.jpg'", "names no place"),
        ("s3://desk", "'s3://desk'", "names no object"),
        ("s3://desk/", "'s3://desk/'", "names no object"),
        ("s3://desk/cases/", "'s3://desk/cases/'", "an empty part"),
        ("s3://desk//mug.jpg", "'s3://desk//mug.jpg'", "an empty part"),
        ("s3://desk/a/../mug.jpg", "'s3://desk/a/../mug.jpg'", "an empty part"),
        ("s3://desk/%2e%2e/mug.jpg", "'s3://desk/%2e%2e/mug.jpg'", "an empty part"),
        ("s3://desk/mug%0a.jpg", "'s3://desk/mug%0a.jpg'", "control characters"),
        ("s3://desk/%ff.jpg", "'s3://desk/%ff.jpg'", "not UTF-8"),
        ("s3://desk/mug\n.jpg", "", "holds blanks or control characters"),
        ("s3://[planted/mug.jpg", "", "no URL that can be read"),
        ("file://elsewhere/mug.jpg", "'file://elsewhere/mug.jpg'", "of another host"),
    ],
)
def test_url_that_names_no_object(url: str, shown: str, words: str) -> None:
    """It is refused at once, by what is wrong with it, and neither credentials nor signature is shown."""
    with pytest.raises(EvidenceError) as refused:
        Evidence.from_url(url)

    assert words in str(refused.value)
    assert shown in str(refused.value)
    assert "planted" not in f"{refused.value} {refused.value.hint}"
    assert refused.value.__cause__ is None


async def test_url_of_a_file(tmp_path: Path) -> None:
    """A file URL is the file, read as by its path, with the same refusals."""
    path = tmp_path / "a mug.jpg"
    path.write_bytes(b"a coffee mug")
    source = Evidence.from_url(path.as_uri())

    assert ("path", "a mug.jpg", 12) == (source.kind, source.name, (await digest(source, index=0)).size)
    with pytest.raises(EvidenceError, match="is a folder"):
        await digest(Evidence.from_url(tmp_path.as_uri()), index=0)


def test_extra_that_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the library the error names the command that installs it; a file needs none."""
    monkeypatch.setitem(sys.modules, "obstore", None)

    with pytest.raises(ConfigurationError, match="obstore is not installed") as refused:
        Evidence.from_url("s3://desk/mug.jpg")

    assert "pip install 'tipline-client[objects]'" in refused.value.hint
    assert "path" == Evidence.from_url("file:///mug.jpg").kind
