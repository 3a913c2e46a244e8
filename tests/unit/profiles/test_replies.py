"""Replies are read distrustfully: what is not certainly an answer is in doubt, and nothing of their text is shown."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tipline_client.delivery.answers import Answer, AnswerKind
from tipline_client.delivery.steps import Step
from tipline_client.profiles import EndpointProfile, mock
from tipline_client.profiles.exchange import NoReply, Reply
from tipline_client.profiles.replies import read_answer

RECORDED = Path(__file__).resolve().parents[2] / "golden" / "recorded_replies"
PROFILE = mock("http://127.0.0.1:9/ispws")
OURS = 7654321
FILE_ID = "00ff11ee22dd33cc44bb55aa66990077"
REPORT_STEPS = (Step.SUBMIT, Step.UPLOAD, Step.FILEINFO, Step.FINISH, Step.RETRACT)
Kind = AnswerKind


def _recorded(name: str) -> bytes:
    return (RECORDED / name).read_bytes()


def _read(
    body: bytes | str, step: Step = Step.FINISH, *, status: int = 200, profile: EndpointProfile = PROFILE
) -> Answer:
    data = body.encode() if isinstance(body, str) else body
    report_id = None if step in {Step.SUBMIT, Step.STATUS, Step.SCHEMA} else OURS
    return read_answer(step, Reply(status, data), profile, report_id=report_id)


ROOT_OF_SUCCESS = {step: "reportDoneResponse" if step is Step.FINISH else "reportResponse" for step in REPORT_STEPS}


def _response(code: object, inside: str = "", *, root: str = "reportResponse") -> str:
    return f"<{root}><responseCode>{code}</responseCode>{inside}</{root}>"


@pytest.mark.parametrize(
    ("name", "step", "status", "kind", "code"),
    [
        ("status.xml", Step.STATUS, 200, Kind.SUCCESS, 0),
        ("submit.xml", Step.SUBMIT, 200, Kind.SUCCESS, 0),
        ("upload.xml", Step.UPLOAD, 200, Kind.SUCCESS, 0),
        ("fileinfo-2016.xml", Step.FILEINFO, 200, Kind.SUCCESS, 0),
        ("finish.xml", Step.FINISH, 200, Kind.SUCCESS, 0),
        ("finish-without-files.xml", Step.FINISH, 200, Kind.SUCCESS, 0),
        ("retract.xml", Step.RETRACT, 200, Kind.SUCCESS, 0),
        ("refused-2026.xml", Step.SUBMIT, 400, Kind.INVALID, 4100),
        ("refused-2016.xml", Step.SUBMIT, 200, Kind.INVALID, 1001),
        ("denied-2016.xml", Step.SUBMIT, 401, Kind.DENIED, 1000),
        ("finished-before.xml", Step.FINISH, 200, Kind.FINISHED, 5102),
        ("finished-before-other-root.xml", Step.FINISH, 400, Kind.FINISHED, 5102),
        ("retracted-before.xml", Step.FINISH, 400, Kind.RETRACTED, 5101),
        ("unknown-report.xml", Step.FINISH, 400, Kind.NO_REPORT, 5001),
        ("gateway.html", Step.FINISH, 502, Kind.OUTAGE, None),
        ("gateway.html", Step.FINISH, 200, Kind.UNUSABLE, None),
    ],
)
def test_recorded_reply(name: str, step: Step, status: int, kind: AnswerKind, code: int | None) -> None:
    """Replies in the form of those that were recorded mean what their code says, by whichever transport status."""
    answer = _read(_recorded(name), step, status=status)

    assert (kind, code, status) == (answer.kind, answer.code, answer.http_status)


@pytest.mark.parametrize("root", ["reportResponse", "reportDoneResponse"])
@pytest.mark.parametrize("status", [200, 400])
@pytest.mark.parametrize(
    ("code", "kind"), [(5102, Kind.FINISHED), (5101, Kind.RETRACTED), (5001, Kind.NO_REPORT), (5002, Kind.NO_FILE)]
)
def test_state_of_the_report_in_either_root(code: int, kind: AnswerKind, status: int, root: str) -> None:
    """The state that answers a finish counts the same with HTTP 200 and 400, in either root."""
    answer = _read(_response(code, root=root), status=status)

    assert (kind, code) == (answer.kind, answer.code)


@pytest.mark.parametrize("status", [401, 403])
@pytest.mark.parametrize(
    "body", ["", _response(1000), _response(0, f"<reportId>{OURS}</reportId>"), _response(5102), "<html/>"]
)
def test_refused_credentials_with_any_body(status: int, body: str) -> None:
    """401 and 403 are about the credentials, even when the body says success or another code."""
    assert Kind.DENIED == _read(body, status=status).kind


@pytest.mark.parametrize("step", REPORT_STEPS)
@pytest.mark.parametrize("body", ["", " \r\n ", "<html><body>maintenance</body></html>", "{}", "0", "Success"])
def test_success_status_without_a_document(step: Step, body: str) -> None:
    """HTTP 200 with anything but one of the two documents is in doubt, never success."""
    assert Kind.UNUSABLE == _read(body, step).kind


@pytest.mark.parametrize("name", ["finish.xml", "finish-without-files.xml", "upload.xml", "finished-before.xml"])
def test_reply_truncated_at_every_byte(name: str) -> None:
    """A reply cut anywhere inside its document is in doubt."""
    body = _recorded(name).rstrip()
    step = Step.UPLOAD if name == "upload.xml" else Step.FINISH

    kinds = {_read(body[:cut], step).kind for cut in range(len(body))}

    assert {Kind.UNUSABLE} == kinds


def test_oversized_reply() -> None:
    """A reply beyond the cap is in doubt even if what was read of it looks whole."""
    reply = Reply(200, _recorded("finish.xml"), is_oversized=True)

    answer = read_answer(Step.FINISH, reply, PROFILE, report_id=OURS)

    assert (Kind.UNUSABLE, None) == (answer.kind, answer.code)


_INSIDE = f"<responseCode>0</responseCode><reportId>{OURS}</reportId>"
_BOMB = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 12))


@pytest.mark.parametrize(
    "body",
    [
        f"<!DOCTYPE reportResponse><reportResponse>{_INSIDE}</reportResponse>",
        f'<!DOCTYPE reportResponse SYSTEM "http://192.0.2.1/x.dtd"><reportResponse>{_INSIDE}</reportResponse>',
        f'<!DOCTYPE r [<!ENTITY a0 "mug">{_BOMB}]><reportResponse>{_INSIDE}<x>&a11;</x></reportResponse>',
        f'<!DOCTYPE r [<!ENTITY a0 "mug">{_BOMB}]><reportResponse x="&a11;">{_INSIDE}</reportResponse>',
        f'<!DOCTYPE r [<!ENTITY f SYSTEM "file:///etc/hostname">]><reportResponse>{_INSIDE}&f;</reportResponse>',
        f'<!DOCTYPE r [<!ENTITY % p SYSTEM "http://192.0.2.1/p">%p;]><reportResponse>{_INSIDE}</reportResponse>',
        f"<reportResponse>{_INSIDE}{'<a>' * 5000}{'</a>' * 5000}</reportResponse>",
        f'<reportResponse xmlns="urn:example">{_INSIDE}</reportResponse>',
        f'<x:reportResponse xmlns:x="urn:example">{_INSIDE}</x:reportResponse>',
        f"<report>{_INSIDE}</report>",
        f"<ReportResponse>{_INSIDE}</ReportResponse>",
        f"<reportResponse>{_INSIDE}<responseCode>0</responseCode></reportResponse>",
        f"<reportResponse><responseCode><b>0</b></responseCode><reportId>{OURS}</reportId></reportResponse>",
        f"<reportResponse><responseCode>0.0</responseCode><reportId>{OURS}</reportId></reportResponse>",
        f"<reportResponse><responseCode>٠</responseCode><reportId>{OURS}</reportId></reportResponse>",
        f"<reportResponse><responseCode/><reportId>{OURS}</reportId></reportResponse>",
        f"<reportResponse><reportId>{OURS}</reportId></reportResponse>",
        f'<?xml version="1.0" encoding="EBCDIC-SAMPLE"?><reportResponse>{_INSIDE}</reportResponse>',
    ],
)
def test_document_that_is_no_reply(body: str) -> None:
    """DOCTYPEs, entities, depth, namespaces, other roots and codes that are none prove nothing."""
    assert Kind.UNUSABLE == _read(body, Step.FILEINFO).kind


@pytest.mark.parametrize(
    "body",
    [
        f'<?xml version="1.0" encoding="UTF-16"?><reportResponse>{_INSIDE}</reportResponse>'.encode("utf-16"),
        f"\ufeff<reportResponse>{_INSIDE}</reportResponse>".encode(),
        f'<?xml version="1.0" encoding="ISO-8859-1"?><reportResponse>{_INSIDE}<x>Zoë</x></reportResponse>'.encode(
            "latin-1"
        ),
        f"<reportResponse><!-- new --><?pi x?>{_INSIDE}<newer><code>1</code></newer></reportResponse>".encode(),
        f"<reportResponse a='b'>\n\t<responseCode> +0 </responseCode>"
        f"<reportId>\n0{OURS} </reportId></reportResponse>".encode(),
    ],
)
def test_unusual_form_of_a_usable_reply(body: bytes) -> None:
    """The XML declaration decides the encoding, white space is collapsed, and elements that are new are passed over."""
    answer = _read(body, Step.FILEINFO)

    assert (Kind.SUCCESS, OURS) == (answer.kind, answer.report_id)


@pytest.mark.parametrize("step", REPORT_STEPS)
@pytest.mark.parametrize(
    "inside", ["", "<reportId/>", "<reportId>0</reportId>", "<reportId>-5</reportId>", "<reportId>abc</reportId>"]
)
def test_success_without_a_report_id(step: Step, inside: str) -> None:
    """Code 0 without a usable report id is in doubt."""
    body = _response(0, inside + "<fileId>a</fileId>", root=ROOT_OF_SUCCESS[step])

    assert Kind.UNUSABLE == _read(body, step).kind


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2147483648", 2**31),
        ("9223372036854775807", 2**63 - 1),
        ("9223372036854775808", None),
        ("99999999999999999999", None),
    ],
)
def test_report_id_beyond_32_and_64_bits(text: str, expected: int | None) -> None:
    """Ids of 64 bits are taken whole; longer ones are no ids."""
    answer = _read(_response(0, f"<reportId>{text}</reportId>"), Step.SUBMIT)

    assert (Kind.SUCCESS if expected else Kind.UNUSABLE, expected) == (answer.kind, answer.report_id)


@pytest.mark.parametrize("file_id", ["007", "1e5", "true", "12345678901234567890123456789012", "0x1F"])
def test_file_id_that_looks_like_a_number(file_id: str) -> None:
    """File ids are text, to the last leading zero."""
    uploaded = _read(_response(0, f"<reportId>{OURS}</reportId><fileId>{file_id}</fileId>"), Step.UPLOAD)
    files = f"<files><fileId>{file_id}</fileId></files>"
    finished = _read(_response(0, f"<reportId>{OURS}</reportId>{files}", root="reportDoneResponse"))

    assert (file_id, (file_id,)) == (uploaded.file_id, finished.file_ids)


@pytest.mark.parametrize("step", [Step.UPLOAD, Step.FILEINFO, Step.FINISH, Step.RETRACT])
@pytest.mark.parametrize("code", [0, 5001, 5002, 5101, 5102])
def test_reply_about_another_report(step: Step, code: int) -> None:
    """What is said of another report says nothing of ours."""
    body = _response(code, f"<reportId>{OURS + 1}</reportId><fileId>a</fileId>", root=ROOT_OF_SUCCESS[step])

    assert Kind.UNUSABLE == _read(body, step).kind


def test_upload_without_a_file_id() -> None:
    """An upload whose copy has no id could not be described or compared: in doubt."""
    assert Kind.UNUSABLE == _read(_response(0, f"<reportId>{OURS}</reportId>"), Step.UPLOAD).kind


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<hash>9E107D9D372BB6826BD81D3542A419D6</hash>", "9e107d9d372bb6826bd81d3542a419d6"),
        ("<hash> 9e107d9d372bb6826bd81d3542a419d6\n</hash>", "9e107d9d372bb6826bd81d3542a419d6"),
        ("<hash>no digest</hash>", "no digest"),
        ("<hash/>", None),
        ("", None),
    ],
)
def test_hash_of_an_upload(text: str, expected: str | None) -> None:
    """Upper case is the same hash, a missing one is missing, and anything else stays visibly wrong."""
    answer = _read(_response(0, f"<reportId>{OURS}</reportId><fileId>{FILE_ID}</fileId>{text}"), Step.UPLOAD)

    assert expected == answer.file_hash


def test_description_that_quotes_the_report() -> None:
    """Of three thousand characters of the endpoint's words, positions, rules and element names alone are shown."""
    secret = "Zoë of the coffee mugs"
    lines = "\n".join(
        f"[{n},20] - cvc-complex-type.2.4.a: Invalid content '{secret}' in element 'lastName'. '{{phone, email}}'"
        for n in range(40)
    )
    body = _response(4100, f"<responseDescription>Validation failed {secret}\n{lines}</responseDescription>")

    answer = _read(body, Step.SUBMIT, status=400)

    shown = f"{answer.reason} {answer.findings} {answer!r}"
    assert "[0,20] cvc-complex-type.2.4.a: lastName, {phone, email}" == answer.findings[0]
    assert (True, 20) == (len(body) > 3000, len(answer.findings))
    assert not any(word in shown for word in ("Zoë", "coffee", "Validation"))


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        *[(status, Kind.OUTAGE) for status in (301, 302, 307, 308, 404, 405, 408, 429, 500, 502, 503, 504, 599)],
        *[(status, Kind.UNUSABLE) for status in (200, 201, 204, 400, 418)],
    ],
)
def test_status_without_a_code(status: int, kind: AnswerKind) -> None:
    """Without a code of the endpoint the status decides: an outage, or a reply that proves nothing."""
    assert kind == _read("<html>sorry</html>", status=status).kind


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (1999, Kind.SERVER_ERROR),
        (2999, Kind.DENIED),
        (3999, Kind.DENIED),
        (4999, Kind.INVALID),
        (5999, Kind.UNUSABLE),
        (1, Kind.UNUSABLE),
        (-1, Kind.UNUSABLE),
        (123456789, Kind.UNUSABLE),
    ],
)
def test_code_that_is_not_documented(code: int, kind: AnswerKind) -> None:
    """An unknown code belongs to its family; without one it proves nothing, and never success."""
    assert kind == _read(_response(code), status=400).kind


