"""Harmless values for the tests of the pure part of dispatch."""

from datetime import UTC, datetime
from typing import Any

from tipline_client.delivery.answers import Answer, AnswerKind
from tipline_client.delivery.checkpoint import AttachedFile, Checkpoint, Intent
from tipline_client.delivery.manifest import ManifestItem
from tipline_client.delivery.steps import Step

NOW = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
REPORT = 4711
MD5 = ("a" * 32, "b" * 32)


def item(index: int, *, is_described: bool = True) -> ManifestItem:
    """A file about a coffee mug; the second one has another digest."""
    details = {"fileViewedByEsp": True} if is_described else {}
    return ManifestItem(
        index=index,
        name=f"mug-{index}.bin",
        size=5,
        md5=MD5[index % 2],
        sha1="0" * 40,
        sha256="0" * 64,
        locator=f"mug/{index}",
        details=details,
    )


MANIFEST = (item(0), item(1))


def answer(kind: AnswerKind, step: Step, *, index: int | None = None, **facts: Any) -> Answer:
    """An answer of this kind, with what a success of the step would carry."""
    known: dict[str, Any] = {}
    if kind is AnswerKind.SUCCESS:
        known = {"code": 0, "report_id": REPORT, "http_status": 200}
        if step is Step.UPLOAD:
            known |= {"file_id": f"f-{index}", "file_hash": MD5[(index or 0) % 2]}
        if step is Step.FINISH:
            known |= {"file_ids": ("f-0", "f-1")}
    if kind is AnswerKind.FINISHED:
        known = {"code": 5102, "http_status": 400}
    return Answer(kind, "sample", **{**known, **facts})


def opened(step: Step, *, files: int = 0, index: int | None = None, **facts: Any) -> Checkpoint:
    """A checkpoint with an open report and `step` written down as about to be sent."""
    attached = tuple(AttachedFile(n, f"f-{n}", is_confirmed=True, is_described=True) for n in range(files))
    known: dict[str, Any] = {
        "report_id": None if step is Step.SUBMIT else REPORT,
        "intent": Intent(step, NOW, index),
        "files": attached,
        "opened_at": None if step is Step.SUBMIT else NOW,
        "finish_sent": step is Step.FINISH,
    }
    return Checkpoint(**{**known, **facts})
