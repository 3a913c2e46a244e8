"""What a failed assertion shows of the report that comes closest."""

from tipline_client.testing.near_misses import File, closest, differences, file_differences, file_of, is_same

SOUGHT = (
    b"<report><summary><type>mug</type><when zone='UTC'>noon</when></summary><email>a</email><email>b</email></report>"
)


def changed(old: bytes, new: bytes) -> bytes:
    assert old in SOUGHT
    return SOUGHT.replace(old, new)


def test_same_in_another_layout() -> None:
    """White space between elements, comments and the order of unlike elements make no difference."""
    other = (
        b"<?xml version='1.0'?>\n<report>\n <email>a</email><!-- c --><email>b</email>\n"
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
        "email[2]: 'b' expected, nothing there",
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


def test_values_exchanged_between_repeated_elements() -> None:
    """What belongs to the first of two like elements is not what belongs to the second, and each is named."""
    event = b"<event><ip>192.0.2.%d</ip><name>%s</name></event>"
    one = b"<r>" + event % (1, b"Login") + event % (2, b"Upload") + b"</r>"
    other = one.replace(b"2.1<", b"2.x<").replace(b"2.2<", b"2.1<").replace(b"2.x<", b"2.2<")

    assert not is_same(one, other)
    assert [
        "event/ip: '192.0.2.1' expected, '192.0.2.2' there",
        "event[2]/ip: '192.0.2.2' expected, '192.0.2.1' there",
    ] == differences(one, other)


def test_files() -> None:
    """Missing, surplus and doubled files are told apart by name."""
    a, b, c = File("d1", "a.bin"), File("d2", "b.bin"), File("d3", "c.bin")

    lines = file_differences([a, b], [a, a, c])

    assert ["file b.bin: missing", "file a.bin: a second copy", "file c.bin: not expected"] == lines


def test_files_with_other_content() -> None:
    """A file of the same name with other bytes is named as that, with both digests, and not as missing."""
    sought, found = File("a" * 63 + "1", "a.bin"), File("b" * 63 + "2", "a.bin")

    lines = file_differences([sought], [found])

    assert ["file a.bin: filed with other content: SHA-256 aaaaaaaaaaaa... expected, bbbbbbbbbbbb... there"] == lines


def test_files_of_one_name() -> None:
    """Of files that bear one name each finds its own bytes first; what is said of both is compared as well."""
    viewed = frozenset({("fileViewedByEsp", "true")})
    first, second = File("d1", "a.bin"), File("d2", "a.bin")

    lines = file_differences([first, second], [File("d3", "a.bin", viewed), File("d1", "a.bin", viewed)])

    assert [
        "file a.bin: fileViewedByEsp: nothing expected, 'true' there",
        "file a.bin: filed with other content: SHA-256 d2... expected, d3... there",
        "file a.bin: fileViewedByEsp: nothing expected, 'true' there",
    ] == lines


def test_what_is_said_of_files() -> None:
    """The same bytes under another name, or with other details, differ; the ids that the endpoint gave do not count."""
    details = b"<fileDetails><reportId>%d</reportId><fileId>%d</fileId>%s</fileDetails>"
    viewed = b"<fileViewedByEsp>true</fileViewedByEsp>"
    sought = file_of("d1", "a.bin", details % (1, 2, b""))

    assert [] == file_differences([sought], [file_of("d1", "a.bin", details % (3, 4, b""))])
    assert [
        "file a.bin: name: 'a.bin' expected, 'b.bin' there",
        "file a.bin: fileViewedByEsp: nothing expected, 'true' there",
    ] == file_differences([sought], [file_of("d1", "b.bin", details % (3, 4, viewed))])
    assert file_of("d1", "a.bin", None) == sought


def test_document_that_reaches_out() -> None:
    """An entity that names a file stays unread."""
    document = b"<!DOCTYPE r [<!ENTITY e SYSTEM 'file:///etc/hostname'>]><report><a>&e;</a></report>"

    assert all("host" not in line for line in differences(SOUGHT, document))
