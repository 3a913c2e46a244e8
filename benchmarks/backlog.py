"""A home with reports in it that wait to be delivered, one file of 100 KiB each."""

from benchmarks.samples import evidence_bytes, evidence_details, typical
from tipline_client import AsyncTiplineClient, Evidence

__all__ = ["fill_home"]


async def fill_home(client: AsyncTiplineClient, *, count: int, size: int = 100 * 1024, prefix: str = "case") -> None:
    """Enqueue so many reports, each with a file of `size` bytes, or none for 0."""
    data = evidence_bytes(size)
    for number in range(count):
        files = [Evidence.from_bytes(data, name="mug.jpg", details=evidence_details())] if size else []
        await client.enqueue(typical(number), evidence=files, idempotency_key=f"{prefix}-{number}")
