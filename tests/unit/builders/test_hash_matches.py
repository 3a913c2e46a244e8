"""A hash match as a report: what the caller said is there, and nothing else."""

from typing import Any

import pytest

from tests.unit.builders.cases import BEGIN, ENDPOINT, INCIDENT, NOW, REPORTED, REPORTER, refused, rules
from tipline_client.builders import Draft, HashMatch, MatchedFile, hash_match
from tipline_client.errors import ReportInvalidError
from tipline_client.evidence import Evidence
from tipline_client.models import EvidenceDetails, IncidentSummary, PersonOrUserReported

MD5 = "0123456789abcdef" * 2
MATCH = HashMatch(algorithm="MD5", digest=MD5, hash_list="Example list")


def mug(**claims: Any) -> Evidence:
    return Evidence.from_bytes(b"a coffee mug", name="mug.jpg", **claims)


def built(*files: MatchedFile, **arguments: Any) -> Draft:
    given: dict[str, Any] = {"reporter": REPORTER, "profile": ENDPOINT, "now": NOW, "reported": REPORTED}
    return hash_match(INCIDENT, files=files, **(given | arguments))


def test_match_with_a_list() -> None:
    """The digest is the file's hash, and the match is metadata of a hash; the file's own claims stay."""
    [item] = built(MatchedFile(mug(file_viewed_by_esp=False), MATCH)).evidence

    assert {
        "fileViewedByEsp": False,
        "originalFileHash": [{"value": MD5, "hashType": "MD5"}],
        "details": [
            {
                "type": "HASH",
                "nameValuePair": [
                    {"name": "Algorithm", "value": "MD5"},
                    {"name": "Digest of the file", "value": MD5},
                    {"name": "Hash list", "value": "Example list"},
                ],
            }
        ],
    } == item.details.to_json_dict()
    assert "mug.jpg" == item.name


def test_report_of_a_match() -> None:
    """The report has what was said and no further element."""
    report = built(MatchedFile(mug(), MATCH)).report

    assert {
        "incidentSummary": {"incidentType": "Misleading Domain Name", "incidentDateTime": "2026-01-05T08:30:00Z"},
        "reporter": {"reportingPerson": {"firstName": "Zoë", "email": [{"value": "safety@example.com"}]}},
        "personOrUserReported": [{"espIdentifier": "user-1001", "screenName": "sample_user"}],
    } == report.to_json_dict()


def test_class_given_by_a_list() -> None:
    """What a list says of a file is passed on as its word, and is no classification of the company."""
    match = HashMatch(algorithm="MD5", digest=MD5, hash_list="Example list", listed_as="A1")

    [item] = built(MatchedFile(mug(), match)).evidence

    assert (None, None) == (item.details.industry_classification, item.details.file_viewed_by_esp)
    [metadata] = item.details.details
    assert ("Class given by the list", "A1") in [(pair.name, pair.value) for pair in metadata.name_value_pair]


def test_match_at_a_distance() -> None:
    """The digest in the list is told from that of the file, with the distance."""
    match = HashMatch(algorithm="PDQ", digest="f" * 64, listed_digest="e" * 64, distance=0)

    [item] = built(MatchedFile(mug(), match)).evidence

    assert ["f" * 64] == [digest.value for digest in item.details.original_file_hash]
    [metadata] = item.details.details
    assert [("Digest in the list", "e" * 64), ("Distance", "0")] == [
        (pair.name, pair.value) for pair in metadata.name_value_pair
    ][2:]


def test_digest_in_two_lists() -> None:
    """One digest is claimed once, however often it matched and however it is written; each match is told."""
    other = HashMatch(algorithm="md-5", digest=MD5.upper(), hash_list="Other list")

    [item] = built(MatchedFile(mug(), [MATCH, other])).evidence

    assert (1, 2) == (len(item.details.original_file_hash), len(item.details.details))


def test_digest_said_before() -> None:
    """What the caller's own details have already is not claimed again, and what they have beside it stays."""
    details = EvidenceDetails.model_validate(
        {"originalFileHash": {"value": MD5, "hashType": "MD5"}, "additionalInfo": "A mug", "publiclyAvailable": True}
    )
    item = Evidence.from_bytes(b"a coffee mug", name="mug.jpg", details=details)

    [matched] = built(MatchedFile(item, MATCH)).evidence

    assert (("A mug",), True, 1) == (
        matched.details.additional_info,
        matched.details.publicly_available,
        len(matched.details.original_file_hash),
    )
    assert () == item.details.details


def test_nothing_said_of_a_file() -> None:
    """Everything that nobody said is in the list of what an analyst will miss."""
    draft = built(MatchedFile(mug(), HashMatch(algorithm="MD5", digest=MD5)), reported=None)

    assert {
        ("report.internetDetails", "internet-details-missing"),
        ("report.personOrUserReported", "reported-person-missing"),
        ("report.personOrUserReported", "ip-missing"),
        ("evidence[0].details.originalFileName", "original-file-name-missing"),
        ("evidence[0].details.uploadedToEspTimestamp", "upload-time-missing"),
        ("evidence[0].details.fileViewedByEsp", "file-viewed-claim-missing"),
        ("evidence[0].details.publiclyAvailable", "publicly-available-claim-missing"),
        ("evidence[0].details.ipCaptureEvent", "upload-address-missing"),
        ("evidence[0].details.details", "hash-list-missing"),
    } == set(rules(draft.issues))
    assert draft.is_acceptable


