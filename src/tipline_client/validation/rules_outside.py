"""The rules that `validate` cannot look at: of files, of arguments, and of the endpoint's own schema, as data.

Whoever opens the files, takes the arguments or has the schema finds what breaks them; here is what they are called.
"""

from tipline_client.validation.rule import FORM, Rule, error, warning

__all__ = ["RULES"]

UNREADABLE = error(
    "submission-unreadable",
    summary="A submission file can be opened and read.",
    message="The submission file cannot be read: {reason}.",
    source=FORM,
)
NO_SUBMISSION = error(
    "submission-missing",
    summary="A file of lines, a table or a folder holds at least one submission.",
    message="It holds no submission at all: a file of lines has no line, a table no record below its header, or a "
    "folder no .json file. Look at what wrote it.",
    source=FORM,
)
KEY_OF_ANOTHER_LINE = error(
    "key-of-another-line",
    summary="Within one file an idempotency key names one content.",
    message="The idempotency key is that of {line}, which has other content. Give each report a key of its own, or "
    "take one of the two lines out.",
    source=FORM,
)
KEY_IS_THERE = warning(
    "key-queued-already",
    summary="A submission that is rejected has no entry under its key.",
    message="An entry in the outbox has this idempotency key already; its state is {state}.",
    source=FORM,
    why="Handed in anew under another key, the same report would be filed twice.",
)
LINE_TOO_LONG = error(
    "line-too-long",
    summary="A line of a bulk file keeps to the size allowed.",
    message="The line is longer than {limit} bytes. Move logs and long texts into evidence files.",
    source=FORM,
)
NOT_QUEUED = error(
    "not-queued",
    summary="The outbox, the signer and the storage of the evidence take what is handed in.",
    message="It was not queued: {reason}. {hint}",
    source=FORM,
)
BAD_TABLE = error(
    "csv-file",
    summary="A CSV file is UTF-8 with LF or CRLF at the end of each line.",
    message="The table cannot be read: {reason}.",
    source=FORM,
)
BAD_RECORD = error(
    "csv-record",
    summary="A record of a CSV file has the columns of its header, and closed quotes, in UTF-8.",
    message="The record cannot be read: {reason}. Correct it where the file was exported.",
    source=FORM,
)
BROKEN_TABLE = error(
    "csv-quotes",
    summary="The quotes of a CSV file say where each of its records ends.",
    message="The rest of the table cannot be read: {reason}. Correct the quotes and hand the rejects in; where no cell "
    "holds a line break, line_breaks = [] in the mapping file lets a wrong quote cost its own line alone.",
    source=FORM,
)
BAD_CELL = error(
    "csv-cell",
    summary="A cell of a CSV file is what the mapping file says of its column.",
    message="Column {column}: {reason}.",
    source=FORM,
)
NO_PATH = error(
    "evidence-path-missing",
    summary="Each item of evidence in a submission file has the path of its file, or the URL of its object.",
    message="The path of the file is missing. Give it, or the url of an object.",
    source=FORM,
)
PATH_AND_URL = error(
    "evidence-path-and-url",
    summary="Each item of evidence in a submission file lies in one place.",
    message="Both path and url are given. Say with one of them where the file lies.",
    source=FORM,
)
BAD_URL = error(
    "evidence-url",
    summary="Each URL of evidence names an object, and holds no credentials, query or fragment.",
    message="The URL cannot be taken: {reason}. {hint}",
    source=FORM,
)
NO_FILE = error(
    "evidence-file-missing",
    summary="Each path of evidence leads to a file.",
    message="There is no file {file} beside the submission. Correct the path.",
    source=FORM,
)
FILE_UNREADABLE = error(
    "evidence-unreadable",
    summary="Each file of evidence can be opened.",
    message="The file {file} cannot be read: {reason}.",
    source=FORM,
)
NOT_A_FILE = error(
    "evidence-not-a-file",
    summary="Evidence is an ordinary file: no folder, pipe or device.",
    message="{file} is no ordinary file. Name a file.",
    source=FORM,
)
EMPTY_FILE = error(
    "evidence-empty",
    summary="No file of evidence is empty.",
    message="The file {file} is empty. Restore it, or leave the item out.",
    source=FORM,
)
ARGUMENT = error(
    "wrong-argument",
    summary="The verbs of the client are given what their signatures say.",
    message="{expected}",
    source="this package's own interface",
)
ENDPOINT_SCHEMA = error(
    "endpoint-schema",
    summary="Every document passes the endpoint's own schema, once that was fetched.",
    message="{finding}",
    source="the endpoint's own schema, as fetched",
)

RULES: tuple[Rule, ...] = (
    UNREADABLE,
    NO_SUBMISSION,
    KEY_OF_ANOTHER_LINE,
    KEY_IS_THERE,
    LINE_TOO_LONG,
    NOT_QUEUED,
    BAD_TABLE,
    BAD_RECORD,
    BROKEN_TABLE,
    BAD_CELL,
    NO_PATH,
    PATH_AND_URL,
    BAD_URL,
    NO_FILE,
    FILE_UNREADABLE,
    NOT_A_FILE,
    EMPTY_FILE,
    ARGUMENT,
    ENDPOINT_SCHEMA,
)
