"""What the next step of an entry is, from its checkpoint alone. Pure: no I/O, no clock of its own.

The rules, in order: a report that has to die is retracted before anything else; a withdrawn entry goes no further than
that; without a current report one is opened; each file is uploaded and described once; then the report is finished.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from tipline_client.delivery.checkpoint import Aim, Checkpoint, Intent, Retraction
from tipline_client.delivery.manifest import ManifestItem
from tipline_client.delivery.outcomes import Failure
from tipline_client.delivery.steps import Step

__all__ = ["LAPSE_MARGIN", "intend"]

LAPSE_MARGIN = timedelta(minutes=5)
"""Nothing is attached to a report this close to its lapse: the two clocks may differ, and an upload takes time."""


def intend(
    checkpoint: Checkpoint, manifest: Sequence[ManifestItem], *, now: datetime, is_withdrawn: bool = False
) -> Checkpoint:
    """The checkpoint with the next step written down as its intent.

    Args:
        checkpoint: Where the entry stands, every earlier answer settled.
        manifest: Its evidence.
        now: The present moment.
        is_withdrawn: Whether somebody asked that it not be filed.

    Returns:
        A checkpoint with an intent, to be made durable before the step is sent; or without one when nothing is left to
        do at the endpoint, which only happens to a withdrawn entry.
    """
    if checkpoint.report_id is None and is_withdrawn:
        return replace(checkpoint, intent=None, retraction=None)
    if is_withdrawn and (checkpoint.retraction is None or checkpoint.retraction.aim is Aim.START_OVER):
        withdrawn = Failure(kind="withdrawn", text="withdrawn by a person")
        checkpoint = replace(checkpoint, retraction=Retraction(Aim.WITHDRAW, withdrawn))
    if checkpoint.retraction is not None:
        return replace(checkpoint, intent=Intent(Step.RETRACT, now))
    if checkpoint.report_id is None:
        return replace(checkpoint, intent=Intent(Step.SUBMIT, now))
    if (evidence := _next_evidence(checkpoint, manifest, now)) is not None:
        if _is_lapsing(checkpoint, now):
            lapsing = Failure(kind="lapsed", text="the open report has lapsed or is about to", step=evidence.step)
            return replace(checkpoint, retraction=Retraction(Aim.START_OVER, lapsing), intent=Intent(Step.RETRACT, now))
        return replace(checkpoint, intent=evidence)
    # From here on the finish may have reached the endpoint, whatever happens to us.
    return replace(checkpoint, intent=Intent(Step.FINISH, now), finish_sent=True)


def _next_evidence(checkpoint: Checkpoint, manifest: Sequence[ManifestItem], now: datetime) -> Intent | None:
    for item in manifest:
        file = checkpoint.attached(item.index)
        if file is None:
            return Intent(Step.UPLOAD, now, item.index)
        if item.details and not file.is_described:
            return Intent(Step.FILEINFO, now, item.index)
    return None


def _is_lapsing(checkpoint: Checkpoint, now: datetime) -> bool:
    lapses_at = checkpoint.lapses_at
    return lapses_at is not None and now >= lapses_at - LAPSE_MARGIN
