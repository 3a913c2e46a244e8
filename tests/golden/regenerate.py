"""Write the pinned documents anew: `python -m tests.golden.regenerate`, then read what changed."""

from tests.golden.pinned import DOCUMENTS, NAMES, written

if __name__ == "__main__":
    for name in NAMES:
        (DOCUMENTS / f"{name}.xml").write_bytes(written(name))
