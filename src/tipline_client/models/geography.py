"""Which states and countries an address may name: the hotline's own lists.

Country codes are ISO 3166-1 alpha-2 and eight more: `A1` (anonymous proxy), `A2` (satellite provider), `O1` (other),
`AN`, `AP`, `EU`, `FX` and `XK`. Both lists admit the empty text, which the writer leaves out. A refusal says what kind
of code is expected; it must not print the whole list.
"""

from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from tipline_client.models.scalars import WireText

__all__ = ["COUNTRIES", "STATES", "Country", "OneOf", "State"]

_STATES = """
AK AL AR AZ CA CO CT DC DE FL GA GU HI IA ID IL IN KS KY LA MA MD ME MI MN MO MS MT NC ND NE NH NJ NM NV NY OH
OK OR PA PR RI SC SD TN TX UT VA VI VT WA WI WV WY
"""
_COUNTRIES = """
A1 A2 AD AE AF AG AI AL AM AN AO AP AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT
BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET EU
FI FJ FK FM FO FR FX GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN
IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG
MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ O1 OM PA PE PF PG PH PK
PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD
TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS XK YE YT ZA ZM ZW
"""

STATES = frozenset(_STATES.split()) | {""}
"""The 50 states, `DC`, `GU`, `PR`, `VI`, and the empty text. `AS`, `MP`, `UM` and military codes are refused."""

COUNTRIES = frozenset(_COUNTRIES.split()) | {""}
"""The 257 country codes and the empty text."""


@dataclass(frozen=True, slots=True)
class OneOf:
    """The text must be one of `codes`, in exactly that form."""

    codes: frozenset[str]
    meaning: str

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        def check(value: str) -> str:
            if value not in self.codes:
                raise PydanticCustomError("unknown_code", "{meaning} expected", {"meaning": self.meaning})
            return value

        return core_schema.no_info_after_validator_function(check, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {**handler(schema), "enum": sorted(self.codes)}


State = Annotated[WireText, OneOf(STATES, "the two capital letters of a US state (or DC, GU, PR, VI)")]
"""A US state's postal code."""

Country = Annotated[WireText, OneOf(COUNTRIES, "a two-letter ISO 3166-1 country code in capitals (or A1, A2, O1 ...)")]
"""A country's code."""
