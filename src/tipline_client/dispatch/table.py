"""The table: what is done about each answer to each step. The heart of "filed exactly once", as data.

Read a row as: the endpoint answered `step` so; therefore ... . The reasons stand beside the rows. The moves are carried
out by `settling`; the operator's documentation is generated from here.
"""

from collections.abc import Mapping
from enum import StrEnum

from tipline_client.delivery.answers import AnswerKind as Kind
from tipline_client.delivery.steps import Step

__all__ = ["MOVES", "Move"]


class Move(StrEnum):
    """What follows an answer."""

    ADVANCE = "go on to the next step"
    REPEAT = "send the same step again, later"
    REPEAT_WITH_ORPHAN = "write down a suspected orphan, then submit again"
    REPEAT_ONCE = "send the same step once more; if refused again, retract and give up"
    ASK_AGAIN = "ask again a few times; if refused still, retract, and give up only when proven not filed"
    START_OVER = "the report is proven dead: open another one"
    RETRACT_AND_START_OVER = "retract the report, then open another one"
    RETRACT_AND_GIVE_UP = "retract the report, then give the entry up with the reason"
    GIVE_UP = "give the entry up with the reason"
    ACKNOWLEDGE = "it is filed"
    PROVEN_DEAD = "the retraction has reached its aim"


_SUBMIT = {
    Kind.SUCCESS: Move.ADVANCE,
    Kind.NOT_STORED: Move.REPEAT,
    Kind.SERVER_ERROR: Move.REPEAT_WITH_ORPHAN,
    Kind.DENIED: Move.REPEAT,
    Kind.NOT_OURS: Move.GIVE_UP,
    Kind.INVALID: Move.GIVE_UP,
    Kind.MALFORMED_FILE: Move.GIVE_UP,
    # A state of a report, though none was named: proves nothing about what was opened.
    Kind.NO_REPORT: Move.REPEAT_WITH_ORPHAN,
    Kind.NO_FILE: Move.REPEAT_WITH_ORPHAN,
    Kind.RETRACTED: Move.REPEAT_WITH_ORPHAN,
    Kind.FINISHED: Move.REPEAT_WITH_ORPHAN,
    # An orphan's id is unknown, so nobody can ever finish it: it lapses unfiled.
    Kind.OUTAGE: Move.REPEAT_WITH_ORPHAN,
    Kind.UNUSABLE: Move.REPEAT_WITH_ORPHAN,
    Kind.UNANSWERED: Move.REPEAT_WITH_ORPHAN,
    Kind.UNSENT: Move.REPEAT,
}

# A second copy of a file would be filed with the report, and a second description of one is undefined. So neither
# is repeated into the same report unless the endpoint's own code said that nothing was kept, or it never saw the first.
_EVIDENCE = {
    Kind.SUCCESS: Move.ADVANCE,
    Kind.NOT_STORED: Move.REPEAT,
    Kind.SERVER_ERROR: Move.RETRACT_AND_START_OVER,
    # Something in front of the endpoint may refuse the reply as well as the request.
    Kind.DENIED: Move.RETRACT_AND_START_OVER,
    Kind.NOT_OURS: Move.RETRACT_AND_GIVE_UP,
    Kind.INVALID: Move.RETRACT_AND_GIVE_UP,
    # A cut connection looks like a malformed file, so it gets one more chance.
    Kind.MALFORMED_FILE: Move.REPEAT_ONCE,
    Kind.NO_REPORT: Move.START_OVER,
    Kind.NO_FILE: Move.RETRACT_AND_START_OVER,
    Kind.RETRACTED: Move.START_OVER,
    # Somebody finished it with what was attached so far: filed, and a person must look.
    Kind.FINISHED: Move.ACKNOWLEDGE,
    Kind.OUTAGE: Move.RETRACT_AND_START_OVER,
    Kind.UNUSABLE: Move.RETRACT_AND_START_OVER,
    Kind.UNANSWERED: Move.RETRACT_AND_START_OVER,
    Kind.UNSENT: Move.REPEAT,
}

# Finish may be repeated for ever: the endpoint files once and says so. Starting over while it is in doubt could file
# twice, so only its own word that the report is gone or retracted allows that.
_FINISH = {
    Kind.SUCCESS: Move.ACKNOWLEDGE,
    Kind.NOT_STORED: Move.REPEAT,
    Kind.SERVER_ERROR: Move.REPEAT,
    Kind.DENIED: Move.REPEAT,
    Kind.NOT_OURS: Move.REPEAT,
    Kind.INVALID: Move.ASK_AGAIN,
    Kind.MALFORMED_FILE: Move.ASK_AGAIN,
    Kind.NO_REPORT: Move.START_OVER,
    Kind.NO_FILE: Move.REPEAT,
    Kind.RETRACTED: Move.START_OVER,
    Kind.FINISHED: Move.ACKNOWLEDGE,
    Kind.OUTAGE: Move.REPEAT,
    Kind.UNUSABLE: Move.REPEAT,
    Kind.UNANSWERED: Move.REPEAT,
    Kind.UNSENT: Move.REPEAT,
}

# Retract is the fence and the arbiter: it is repeated until it says that the report is dead, or filed.
_RETRACT = {
    Kind.SUCCESS: Move.PROVEN_DEAD,
    Kind.NOT_STORED: Move.REPEAT,
    Kind.SERVER_ERROR: Move.REPEAT,
    Kind.DENIED: Move.REPEAT,
    Kind.NOT_OURS: Move.REPEAT,
    Kind.INVALID: Move.REPEAT,
    Kind.MALFORMED_FILE: Move.REPEAT,
    Kind.NO_REPORT: Move.PROVEN_DEAD,
    Kind.NO_FILE: Move.REPEAT,
    Kind.RETRACTED: Move.PROVEN_DEAD,
    Kind.FINISHED: Move.ACKNOWLEDGE,
    Kind.OUTAGE: Move.REPEAT,
    Kind.UNUSABLE: Move.REPEAT,
    Kind.UNANSWERED: Move.REPEAT,
    Kind.UNSENT: Move.REPEAT,
}

MOVES: Mapping[Step, Mapping[Kind, Move]] = {
    Step.SUBMIT: _SUBMIT,
    Step.UPLOAD: _EVIDENCE,
    Step.FILEINFO: _EVIDENCE,
    Step.FINISH: _FINISH,
    Step.RETRACT: _RETRACT,
}
"""Step to answer to move; complete, which a test checks."""
