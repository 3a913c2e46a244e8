"""A receipt for people who read neither JSON nor XML: one page of HTML that needs nothing else, or plain text.

It states what is signed, and never shows a reply or a file.
"""

from collections.abc import Iterable, Sequence
from html import escape

from tipline_client.cli.output import columns
from tipline_client.cli.views import instant
from tipline_client.delivery.acknowledgement import FileSet
from tipline_client.delivery.receipt import Receipt

__all__ = ["receipt_html", "receipt_text"]

Facts = Sequence[tuple[str, str]]
Table = tuple[str, Sequence[str], Sequence[Sequence[str]]]

_FILE_SETS = {
    FileSet.CONFIRMED: "the endpoint's own list of attached files is the list of what was sent",
    FileSet.UNCONFIRMED: "the endpoint gave no list of its attached files",
    FileSet.DIFFERS: "the endpoint's list of attached files is NOT the list of what was sent",
}
_HOW_TO_VERIFY = (
    "This page is a rendering of a signed receipt and proves nothing by itself. "
    "The signed receipt is verified with `tipline verify receipt.json --key PUBLIC.pem`, or with any implementation "
    "of DSSE with Ed25519."
)
_STYLE = (
    "body{font-family:serif;max-width:60em;margin:2em auto;padding:0 1em}"
    "table{border-collapse:collapse;width:100%;margin:1em 0}"
    "th,td{border:1px solid #888;padding:.3em .5em;text-align:left;vertical-align:top;overflow-wrap:anywhere}"
    "h1,h2{font-weight:normal}code{font-size:.9em}"
)


def receipt_html(receipt: Receipt, *, signed_by: Sequence[str]) -> str:
    """The page, for a browser or a printer; no script, nothing from elsewhere.

    Args:
        receipt: What was verified.
        signed_by: The ids of the keys whose signatures were checked and are good.
    """
    parts = [
        "<!DOCTYPE html>",
        '<html lang="en"><head><meta charset="utf-8">',
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">",
        f"<title>Receipt of report {receipt.report_id}</title><style>{_STYLE}</style></head><body>",
        f"<h1>{escape(_title(receipt))}</h1>",
        _html_table(("", ""), _facts(receipt, signed_by)),
    ]
    for title, heads, rows in _tables(receipt):
        parts += [f"<h2>{escape(title)}</h2>", _html_table(heads, rows)]
    parts += [f"<p>{escape(_HOW_TO_VERIFY)}</p>", "</body></html>"]
    return "\n".join(parts) + "\n"


def receipt_text(receipt: Receipt, *, signed_by: Sequence[str]) -> str:
    """The same as plain text; see `receipt_html`."""
    lines = [_title(receipt), "", *columns(_facts(receipt, signed_by))]
    for title, heads, rows in _tables(receipt):
        lines += ["", title, *columns([heads, *rows])]
    return "\n".join([*lines, "", _HOW_TO_VERIFY]) + "\n"


def _title(receipt: Receipt) -> str:
    return f"Receipt of report {receipt.report_id}, filed with {receipt.profile} ({receipt.environment})"


def _facts(receipt: Receipt, signed_by: Sequence[str]) -> Facts:
    how = "answered the filing itself" if receipt.code == 0 else "said that the report had been filed before"
    facts = [
        ("Report number", str(receipt.report_id)),
        ("Environment", f"{receipt.environment} (profile {receipt.profile})"),
        ("Known to the reporter since", instant(receipt.known_at) or "not stated"),
        ("Signed and queued", instant(receipt.sealed_at) or ""),
        ("Acknowledged", instant(receipt.acknowledged_at) or ""),
        ("Response code", f"{receipt.code}: the endpoint {how}"),
        ("Idempotency key", receipt.idempotency_key),
        ("Entry", receipt.entry_id),
        ("Attached files", f"{len(receipt.files)}; {_FILE_SETS[receipt.file_set]}"),
        ("SHA-256 of the signed submission", receipt.envelope_sha256),
        ("SHA-256 of the acknowledgement", receipt.reply_sha256),
        ("Newest line of the entry's history", receipt.history_link or "not stated"),
        ("Made by", receipt.software),
        ("Signature verified with", ", ".join(signed_by)),
    ]
    if receipt.orphans:
        facts.append(("Reports that may have been opened", f"{len(receipt.orphans)}, none of which can be filed"))
    return facts


def _tables(receipt: Receipt) -> Iterable[Table]:
    if receipt.files:
        rows = [
            (
                str(file.index),
                file.file_id,
                str(file.size),
                file.sha256,
                file.md5,
                "the same" if file.endpoint_md5 == file.md5 else file.endpoint_md5 or "none given",
                "yes" if file.is_described else "no",
            )
            for file in receipt.files
        ]
        heads = ("#", "file id", "bytes", "SHA-256 sent", "MD5 sent", "MD5 by the endpoint", "described")
        yield "Files", heads, rows
    calls = [
        (
            call.step.value if call.index is None else f"{call.step.value} {call.index}",
            instant(call.sent_at) or "",
            instant(call.answered_at) or "no reply",
            "-" if call.code is None else str(call.code),
            call.request_id or "-",
            call.request_sha256 or "-",
            call.reply_sha256 or "-",
        )
        for call in receipt.exchanges
    ]
    yield "Calls", ("call", "sent", "answered", "code", "request id", "SHA-256 sent", "SHA-256 received"), calls
    if receipt.replaced:
        replaced = [(item.path, f"U+{item.code_point:04X}", str(item.count)) for item in receipt.replaced]
        yield "Characters that could not be sent and were replaced", ("where", "character", "how often"), replaced


def _html_table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    head = "".join(f"<th>{escape(cell)}</th>" for cell in heads)
    body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table>{f'<tr>{head}</tr>' if any(heads) else ''}{body}</table>"
