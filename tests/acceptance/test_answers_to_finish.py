"""What the endpoint may say of a report that is no longer open, in each form, to a dispatcher process."""

from itertools import product
from typing import Final, Literal

import pytest

from tests.acceptance.hosts import Hosts
from tipline_client.mock import code, reply
from tipline_client.mock.fault_kinds import Fault

Root = Literal["reportResponse", "reportDoneResponse"]
ROOTS: Final[tuple[Root, ...]] = ("reportResponse", "reportDoneResponse")
FORMS: Final = tuple(product((200, 400), ROOTS))


def answer(number: int, status: int, root: Root) -> Fault:
    """The answer; with 5102 the report is finished, as that says."""
    if number != 5102:
        return code(number, http_status=status, root=root)
    document = f"<{root}><responseCode>5102</responseCode><responseDescription>Finished</responseDescription></{root}>"
    return reply(document, status=status, worked=True)


@pytest.mark.slow
@pytest.mark.parametrize(("number", "opened"), [(5102, 1), (5101, 2), (5001, 2)])
def test_report_that_is_not_open_at_its_finish(hosts: Hosts, number: int, opened: int) -> None:
    """Finished is filed, whatever the form; retracted or gone is proof that it was not, and it is opened anew."""
    hosts.endpoint.faults.script("finish", *[answer(number, status, root) for status, root in FORMS])
    entries = [hosts.enqueue(str(index)) for index in range(len(FORMS))]

    hosts.start()
    hosts.await_filed(*entries)

    assert hosts.filed_once(*entries)
    assert opened * len(FORMS) == len(hosts.endpoint.reports())
