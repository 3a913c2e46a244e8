"""What a failed assertion shows of the report that comes closest."""

from tipline_client.testing.near_misses import closest, differences, file_differences, is_same

SOUGHT = (
    b"<report><summary><type>mug</type><when zone='UTC'>noon</when></summary><email>a</email><email>b</email></report>"
)


def changed(old: bytes, new: bytes) -> bytes:
    assert old in SOUGHT
    return SOUGHT.replace(old, new)


def test_same_in_another_layout() -> None:
    """White space between elements, comments and the order of repeated texts make no difference."""
    other = (
        b"<?xml version='1.0'?>\n<report>\n <email>b</email><!-- c --><email>a</email>\n"
        b" <summary><when zone='UTC'>noon</when><type>mug</type></summary></report>"
    )

    assert is_same(SOUGHT, other)
    assert [] == differences(SOUGHT, other)


def test_differing_fields() -> None:
    """Texts, attributes, and what only one of both has, each on a line of its own with its path."""
    found = changed(b"mug", b"cup").replace(b"'UTC'", b"'CET'").replace(b"<email>b</email>", b"<phone>1</phone>")

    lines = differences(SOUGHT, found)

    assert [
        "summary/type: 'mug' expected, 'cup' there",
        "summary/when/@zone: 'UTC' expected, 'CET' there",
        "email: 'b' expected, nothing there",
        "phone: nothing expected, '1' there",
    ] == lines


def test_many_long_differences() -> None:
    """A long text is cut, and so is a long list; how much more there is, is said."""
    found = changed(b"<email>a</email>", b"<email>" + b"long " * 50 + b"</email>" + b"<x>1</x>" * 20)

    lines = differences(SOUGHT, found)

    assert 13 == len(lines)
    assert "and 9 more" == lines[-1]
    assert max(map(len, lines)) < 160


def test_closest_of_several() -> None:
    """The document that has most in common, the first among equals; none where there is none."""
    far, near = b"<report><summary><type>mug</type></summary></report>", changed(b"noon", b"night")

    assert 1 == closest(SOUGHT, [far, near, near])
    assert closest(SOUGHT, []) is None


def test_files() -> None:
    """Missing, surplus and doubled files are told apart by name."""
    lines = file_differences([("d1", "a.bin"), ("d2", "b.bin")], [("d1", "a.bin"), ("d1", "a.bin"), ("d3", "c.bin")])

    assert ["file b.bin: missing", "file a.bin: a second copy", "file c.bin: not expected"] == lines


def test_document_that_reaches_out() -> None:
    """An entity that names a file stays unread."""
    document = b"<!DOCTYPE r [<!ENTITY e SYSTEM 'file:///etc/hostname'>]><report><a>&e;</a></report>"

    assert all("host" not in line for line in differences(SOUGHT, document))
