"""Synthetic documents and forms for the tests of the mock endpoint, written by hand and not by the client's encoder."""

MINIMAL_REPORT = b"""<?xml version="1.0" encoding="UTF-8"?>
<report>
  <incidentSummary>
    <incidentType>Misleading Domain Name</incidentType>
    <incidentDateTime>2026-01-15T09:30:00Z</incidentDateTime>
  </incidentSummary>
  <reporter>
    <reportingPerson>
      <firstName>Test</firstName>
      <lastName>Reporter</lastName>
      <email>safety@example.com</email>
    </reportingPerson>
  </reporter>
</report>
"""

XML_TYPE = "text/xml; charset=utf-8"


def report_with(addition: str, *, before: str = "<reporter>") -> bytes:
    """The minimal report with `addition` in front of the first occurrence of `before`."""
    return MINIMAL_REPORT.decode().replace(before, addition + before, 1).encode()


def file_details(report_id: int | str, file_id: str, *, rest: str = "") -> bytes:
    """File details that name a report and a file, followed by `rest`."""
    return f"<fileDetails><reportId>{report_id}</reportId><fileId>{file_id}</fileId>{rest}</fileDetails>".encode()