def test_all_said_of_a_file() -> None:
    """What was said is not missed."""
    claims = {
        "original_file_name": "coffee-mug.jpg",
        "uploaded_to_esp_timestamp": BEGIN,
        "file_viewed_by_esp": False,
        "publicly_available": False,
        "ip_capture_event": {"ipAddress": "192.0.2.10", "eventName": "Upload", "dateTime": BEGIN, "port": 51000},
    }

    draft = built(MatchedFile(mug(**claims), MATCH))

    assert [] == [issue for issue in draft.issues if issue.path.startswith("evidence")]


def test_missing_in_sentences() -> None:
    """Each thing that is missing is one text with its place, and errors come first."""
    tomorrow = IncidentSummary(incident_type="Misleading Domain Name", incident_date_time=NOW.replace(year=2999))
    draft = hash_match(
        tomorrow, files=MatchedFile(mug(), MATCH), reporter=REPORTER, profile=ENDPOINT, reported=REPORTED, now=NOW
    )

    assert not draft.is_acceptable
    assert draft.missing[0].startswith("report.incidentSummary.incidentDateTime: The incident time lies in the future")
    assert len(draft.issues) == len(draft.missing)


@pytest.mark.parametrize(
    ("arguments", "names"),
    [
        ({"reported": [REPORTED, REPORTED]}, ["reported"]),
        ({"reported": "user-1001"}, ["reported"]),
        ({"reporter": None}, ["reporter"]),
        ({"where": [{"webPageIncident": {"url": 3}}]}, ["where[0].webPageIncident.url[0]"]),
        ({"victims": [{}], "reporter": {}}, ["reporter.reportingPerson", "victims[0].victimPerson"]),
        ({"intended_recipients": "somebody"}, ["intended_recipients[0]"]),
        ({"additional_info": 3}, ["additional_info"]),
    ],
)
def test_wrong_argument(arguments: dict[str, Any], names: list[str]) -> None:
    """Each argument that is wrong is named."""
    with pytest.raises(ReportInvalidError) as raised:
        built(MatchedFile(mug(), MATCH), **arguments)

    assert names == refused(raised)


def test_two_persons_reported() -> None:
    """Two persons in one report are refused with the way out."""
    with pytest.raises(ReportInvalidError, match="accuses one person: build a report for each"):
        built(MatchedFile(mug(), MATCH), reported=[REPORTED, PersonOrUserReported(esp_identifier="user-1002")])


def test_incident_without_a_type() -> None:
    """The builder puts no incident type where the caller says none."""
    with pytest.raises(ReportInvalidError) as raised:
        hash_match(
            {"incidentDateTime": BEGIN},  # type: ignore[arg-type]
            files=MatchedFile(mug(), MATCH),
            reporter=REPORTER,
            profile=ENDPOINT,
        )

    assert ["incident.incidentType"] == refused(raised)


def test_incident_at_a_naive_time() -> None:
    """A time without a zone is refused where it is said."""
    with pytest.raises(ReportInvalidError, match="zone is required") as raised:
        hash_match(
            {"incidentType": "Misleading Domain Name", "incidentDateTime": BEGIN.replace(tzinfo=None)},  # type: ignore[arg-type]
            files=MatchedFile(mug(), MATCH),
            reporter=REPORTER,
            profile=ENDPOINT,
        )

    assert ["incident.incidentDateTime"] == refused(raised)


@pytest.mark.parametrize(
    ("values", "name"),
    [
        ({"algorithm": ""}, "algorithm"),
        ({"algorithm": "M" * 65}, "algorithm"),
        ({"digest": b"raw"}, "digest"),
        ({"digest": " "}, "digest"),
        ({"hash_list": ""}, "hash_list"),
        ({"distance": -1}, "distance"),
        ({"distance": True}, "distance"),
        ({"listed_as": 1}, "listed_as"),
    ],
)
def test_wrong_match(values: dict[str, Any], name: str) -> None:
    """A match that says nothing usable is refused by the argument's name."""
    with pytest.raises(ReportInvalidError) as raised:
        HashMatch(**({"algorithm": "MD5", "digest": MD5} | values))

    assert [name] == refused(raised)


@pytest.mark.parametrize(
    ("files", "name"),
    [([], "files"), (mug(), "files"), ([mug()], "files[0]"), (None, "files"), ("mug.jpg", "files")],
)
def test_wrong_files(files: Any, name: str) -> None:
    """What is no file with its match is refused."""
    with pytest.raises(ReportInvalidError) as raised:
        hash_match(INCIDENT, files=files, reporter=REPORTER, profile=ENDPOINT)

    assert [name] == refused(raised)


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        ((mug(), ()), "matches"),
        ((mug(), ["MD5"]), "matches[0]"),
        (("mug.jpg", MATCH), "evidence"),
        ((mug(), 3), "matches"),
    ],
)
def test_wrong_matched_file(arguments: tuple[Any, Any], name: str) -> None:
    """A file without a match, or a match without a file, is refused."""
    with pytest.raises(ReportInvalidError) as raised:
        MatchedFile(*arguments)

    assert [name] == refused(raised)


def test_digest_in_a_repr() -> None:
    """A repr shows no digest: it leads to the file."""
    draft = built(MatchedFile(mug(), MATCH))

    assert MD5 not in repr(MATCH) + repr(MatchedFile(mug(), MATCH)) + repr(draft)


@pytest.mark.parametrize("name", ["algorithm", "digest", "listed_digest"])
def test_white_space_around_a_digest(name: str) -> None:
    """It would be sent as it is, and found in no list."""
    given: dict[str, Any] = {"algorithm": "MD5", "digest": MD5, "listed_digest": MD5}

    with pytest.raises(ReportInvalidError) as raised:
        HashMatch(**(given | {name: f" {given[name]}"}))

    assert [name] == refused(raised)
