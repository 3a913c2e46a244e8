"""A mock endpoint for tests: real HTTP on loopback, strict, stateful, and broken on command.

It is no hotline and files nothing. It shares no code with the client's encoder, so that a wrong element name cannot
pass unnoticed. Needs the extra `mock`.
"""

try:
    from tipline_client.mock import faults
    from tipline_client.mock.clock import MockClock
    from tipline_client.mock.control import FileView, ReportView
    from tipline_client.mock.endpoint import NOTICE, MockEndpoint, serve
    from tipline_client.mock.faults import (
        close,
        code,
        fewer_files,
        garbage,
        huge,
        lost_reply,
        lost_request,
        more_files,
        no_hash,
        no_report_id,
        ok,
        other_files,
        redirect,
        reply,
        slow,
        status,
        truncate,
        unauthorized,
        upper_hash,
        wrong_hash,
        wrong_report_id,
    )
    from tipline_client.mock.script import Dice, FaultBook, FaultPlan, ScriptedFault, read_fault, read_plan
except ModuleNotFoundError as error:
    if (error.name or "").partition(".")[0] not in {"starlette", "uvicorn", "python_multipart", "h11"}:
        raise
    raise ImportError(
        'the mock endpoint needs its extra: pip install "tipline-client[mock]"', name=error.name
    ) from error

__all__ = [
    "NOTICE",
    "Dice",
    "FaultBook",
    "FaultPlan",
    "FileView",
    "MockClock",
    "MockEndpoint",
    "ReportView",
    "ScriptedFault",
    "close",
    "code",
    "faults",
    "fewer_files",
    "garbage",
    "huge",
    "lost_reply",
    "lost_request",
    "more_files",
    "no_hash",
    "no_report_id",
    "ok",
    "other_files",
    "read_fault",
    "read_plan",
    "redirect",
    "reply",
    "serve",
    "slow",
    "status",
    "truncate",
    "unauthorized",
    "upper_hash",
    "wrong_hash",
    "wrong_report_id",
]
