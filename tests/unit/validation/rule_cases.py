"""For every rule, the least change of a complete submission that breaks it, and where that is reported."""

from typing import Any, NamedTuple

from tests.unit.validation.samples import DETAILS, GONE, REPORTED, REPORTER, SUMMARY
from tipline_client.delivery.environment import Environment

MD5 = "d41d8cd98f00b204e9800998ecf8427e"
OTHER_MD5 = "0cc175b9c0f1b6a831c399e269772661"
HASHES = f"{DETAILS}.originalFileHash"
IP = f"{REPORTED}.ipCaptureEvent[0]"
EMAIL = f"{REPORTED}.personOrUserReportedPerson.email[0]"
PERSON = f"{REPORTED}.personOrUserReportedPerson"
LONG = "mug " * 751


class Case(NamedTuple):
    """A rule, what breaks it, and where the issue must point."""

    rule: str
    edits: dict[str, Any]
    path: str
    environment: Environment = Environment.MOCK


RULE_CASES = (
    # What happened
    Case(
        "incident-time-in-future",
        {f"{SUMMARY}.incidentDateTime": "2026-01-20T12:05:01Z"},
        f"{SUMMARY}.incidentDateTime",
    ),
    Case(
        "incident-time-ahead-of-clock",
        {f"{SUMMARY}.incidentDateTime": "2026-01-20T12:02:00Z"},
        f"{SUMMARY}.incidentDateTime",
    ),
    Case(
        "incident-time-is-now", {f"{SUMMARY}.incidentDateTime": "2026-01-20T11:59:59Z"}, f"{SUMMARY}.incidentDateTime"
    ),
    Case(
        "incident-time-at-midnight",
        {f"{SUMMARY}.incidentDateTime": "2026-01-05T00:00:00Z"},
        f"{SUMMARY}.incidentDateTime",
    ),
    Case(
        "incident-time-implausible",
        {f"{SUMMARY}.incidentDateTime": "1970-01-01T00:00:00Z"},
        f"{SUMMARY}.incidentDateTime",
    ),
    Case("key-half-a-character", {"idempotencyKey": "\ud800x"}, "idempotencyKey"),
    Case("key-space-around", {"idempotencyKey": "case-4711\u00a0"}, "idempotencyKey"),
    Case("key-not-composed", {"idempotencyKey": "slu\u010daj-c\u0301-1"}, "idempotencyKey"),
    Case("known-at-in-future", {"knownAt": "2026-01-20T12:05:01Z"}, "knownAt"),
    Case("known-at-implausible", {"knownAt": "1970-01-01T00:00:00Z"}, "knownAt"),
    Case("known-at-before-incident", {"knownAt": "2026-01-01T00:00:00Z"}, "knownAt"),
    Case("escalation-blank", {f"{SUMMARY}.escalateToHighPriority": " "}, f"{SUMMARY}.escalateToHighPriority"),
    Case("escalation-blank", {f"{SUMMARY}.escalateToHighPriority": ""}, f"{SUMMARY}.escalateToHighPriority"),
    Case(
        "escalation-reads-like-no", {f"{SUMMARY}.escalateToHighPriority": "False"}, f"{SUMMARY}.escalateToHighPriority"
    ),
    Case("agency-name-blank", {"report.lawEnforcement": {"agencyName": " "}}, "report.lawEnforcement.agencyName"),
    Case(
        "chat-without-content",
        {"report.internetDetails[0]": {"chatImIncident": {"chatClient": "Example Chat"}}},
        "report.internetDetails[0].chatImIncident.content",
    ),
    Case(
        "web-page-without-url",
        {"report.internetDetails[0]": {"webPageIncident": {}}},
        "report.internetDetails[0].webPageIncident.url",
    ),
    # Persons
    Case("reporter-email-missing", {f"{REPORTER}.email": GONE}, f"{REPORTER}.email"),
    Case("reporter-email-missing", {f"{REPORTER}.email": ["  "]}, f"{REPORTER}.email"),
    Case(
        "one-reported-person",
        {"report.personOrUserReported": [{"espIdentifier": "user-1"}, {"espIdentifier": "user-2"}]},
        "report.personOrUserReported",
    ),
    Case(
        "one-additional-info",
        {"report.intendedRecipient": [{"additionalInfo": ["one", "two"]}]},
        "report.intendedRecipient[0].additionalInfo",
    ),
    Case("reporter-looks-like-placeholder", {f"{REPORTER}.firstName": "Unknown"}, f"{REPORTER}.firstName"),
    Case(
        "reporter-looks-like-placeholder",
        {f"{REPORTER}.firstName": "John", f"{REPORTER}.lastName": "Doe"},
        f"{REPORTER}.firstName",
    ),
    Case("reporter-address-is-example", {}, f"{REPORTER}.email[0]", Environment.PRODUCTION),
    Case(
        "two-states",
        {f"{PERSON}.address": [{"state": "IL", "nonUsaState": "Bavaria"}]},
        f"{PERSON}.address[0].nonUsaState",
    ),
    Case(
        "region-not-a-state",
        {f"{REPORTED}.estimatedLocation": {"region": "Illinois", "countryCode": "US"}},
        f"{REPORTED}.estimatedLocation.region",
    ),
    Case("age-contradicts-birth-date", {f"{PERSON}.age": 30, f"{PERSON}.dateOfBirth": "2010-02-01"}, f"{PERSON}.age"),
    Case("age-contradicts-birth-date", {f"{PERSON}.age": 18, f"{PERSON}.dateOfBirth": "2010-02-01"}, f"{PERSON}.age"),
    Case("age-contradicts-birth-date", {f"{PERSON}.age": 13, f"{PERSON}.dateOfBirth": "2010-01-05"}, f"{PERSON}.age"),
    Case("birth-date-in-future", {f"{PERSON}.dateOfBirth": "2026-02-01"}, f"{PERSON}.dateOfBirth"),
    Case("reporter-looks-like-placeholder", {f"{REPORTER}.email": ["noreply@example.com"]}, f"{REPORTER}.email[0]"),
    Case(
        "reporter-looks-like-placeholder",
        {f"{REPORTER}.firstName": "Test", f"{REPORTER}.lastName": "Reporter"},
        f"{REPORTER}.firstName",
    ),
    Case(
        "age-contradicts-birth-date",
        {f"{REPORTED}.associatedAccount": [{"type": "Other", "approximateAge": 9, "dateOfBirth": "1990-12-31"}]},
        f"{REPORTED}.associatedAccount[0].approximateAge",
    ),
    # Accounts
    Case("contact-text-blank", {EMAIL: {"value": "", "type": "Work"}}, EMAIL),
    Case(
        "verification-date-without-verified",
        {EMAIL: {"value": "user1001@example.net", "verificationDate": "2025-12-01T00:00:00Z"}},
        f"{EMAIL}.verificationDate",
    ),
    Case(
        "account-state-contradiction",
        {f"{REPORTED}.accountPermanentlyDisabled": {"value": False, "disabledDate": "2026-01-05T09:00:00Z"}},
        f"{REPORTED}.accountPermanentlyDisabled",
    ),
    Case(
        "notice-date-without-notice",
        {f"{REPORTED}.accountTemporarilyDisabled": {"value": True, "userNotifiedDate": "2026-01-05T09:00:00Z"}},
        f"{REPORTED}.accountTemporarilyDisabled.userNotifiedDate",
    ),
    Case("prior-reports-of-production", {f"{REPORTED}.priorCTReports": [4564654]}, f"{REPORTED}.priorCTReports"),
    Case(
        "prior-reports-of-production",
        {f"{REPORTED}.associatedAccount": [{"type": "Linked", "priorCTReport": ["4564654"]}]},
        f"{REPORTED}.associatedAccount[0].priorCTReport",
    ),
    # Network
    Case(
        "url-with-spaces",
        {"report.internetDetails[0].webPageIncident.url": ["https://www.example.com/a b"]},
        "report.internetDetails[0].webPageIncident.url[0]",
    ),
    Case("url-with-spaces", {"report.reporter.legalURL": "https://www.example.com/\n"}, "report.reporter.legalURL"),
    Case("url-not-absolute", {f"{REPORTED}.profileUrl": ["www.example.com/u/1"]}, f"{REPORTED}.profileUrl[0]"),
    Case("url-not-absolute", {f"{REPORTED}.profileUrl": ["localhost:3000/u/1"]}, f"{REPORTED}.profileUrl[0]"),
    Case("url-not-absolute", {f"{DETAILS}.locationOfFile": "n/a"}, f"{DETAILS}.locationOfFile"),
    Case("url-not-absolute", {f"{DETAILS}.locationOfFile": "https:///mug.jpg"}, f"{DETAILS}.locationOfFile"),
    Case("url-not-absolute", {f"{DETAILS}.locationOfFile": "C:\\mugs\\mug.jpg"}, f"{DETAILS}.locationOfFile"),
    Case("url-not-absolute", {f"{DETAILS}.locationOfFile": "ftp:///mug.jpg"}, f"{DETAILS}.locationOfFile"),
    Case("url-not-absolute", {f"{DETAILS}.locationOfFile": "HTTP:www.example.com"}, f"{DETAILS}.locationOfFile"),
    Case(
        "url-with-spaces",
        {f"{DETAILS}.locationOfFile": "https://www.example.com/a\x7fb"},
        f"{DETAILS}.locationOfFile",
    ),
    Case("ip-address-malformed", {f"{IP}.ipAddress": "192.0.2.10:443"}, f"{IP}.ipAddress"),
    Case("ip-address-not-public", {f"{IP}.ipAddress": "127.0.0.1"}, f"{IP}.ipAddress", Environment.PRODUCTION),
    # Between a provider and its customers: neither private by name nor public.
    Case("ip-address-not-public", {f"{IP}.ipAddress": "100.64.0.1"}, f"{IP}.ipAddress", Environment.PRODUCTION),
    Case("ip-without-time", {f"{IP}.dateTime": GONE}, f"{IP}.dateTime"),
    Case("ip-without-port", {f"{IP}.port": GONE}, f"{IP}.port"),
    Case("event-time-in-future", {f"{IP}.dateTime": "2026-01-20T12:05:01Z"}, f"{IP}.dateTime"),
    # Files
    Case(
        "upload-time-in-future",
        {f"{DETAILS}.uploadedToEspTimestamp": "2026-01-20T12:05:01Z"},
        f"{DETAILS}.uploadedToEspTimestamp",
    ),
    Case(
        "upload-time-ahead-of-clock",
        {f"{DETAILS}.uploadedToEspTimestamp": "2026-01-20T12:05:00Z"},
        f"{DETAILS}.uploadedToEspTimestamp",
    ),
    Case(
        "exif-viewed-without-file-viewed",
        {f"{DETAILS}.exifViewedByEsp": True, f"{DETAILS}.fileViewedByEsp": False},
        f"{DETAILS}.exifViewedByEsp",
    ),
    Case(
        "supplemental-potential-meme",
        {f"{DETAILS}.fileRelevance": "Supplemental Reported", f"{DETAILS}.fileAnnotations": {"potentialMeme": True}},
        f"{DETAILS}.fileAnnotations.potentialMeme",
    ),
    Case(
        "supplemental-potential-meme",
        {f"{DETAILS}.fileRelevance": "Supplemental Reported", f"{DETAILS}.potentialMeme": True},
        f"{DETAILS}.potentialMeme",
    ),
    Case(
        "supplemental-classification",
        {f"{DETAILS}.fileRelevance": "Supplemental Reported", f"{DETAILS}.industryClassification": "B2"},
        f"{DETAILS}.industryClassification",
    ),
    Case("potential-meme-at-file-level", {f"{DETAILS}.potentialMeme": False}, f"{DETAILS}.potentialMeme"),
    Case("file-name-undocumented", {f"{DETAILS}.fileName": "coffee-mug.jpg"}, f"{DETAILS}.fileName"),
    Case("file-hash-blank", {HASHES: [{"value": " ", "hashType": "MD5"}]}, f"{HASHES}[0]"),
    Case("file-hash-type-blank", {HASHES: [{"value": MD5, "hashType": ""}]}, f"{HASHES}[0].hashType"),
    Case("file-hash-form", {HASHES: [{"value": "abc", "hashType": "md5"}]}, f"{HASHES}[0]"),
    Case(
        "file-hash-repeated",
        {HASHES: [{"value": MD5, "hashType": "MD5"}, {"value": MD5.upper(), "hashType": "md5"}]},
        f"{HASHES}[1]",
    ),
    Case("file-hash-form", {HASHES: [{"value": "da39a3ee", "hashType": "SHA-1"}]}, f"{HASHES}[0]"),
    Case(
        "file-hash-conflict",
        {HASHES: [{"value": MD5, "hashType": "MD5"}, {"value": OTHER_MD5, "hashType": "MD5"}]},
        HASHES,
    ),
    # Texts
    Case(
        "element-newer-than-schema",
        {f"{SUMMARY}.reportAnnotations": {"informational": True}},
        f"{SUMMARY}.reportAnnotations.informational",
    ),
    Case("character-replaced", {"report.additionalInfo": "mug\x00"}, "report.additionalInfo"),
    Case("text-over-3000", {"report.additionalInfo": LONG}, "report.additionalInfo"),
    Case("empty-text", {"report.additionalInfo": ""}, "report.additionalInfo"),
    Case("blank-text", {"report.additionalInfo": "\n"}, "report.additionalInfo"),
    Case("document-very-large", {"report.additionalInfo": "m" * 1_000_001}, "report"),
    Case("empty-text", {f"{REPORTED}.profileUrl": [""]}, f"{REPORTED}.profileUrl[0]"),
    Case("blank-text", {f"{PERSON}.email": ["user1001@example.net", ""]}, f"{PERSON}.email[1]"),
    # What is missing
    Case("internet-details-missing", {"report.internetDetails": GONE}, "report.internetDetails"),
    Case("reported-person-missing", {"report.personOrUserReported": GONE}, "report.personOrUserReported"),
    Case(
        "reported-person-unidentified",
        {PERSON: GONE, f"{REPORTED}.espIdentifier": GONE, f"{REPORTED}.screenName": GONE},
        REPORTED,
    ),
    Case("reported-person-email-missing", {PERSON: GONE}, f"{PERSON}.email"),
    Case("ip-missing", {f"{REPORTED}.ipCaptureEvent": GONE}, f"{REPORTED}.ipCaptureEvent"),
    Case("evidence-missing", {"evidence": GONE}, "evidence"),
    Case("file-viewed-claim-missing", {f"{DETAILS}.fileViewedByEsp": GONE}, f"{DETAILS}.fileViewedByEsp"),
    Case("publicly-available-claim-missing", {f"{DETAILS}.publiclyAvailable": GONE}, f"{DETAILS}.publiclyAvailable"),
    Case("original-file-name-missing", {f"{DETAILS}.originalFileName": GONE}, f"{DETAILS}.originalFileName"),
)

