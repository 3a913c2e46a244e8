"""A folder of submission files: what of it is named since nobody has read it."""

from pathlib import Path

import pytest

from tipline_client.bulk.folders import FolderSource


@pytest.mark.parametrize("is_recursive", [False, True])
def test_what_is_left_of_a_submission_file(tmp_path: Path, is_recursive: bool) -> None:
    """Backups of editors, hidden and packed files are named, and a hidden folder once; what is none of it is not."""
    kept = ["a.json.bak", "a.json~", ".a.json.swp", ".json", "b.JSON.ORIG", "c.jsonl.old.gz", "d.csv~", "e.json.gz"]
    other = ["a.bak", "notes~", "mug.png", "x.rejects.issues.jsonl", "x.rejects.issues.jsonl.bak", ".gitignore"]
    (tmp_path / ".hidden" / "deep").mkdir(parents=True)
    for name in ["a.json", *kept, *other, ".hidden/h.json", ".hidden/deep/i.json"]:
        (tmp_path / name).write_text("{}")
    source = FolderSource(tmp_path, is_recursive=is_recursive)

    items = list(source.items())

    assert [str(tmp_path / "a.json")] == [item.label for item in items]
    assert {str(tmp_path / name) for name in [*kept, ".hidden"]} == set(source.passed_over)
    assert len(kept) + 1 == len(source.passed_over)
