"""Which file name an upload may carry in its multipart header, whatever the file is really called.

The header has no agreed way to carry quotes, line ends or letters beyond ASCII, and a path in it invites trouble on the
other side. The real name belongs into `originalFileName`. Nothing here looks at a file.
"""

import re
import unicodedata

__all__ = ["safe_name"]

_LIMIT = 100
_SEPARATORS = re.compile(r"[/\\]")
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")
_EXTENSION = re.compile(r"\.[A-Za-z0-9]{1,10}")
_NAMELESS = "file"


def safe_name(name: str) -> str:
    r"""A harmless stand-in for `name`: 1 to 100 ASCII letters, digits, `.`, `_`, `-`, without any folder.

    Letters lose their accents, other characters become `_`, invisible ones vanish, the extension stays where it is
    short and plain. Two names may give the same stand-in: it identifies nothing.

    Example:
        >>> safe_name('../"Zoë\'s" mug\r\n.jpg')
        'Zoe_s_mug.jpg'
        >>> safe_name("")
        'file'
    """
    # Shortening may bare a new extension, or an end that goes too: repeated until nothing changes any more.
    while (shortened := _shortened(name)) != name:
        name = shortened
    return name


def _shortened(name: str) -> str:
    folders = [part for part in _SEPARATORS.split(name) if part not in {"", ".", ".."}]
    decomposed = unicodedata.normalize("NFKD", folders[-1] if folders else "")
    # Marks and invisible directions would only leave underscores; a direction mark may hide the true extension.
    visible = "".join(letter for letter in decomposed if unicodedata.category(letter) not in {"Mn", "Cf"})
    plain = re.sub(r"\.{2,}", ".", _UNSAFE.sub("_", visible))
    stem, dot, extension = plain.rpartition(".")
    suffix = dot + extension
    if not _EXTENSION.fullmatch(suffix):
        stem, suffix = plain, ""
    stem = stem.strip("._-")[: _LIMIT - len(suffix)].rstrip("._-")
    return (stem or _NAMELESS) + suffix
