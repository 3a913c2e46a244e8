"""The alternative: the same calls by httpx alone, which keeps nothing, signs nothing and checks nothing.

What a script does that hopes for the best. A crash, a lost reply or a wrong hash goes unnoticed.
"""

import itertools
import re

import anyio
import httpx

from tipline_client import EndpointProfile

__all__ = ["file_bare"]

_REPORT_ID = re.compile(rb"<reportId>(\d+)</reportId>")
_FILE_ID = re.compile(rb"<fileId>(\w+)</fileId>")
_XML = {"Content-Type": "text/xml; charset=utf-8"}


async def file_bare(
    profile: EndpointProfile, report_xml: bytes, evidence: bytes, *, count: int, in_flight: int
) -> None:
    """File `count` reports with one file each, `in_flight` at a time, over one shared client."""
    numbers = itertools.count()

    async def work(client: httpx.AsyncClient) -> None:
        while (number := next(numbers)) < count:
            await _file_one(client, report_xml.replace(b"number 0", b"number %d" % number), evidence)

    async with (
        httpx.AsyncClient(
            base_url=profile.base_url, auth=(profile.username, profile.password), trust_env=False, timeout=60
        ) as client,
        anyio.create_task_group() as tasks,
    ):
        for _ in range(in_flight):
            tasks.start_soon(work, client)


async def _file_one(client: httpx.AsyncClient, xml: bytes, evidence: bytes) -> None:
    reply = await client.post("/submit", content=xml, headers=_XML)
    report_id = _find(_REPORT_ID, reply.content)
    reply = await client.post("/upload", data={"id": report_id}, files={"file": ("mug.jpg", evidence)})
    details = (
        '<?xml version="1.0" encoding="UTF-8"?><fileDetails>'
        f"<reportId>{report_id}</reportId><fileId>{_find(_FILE_ID, reply.content)}</fileId>"
        "<originalFileName>coffee-mug.jpg</originalFileName><fileViewedByEsp>true</fileViewedByEsp>"
        "<publiclyAvailable>false</publiclyAvailable></fileDetails>"
    )
    (await client.post("/fileinfo", content=details.encode(), headers=_XML)).raise_for_status()
    (await client.post("/finish", data={"id": report_id})).raise_for_status()


def _find(pattern: re.Pattern[bytes], body: bytes) -> str:
    found = pattern.search(body)
    assert found is not None
    return found.group(1).decode()
