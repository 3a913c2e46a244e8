"""What the tests of the evidence folder ask of it: its files."""

from tipline_client.evidence.folder import EvidenceFolder


def files(store: EvidenceFolder) -> list[str]:
    return sorted(str(path.relative_to(store.root)) for path in store.root.rglob("*") if path.is_file())