def test_finish_answered_in_the_other_root() -> None:
    """A success in the document of the other calls is no word about this finish: in doubt."""
    answer = _read(_recorded("retract.xml"))

    assert (Kind.UNUSABLE, 0) == (answer.kind, answer.code)


def test_two_lists_of_files() -> None:
    """Which of them is the endpoint's, nobody can tell: that is no list to compare with, and success all the same."""
    body = f"<responseCode>0</responseCode><reportId>{OURS}</reportId>{'<files><fileId>f-1</fileId></files>' * 2}"

    answer = _read(f"<reportDoneResponse>{body}</reportDoneResponse>")

    assert (Kind.SUCCESS, None) == (answer.kind, answer.file_ids)


def test_empty_list_of_files() -> None:
    """A list without files is a list, unlike no list at all."""
    assert () == _read(_recorded("finish-without-files.xml")).file_ids


def test_no_reply_at_all() -> None:
    """Silence keeps the transport's word for whether the request can have arrived."""
    answer = read_answer(Step.FINISH, NoReply(Kind.UNANSWERED, "the connection broke"), PROFILE)

    assert (Kind.UNANSWERED, "the connection broke", None) == (answer.kind, answer.reason, answer.http_status)


def test_request_id_longer_than_any_column() -> None:
    """An endless Request-ID is cut, and the answer itself is not lost."""
    answer = read_answer(Step.SUBMIT, Reply(200, _recorded("submit.xml"), request_id="r" * 9000), PROFILE)

    assert (Kind.SUCCESS, 200) == (answer.kind, len(answer.request_id or ""))


@given(
    body=st.binary(max_size=300)
    | st.text(alphabet="<>&;!/ reportResponseCode0['\"]\x00", max_size=200).map(str.encode),
    status=st.integers(100, 599),
    step=st.sampled_from(Step),
)
def test_arbitrary_bytes(body: bytes, status: int, step: Step) -> None:
    """Whatever arrives is answered by an answer, and random bytes are never success."""
    answer = _read(body, step, status=status)

    assert step is Step.SCHEMA or Kind.SUCCESS != answer.kind


@given(st.integers(0, 600), st.integers(0, 255))
def test_one_byte_changed(position: int, byte: int) -> None:
    """A finish with one byte changed never makes success for another report or of another code."""
    body = bytearray(_recorded("finish.xml"))
    body[position % len(body)] = byte

    answer = _read(bytes(body))

    assert Kind.SUCCESS != answer.kind or (0, OURS) == (answer.code, answer.report_id)
