"""Names for the upload's header: harmless, whatever the file is called."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tipline_client.delivery.manifest import ManifestItem
from tipline_client.evidence.names import safe_name


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("coffee-mug.jpg", "coffee-mug.jpg"),
        ("Coffee Mug (1).JPG", "Coffee_Mug_1.JPG"),
        ('mug"; name="id', "mug_name_id"),
        ("mug\r\nContent-Type: text/html\r\n.jpg", "html.jpg"),
        ("mug\n.jpg", "mug.jpg"),
        ("../../etc/passwd", "passwd"),
        ("..\\..\\mug.png", "mug.png"),
        ("mug/..", "mug"),
        ("Zo\u00eb.jpg", "Zoe.jpg"),
        ("\u202egpj.exe", "gpj.exe"),
        ("photo\u202egpj.exe", "photogpj.exe"),
        ("\u5496\u5561.jpg", "file.jpg"),
        ("\U0001f600.png", "file.png"),
        ("\uff0e\uff0e\uff0fmug.png", "mug.png"),
        ("", "file"),
        ("...", "file"),
        ("/", "file"),
        (".htaccess", "file.htaccess"),
        ("-rf", "rf"),
        ("a..b...c", "a.b.c"),
        ("mug.", "mug"),
        ("mug.tar.gz", "mug.tar.gz"),
        ("nul\x00.jpg", "nul.jpg"),
        ("lone\ud800.jpg", "lone.jpg"),
        ("x" * 300 + ".jpeg", "x" * 95 + ".jpeg"),
        ("x." + "y" * 300, "x." + "y" * 98),
    ],
)
def test_name_made_harmless(name: str, expected: str) -> None:
    """Folders, quotes, line ends, direction marks and foreign letters go; a plain extension stays."""
    assert expected == safe_name(name)


@given(st.text(alphabet=st.characters(), max_size=300))
@settings(max_examples=200, deadline=None)
def test_any_name(name: str) -> None:
    """Any text gives a name that a manifest accepts, and making it harmless twice changes nothing."""
    safe = safe_name(name)

    assert re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,99}", safe)
    assert safe == safe_name(safe)
    ManifestItem(0, safe, 1, "a" * 32, "b" * 40, "c" * 64, "entry/0.bin", {})
