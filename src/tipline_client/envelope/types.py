"""The names of what is signed: one payload type for each kind of document.

A signature covers the type too, so a receipt can never be passed off as a submission. Nothing here knows what the
documents hold.
"""

from typing import Final

__all__ = ["CERTIFICATE", "RECEIPT", "SUBMISSION"]

SUBMISSION: Final = "application/vnd.tipline-client.submission+json"
"""A report with the manifest of its evidence, signed when it is queued."""

RECEIPT: Final = "application/vnd.tipline-client.receipt+json"
"""What the endpoint acknowledged, signed when it is recorded."""

CERTIFICATE: Final = "application/vnd.tipline-client.certificate+json"
"""What was destroyed, by whom and why, signed when nothing of it is left."""