TYPE_CASES = (
    Case("unknown-name", {f"{REPORTER}.nickName": "Zo"}, f"{REPORTER}.nickName"),
    Case("name-given-twice", {f"{REPORTER}.first_name": "Zoë"}, f"{REPORTER}.firstName"),
    Case("required-missing", {f"{SUMMARY}.incidentType": GONE}, f"{SUMMARY}.incidentType"),
    Case("text-expected", {f"{REPORTER}.firstName": 7}, f"{REPORTER}.firstName"),
    Case("object-expected", {REPORTER: "Zoë Müller"}, REPORTER),
    Case("boolean-expected", {f"{DETAILS}.fileViewedByEsp": "true"}, f"{DETAILS}.fileViewedByEsp"),
    Case("whole-number-expected", {f"{IP}.port": "51000"}, f"{IP}.port"),
    Case(
        "number-expected",
        {"report.internetDetails[0]": {"cellPhoneIncident": {"latitude": "1.5"}}},
        "report.internetDetails[0].cellPhoneIncident.latitude",
    ),
    Case("instant-expected", {f"{SUMMARY}.incidentDateTime": 1767601800}, f"{SUMMARY}.incidentDateTime"),
    Case(
        "zone-implausible", {f"{SUMMARY}.incidentDateTime": "2026-01-05T08:30:00+23:59"}, f"{SUMMARY}.incidentDateTime"
    ),
    Case("zone-missing", {f"{SUMMARY}.incidentDateTime": "2026-01-05T08:30:00"}, f"{SUMMARY}.incidentDateTime"),
    Case(
        "instant-out-of-range",
        {f"{SUMMARY}.incidentDateTime": "0001-01-01T00:00:00+01:00"},
        f"{SUMMARY}.incidentDateTime",
    ),
    Case("date-expected", {f"{PERSON}.dateOfBirth": "2000-01-31T00:00:00Z"}, f"{PERSON}.dateOfBirth"),
    Case("date-expected", {f"{PERSON}.dateOfBirth": "2000-02-30"}, f"{PERSON}.dateOfBirth"),
    Case("report-id-expected", {f"{REPORTED}.priorCTReports": [1.5]}, f"{REPORTED}.priorCTReports[0]"),
    Case("report-id-expected", {f"{REPORTED}.priorCTReports": ["12a"]}, f"{REPORTED}.priorCTReports[0]"),
    Case("too-long", {f"{REPORTER}.firstName": "m" * 101}, f"{REPORTER}.firstName"),
    Case(
        "wrong-form",
        {f"{PERSON}.phone": [{"value": "555-0100", "countryCallingCode": "1"}]},
        f"{PERSON}.phone[0].countryCallingCode",
    ),
    Case("not-one-of", {f"{SUMMARY}.incidentType": "Misleading domain name"}, f"{SUMMARY}.incidentType"),
    Case("not-one-of", {f"{PERSON}.address": [{"state": "il"}]}, f"{PERSON}.address[0].state"),
    Case("out-of-range", {f"{IP}.port": 0}, f"{IP}.port"),
    Case(
        "out-of-range",
        {"report.internetDetails[0]": {"cellPhoneIncident": {"latitude": 90.5}}},
        "report.internetDetails[0].cellPhoneIncident.latitude",
    ),
    Case(
        "out-of-range",
        {"report.internetDetails[0]": {"cellPhoneIncident": {"longitude": float("nan")}}},
        "report.internetDetails[0].cellPhoneIncident.longitude",
    ),
    Case("not-one-of", {f"{SUMMARY}.incidentType": "m" * 201}, f"{SUMMARY}.incidentType"),
    Case("single-occurrence", {f"{REPORTED}.screenName": ["sample_user"]}, f"{REPORTED}.screenName"),
    Case(
        "single-occurrence",
        {f"{DETAILS}.ipCaptureEvent": [{"ipAddress": "192.0.2.1"}, {"ipAddress": "192.0.2.2"}]},
        f"{DETAILS}.ipCaptureEvent",
    ),
    Case(
        "exactly-one-child",
        {"report.internetDetails": [{"webPageIncident": {}, "emailIncident": {}}]},
        "report.internetDetails[0]",
    ),
    Case("exactly-one-child", {"report.internetDetails": [{}]}, "report.internetDetails[0]"),
    Case("too-few", {f"{DETAILS}.details": [{"nameValuePair": []}]}, f"{DETAILS}.details[0].nameValuePair"),
    Case(
        "potential-meme-twice",
        {f"{DETAILS}.potentialMeme": True, f"{DETAILS}.fileAnnotations": {"viral": True}},
        f"{DETAILS}.potentialMeme",
    ),
    Case("name-blank", {"idempotencyKey": " "}, "idempotencyKey"),
    Case("key-too-long", {"idempotencyKey": LONG}, "idempotencyKey"),
    Case("key-not-text", {"idempotencyKey": 4711}, "idempotencyKey"),
)
