"""Rules about addresses of the network and the moments at which they were seen: URLs, IP addresses, instants.

Each rule stands beside the check that finds it. Nothing is looked up: an address is judged by its form alone.
"""

import ipaddress
import re
from collections.abc import Iterator

from tipline_client.delivery.environment import Environment
from tipline_client.models import (
    AssociatedAccount,
    EvidenceDetails,
    IntendedRecipient,
    IpCaptureEvent,
    PersonOrUserReported,
    Reporter,
    Victim,
    WebPageIncident,
)
from tipline_client.validation.rule import DOCUMENTATION, OBSERVED, RECOMMENDATION, Check, Finding, Rule, error, warning
from tipline_client.validation.subject import Subject

__all__ = ["CHECKS", "RULES"]

URL_SPACES = error(
    "url-with-spaces",
    summary="A URL holds no white space and no control characters.",
    message="The URL holds white space or control characters. Percent-encode them (%20 for a space), or leave the "
    "URL out.",
    source=f"{OBSERVED} for url; {DOCUMENTATION} for legalURL and locationOfFile; {RECOMMENDATION} for profileUrl",
)
URL_NOT_ABSOLUTE = error(
    "url-not-absolute",
    summary="A URL is absolute: it has a scheme and a host or path.",
    message="The URL is not absolute. Write it in full, such as https://www.example.com/page, or leave it out; a "
    "placeholder is worse than nothing.",
    source=f"{DOCUMENTATION} for url, legalURL and locationOfFile; {RECOMMENDATION} for profileUrl",
)
NO_IP_ADDRESS = warning(
    "ip-address-malformed",
    summary="ipAddress is an IPv4 or IPv6 address.",
    message="The text is no IPv4 or IPv6 address. Give the address alone; a port has its own element, and a host name "
    "belongs into additionalInfo.",
    source=RECOMMENDATION,
    why="Providers are found by the address, so anything else leads nowhere.",
)
NOT_PUBLIC = warning(
    "ip-address-not-public",
    summary="At the production endpoint, an IP address is one of the public internet.",
    message="The address is private, local or reserved. Give the public address; behind a load balancer it is in the "
    "forwarding header.",
    source=f"{RECOMMENDATION}; {OBSERVED}: such addresses are not refused",
    why="An address of this kind belongs to no subscriber.",
)
NO_TIME = warning(
    "ip-without-time",
    summary="An IP address has the moment at which it was seen.",
    message="dateTime is missing. Give the moment at which the address was seen.",
    source=RECOMMENDATION,
    why="Addresses change hands, and a provider can name the subscriber only for a moment.",
)
NO_PORT = warning(
    "ip-without-port",
    summary="An IPv4 address has the source port.",
    message="port is missing. Give the source port of the connection, if it was recorded.",
    source=RECOMMENDATION,
    why="Thousands of customers may share one IPv4 address, and only the port tells them apart.",
)
EVENT_IN_FUTURE = warning(
    "event-time-in-future",
    summary="What was recorded was recorded in the past.",
    message="The time lies in the future by more than the tolerance for clocks. Check the time zone and the clock of "
    "the machine that recorded it.",
    source=RECOMMENDATION,
    why="A provider has no log of that moment, and the other times of the report become doubtful.",
)

RULES = (URL_SPACES, URL_NOT_ABSOLUTE, NO_IP_ADDRESS, NOT_PUBLIC, NO_TIME, NO_PORT, EVENT_IN_FUTURE)

_UNSAFE_IN_URL = re.compile(r"[\s\x00-\x20\x7f-\x9f]")
# One letter before the colon is a drive. A dot there is a host whose scheme was forgotten, unless two slashes follow;
# and so is a word before a port and a path.
_ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://[^/?#]|[A-Za-z][A-Za-z0-9+-]+:(?!//)(?![0-9]{1,5}/)[^#]")
_WEB = re.compile(r"https?:", re.IGNORECASE)
_WEB_ABSOLUTE = re.compile(r"https?://[^/?#]", re.IGNORECASE)

# These have their own rules, or may lie in the future.
_OTHER_INSTANTS = (".incidentDateTime", ".uploadedToEspTimestamp", ".reenabledDate", "knownAt")


def check_urls(subject: Subject) -> Iterator[Finding]:
    """The form of every URL."""
    for path, url in _urls(subject):
        rule = _broken_url(url)
        if rule is not None:
            yield rule.at(path)


def _urls(subject: Subject) -> Iterator[tuple[str, str]]:
    for path, page in subject.each(WebPageIncident):
        yield from ((f"{path}.url[{index}]", url) for index, url in enumerate(page.url))
    accounts: list[tuple[str, PersonOrUserReported | IntendedRecipient | Victim | AssociatedAccount]]
    accounts = [*subject.each(PersonOrUserReported), *subject.each(IntendedRecipient), *subject.each(Victim)]
    accounts += subject.each(AssociatedAccount)
    for path, account in accounts:
        yield from ((f"{path}.profileUrl[{index}]", url) for index, url in enumerate(account.profile_url))
    for path, reporter in subject.each(Reporter):
        if reporter.legal_url is not None:
            yield f"{path}.legalURL", reporter.legal_url
    for path, details in subject.each(EvidenceDetails):
        if details.location_of_file is not None:
            yield f"{path}.locationOfFile", details.location_of_file


def _broken_url(url: str) -> Rule | None:
    if not url:
        return None  # left out by the writer, which has its own warning
    if _UNSAFE_IN_URL.search(url):
        return URL_SPACES
    whole = (_WEB_ABSOLUTE if _WEB.match(url) else _ABSOLUTE).match(url)
    return URL_NOT_ABSOLUTE if whole is None else None


def check_ip_events(subject: Subject) -> Iterator[Finding]:
    """The form of every IP address, and what a provider needs beside it."""
    production = subject.profile.environment is Environment.PRODUCTION
    for path, event in subject.each(IpCaptureEvent):
        try:
            address = ipaddress.ip_address(event.ip_address)
        except ValueError:
            yield NO_IP_ADDRESS.at(f"{path}.ipAddress")
        else:
            if production and not address.is_global:
                yield NOT_PUBLIC.at(f"{path}.ipAddress")
            if event.port is None and address.version == 4:
                yield NO_PORT.at(f"{path}.port", reads=(f"{path}.ipAddress",))
        if event.date_time is None:
            yield NO_TIME.at(f"{path}.dateTime")


def check_instants(subject: Subject) -> Iterator[Finding]:
    """Recorded moments that have not come yet."""
    latest = subject.now + subject.clock_skew
    for path, moment in subject.instants:
        if moment > latest and not path.endswith(_OTHER_INSTANTS):
            yield EVENT_IN_FUTURE.at(path)


CHECKS: tuple[Check[Subject], ...] = (check_urls, check_ip_events, check_instants)
