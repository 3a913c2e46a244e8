"""What an analyst misses in one kind of case, beyond the rules that every report has. Warnings alone; none blocks."""

from collections.abc import Iterator
from datetime import UTC, datetime

from tipline_client.evidence import Evidence
from tipline_client.validation import CLOCK_SKEW
from tipline_client.validation.rule import RECOMMENDATION, Finding, Rule, warning

__all__ = ["RULES", "check_upload", "is_ahead"]


def _unsaid(rule_id: str, *, summary: str, message: str, why: str) -> Rule:
    return warning(rule_id, summary=summary, message=message, source=RECOMMENDATION, why=why)


UPLOAD_TIME = _unsaid(
    "upload-time-missing",
    summary="Each file that a user uploaded has the time of the upload.",
    message="uploadedToEspTimestamp is missing. Give the moment at which the user uploaded the file.",
    why="The upload is the act, and its time finds it in a provider's log.",
)
UPLOAD_ADDRESS = _unsaid(
    "upload-address-missing",
    summary="Each file that a user uploaded has the IP address of the upload.",
    message="ipCaptureEvent of the file is missing. Give the IP address from which the user uploaded it, with port "
    "and time.",
    why="An address of the account at another time may be somebody else's.",
)
HASH_LIST = _unsaid(
    "hash-list-missing",
    summary="A hash match names the list that holds the digest.",
    message="{count} of the matches name no hash list. Say in which list the digest was found.",
    why="What a match is worth depends on who vouches for the list.",
)
FLAG_TIME = _unsaid(
    "user-report-time-missing",
    summary="A user's report has its time.",
    message="Nothing says when the user reported it. Give reported_at.",
    why="It shows how long the picture was there, and since when it was known.",
)
FLAG_REASON = _unsaid(
    "user-report-reason-missing",
    summary="A user's report has the category that the user chose, or the user's words.",
    message="Nothing says why the user reported it. Give category or words.",
    why="What the witness saw in the picture is often not in the picture.",
)
FLAG_USER = _unsaid(
    "user-report-user-missing",
    summary="A user's report names the account of the user who made it.",
    message="Nothing names the user who reported it. Give reporting_user, if your policy allows it.",
    why="Whoever reported it is a witness, and perhaps the only one.",
)
FLAG_AHEAD = _unsaid(
    "user-report-time-in-future",
    summary="A user's report lies in the past.",
    message="reported_at lies in the future by more than the tolerance for clocks. Correct the time or its zone.",
    why="A time that cannot be right puts in doubt what else was written down.",
)
CHAT_SERVICE = _unsaid(
    "chat-service-missing",
    summary="A chat is on a service that has a name.",
    message="Neither chatClient nor platform names the service. Give one of them.",
    why="On another service nobody knows where to ask for the rest.",
)
WHOLE_OR_NOT = _unsaid(
    "conversation-completeness-missing",
    summary="It is said whether the messages are the whole conversation.",
    message="Nothing says whether these are all messages of the conversation. Give is_whole.",
    why="An analyst cannot tell whether something came before or after.",
)
LEFT_OUT = _unsaid(
    "conversation-truncated",
    summary="The table of a conversation has all messages.",
    message="{count} of {total} messages are left out of the table, as its limit demands; the table says so. Raise the "
    "limit to send them.",
    why="Words that are left out cannot be judged, and a filed report takes no more files.",
)
SENDER = _unsaid(
    "conversation-sender-missing",
    summary="Each message of a person has the account that sent it.",
    message="{count} of the messages of persons have no sender. Give the identifier of the account.",
    why="Where several persons have one role, nobody can tell who wrote what.",
)
SENDER_ELSEWHERE = _unsaid(
    "conversation-sender-elsewhere",
    summary="The sender of a message is one of the persons whom the report has for its role.",
    message="{count} of the messages of this role come from senders that are no espIdentifier, screenName or "
    "displayName here. Give the names that the messages have, or correct the role.",
    why="An analyst cannot tie those messages to the person.",
)
MESSAGE_AHEAD = _unsaid(
    "conversation-time-in-future",
    summary="Each message of a conversation lies in the past.",
    message="{count} of the messages have times that lie in the future by more than the tolerance for clocks. Correct "
    "the times or their zone.",
    why="The messages are in the order of their times, and are matched with a provider's log by them.",
)
NO_PERSON = _unsaid(
    "conversation-person-missing",
    summary="The report has a person for each role in the conversation.",
    message="{count} messages have this role, and the report has nobody for it. Add what is known of the person, even "
    "if that is the identifier of the account alone.",
    why="A child that nobody names can rarely be found and helped.",
)
NO_ACT = _unsaid(
    "conversation-without-reported",
    summary="The person reported writes at least one of the messages.",
    message="No message in the table is from the person reported. Add what the person wrote, or correct the roles.",
    why="Without the person's own words nothing shows the enticement.",
)
AGE = _unsaid(
    "child-age-missing",
    summary="A recipient or victim has an age or a date of birth.",
    message="No age and no date of birth of any recipient or victim is given. Give what is known or was claimed.",
    why="Whether a child is enticed depends on it, and so does how urgent it is.",
)

RULES = (
    UPLOAD_TIME,
    UPLOAD_ADDRESS,
    HASH_LIST,
    FLAG_TIME,
    FLAG_REASON,
    FLAG_USER,
    FLAG_AHEAD,
    CHAT_SERVICE,
    WHOLE_OR_NOT,
    LEFT_OUT,
    SENDER,
    SENDER_ELSEWHERE,
    MESSAGE_AHEAD,
    NO_PERSON,
    NO_ACT,
    AGE,
)


def is_ahead(moment: datetime, *, now: datetime | None) -> bool:
    """Whether a time lies in the future, by more than clocks may differ; `now` is the system's clock by default."""
    return moment > (datetime.now(UTC) if now is None else now) + CLOCK_SKEW


def check_upload(item: Evidence, path: str) -> Iterator[Finding]:
    """What is not said of the upload of a user's file.

    Args:
        item: The file.
        path: Its place in the submission, such as `evidence[0]`.
    """
    if item.details.uploaded_to_esp_timestamp is None:
        yield UPLOAD_TIME.at(f"{path}.details.uploadedToEspTimestamp")
    if item.details.ip_capture_event is None:
        yield UPLOAD_ADDRESS.at(f"{path}.details.ipCaptureEvent")
