"""Which law asks to keep what, for how long, and where two of them contradict each other."""

from datetime import UTC, datetime

import pytest

from tipline_client.delivery.hold import Conflict, Hold, HoldTerms, Part, find_conflicts
from tipline_client.delivery.regimes import REGIMES, regimes_of, terms_of
from tipline_client.errors import ConfigurationError

FILED = datetime(2026, 3, 5, 8, tzinfo=UTC)
IDENTIFIED = datetime(2026, 3, 1, 8, tzinfo=UTC)


def _terms(*names: str, filed: datetime = FILED, identified: datetime = IDENTIFIED) -> list[HoldTerms]:
    return list(terms_of(regimes_of(names), filed_at=filed, identified_at=identified))


def test_united_states() -> None:
    """The content is kept for a year from the completed submission."""
    [terms] = _terms("us")

    assert (Part.CONTENT, FILED, FILED.replace(year=2027), False) == (
        terms.part,
        terms.began_at,
        terms.ends_at,
        terms.is_limit,
    )
    assert "2258A(h)" in terms.reason


def test_united_kingdom() -> None:
    """The content is kept for a year, the reference for five."""
    found = [(terms.part, terms.ends_at.year) for terms in _terms("uk")]

    assert [(Part.CONTENT, 2027), (Part.REFERENCE, 2031)] == found


def test_european_messaging() -> None:
    """It may be kept for a year at most, from the identification and not from the filing."""
    [terms] = _terms("eu")

    assert (IDENTIFIED, IDENTIFIED.replace(year=2027), True) == (terms.began_at, terms.ends_at, terms.is_limit)


def test_leap_day() -> None:
    """A year from the 29th of February is not over on the 28th; a limit of one is."""
    leap = datetime(2028, 2, 29, 12, tzinfo=UTC)

    ends = [terms.ends_at for terms in _terms("us", "eu", filed=leap, identified=leap)]

    assert [datetime(2029, 3, 1, 12, tzinfo=UTC), datetime(2029, 2, 28, 12, tzinfo=UTC)] == ends


def test_names_as_written() -> None:
    """Names may be written in any case and twice."""
    assert (REGIMES["uk"], REGIMES["us"]) == regimes_of([" UK", "us", "uk"])


@pytest.mark.parametrize("names", [[], ["mars"]])
def test_no_such_regime(names: list[str]) -> None:
    """A regime that there is not, or none at all, is refused with the list of those that there are."""
    with pytest.raises(ConfigurationError) as caught:
        regimes_of(names)

    assert "us, uk, eu" in caught.value.hint


def _hold(number: int, terms: HoldTerms, *, released: datetime | None = None, entry_id: str = "e1") -> Hold:
    return Hold(
        number,
        entry_id,
        terms.regime,
        terms.part,
        terms.reason,
        terms.began_at,
        terms.ends_at,
        terms.is_limit,
        released,
    )


def test_two_laws_in_conflict() -> None:
    """A limit that ends before a hold of the same content is shown with it; a reference is no conflict."""
    content, reference, limit = (_hold(number, terms) for number, terms in enumerate(_terms("uk", "eu"), start=1))

    assert (Conflict(limit, content),) == find_conflicts([content, reference, limit])


def test_released_or_anothers() -> None:
    """What was released conflicts with nothing, and so does another entry's."""
    us, limit = _terms("us", "eu")

    assert () == find_conflicts([_hold(1, us, released=FILED), _hold(2, limit)])
    assert () == find_conflicts([_hold(1, us, entry_id="e2"), _hold(2, limit)])


def test_hold_binds() -> None:
    """A hold of content binds until its end or its release; limits and references never do."""
    content, reference, limit = (_hold(number, terms) for number, terms in enumerate(_terms("uk", "eu"), start=1))

    assert [True, False, False] == [hold.binds(FILED) for hold in (content, reference, limit)]
    assert not content.binds(content.ends_at)
    assert not _hold(4, _terms("us")[0], released=FILED).binds(FILED)
