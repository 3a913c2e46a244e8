"""Which law asks to keep what, for how long: data, each rule with its source.

Which of them bind a platform is for its counsel to say, and for the settings to repeat. Nothing here decides between
two that contradict each other.
"""

import calendar
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Final

from tipline_client.delivery.hold import HoldTerms, Part
from tipline_client.errors import ConfigurationError

__all__ = ["DEFAULT_REGIMES", "REGIMES", "Regime", "Rule", "regimes_of", "terms_of"]


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of a regime.

    Attributes:
        part: What is to be kept.
        years: For how many years.
        source: Where that is written.
        is_limit: Whether it may not be kept longer; such a rule counts from the identification of the content, the
            others from the completed filing.
    """

    part: Part
    years: int
    source: str
    is_limit: bool = False


@dataclass(frozen=True, slots=True)
class Regime:
    """The rules of one law.

    Attributes:
        name: Its name in settings and columns.
        rules: What it asks for.
    """

    name: str
    rules: tuple[Rule, ...]


_US: Final = Regime("us", (Rule(Part.CONTENT, 1, "one year from the submission: 18 U.S.C. 2258A(h)"),))
# Both periods are still to be compared with the regulations in force, SI 2026/268; those of SI 2025/368 were revoked.
_UK: Final = Regime(
    "uk",
    (
        Rule(Part.CONTENT, 1, "content one year: Online Safety Act 2023, regulations under section 67"),
        Rule(Part.REFERENCE, 5, "reference five years: Online Safety Act 2023, regulations under section 67"),
    ),
)
# The regulation lapsed on 2026-04-03. Whoever chooses this regime wants its limit all the same, so it is not refused.
_EU: Final = Regime(
    "eu",
    (
        Rule(
            Part.CONTENT,
            1,
            "messaging, at most twelve months from the identification: Regulation (EU) 2021/1232, Article 3",
            is_limit=True,
        ),
    ),
)

REGIMES: Final[Mapping[str, Regime]] = MappingProxyType({regime.name: regime for regime in (_US, _UK, _EU)})
"""The regimes that there are, by name."""

DEFAULT_REGIMES: Final = (_US.name,)
"""What binds where nothing is said."""


def regimes_of(names: Iterable[str]) -> tuple[Regime, ...]:
    """The regimes with these names, each once.

    Raises:
        ConfigurationError: There is none of a name, or no name is given.
    """
    wanted = list(dict.fromkeys(name.strip().lower() for name in names))
    for name in wanted:
        if name not in REGIMES:
            raise ConfigurationError(f"there is no regime {name!r}", hint=f"The regimes are {', '.join(REGIMES)}.")
    if not wanted:
        raise ConfigurationError("no regime is named", hint=f"Name one or more of {', '.join(REGIMES)}.")
    return tuple(REGIMES[name] for name in wanted)


def terms_of(regimes: Iterable[Regime], *, filed_at: datetime, identified_at: datetime) -> tuple[HoldTerms, ...]:
    """The holds that a filing opens.

    Args:
        regimes: What binds.
        filed_at: When the submission was completed.
        identified_at: When the content was identified; the knowledge, or the queueing.
    """
    return tuple(
        HoldTerms(
            regime=regime.name,
            part=rule.part,
            reason=rule.source,
            began_at=(began_at := identified_at if rule.is_limit else filed_at),
            ends_at=_later(began_at, rule.years, is_limit=rule.is_limit),
            is_limit=rule.is_limit,
        )
        for regime in regimes
        for rule in regime.rules
    )


def _later(moment: datetime, years: int, *, is_limit: bool) -> datetime:
    moment = moment.astimezone(UTC)
    year = moment.year + years
    if (moment.month, moment.day) != (2, 29) or calendar.isleap(year):
        return moment.replace(year=year)
    # A year from the 29th of February is not over on the 28th, and a limit of one is.
    return moment.replace(year=year, day=28) if is_limit else moment.replace(year=year, month=3, day=1)
