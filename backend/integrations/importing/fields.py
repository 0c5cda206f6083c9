"""Which column is which field of a customer, and whether what stands in it can be one."""

import re
import unicodedata
from collections.abc import Sequence
from typing import Any, NamedTuple, get_args

from backend.core.errors import Invalid
from backend.customers.profile import fit
from backend.integrations.importing.schemas import ColumnField
from backend.integrations.mapping import Unfit, date_of

FIELDS: tuple[str, ...] = get_args(ColumnField)
_COLUMN_OF = {"pastOrderCount": "past_order_count", "lastOrderDate": "last_order_date", "emailOptOut": "email_opt_out"}
_SAME = {
    "externalId": "id customerid userid externalid accountid clientid uid customer customernumber customerno ref",
    "name": "name fullname customername displayname contactname kunde nom nombre",
    "firstName": "firstname givenname forename vorname prenom",
    "lastName": "lastname surname familyname nachname",
    "email": "email emailaddress mail emailid mailaddress",
    "phone": "phone phonenumber mobile mobilenumber telephone tel cell contactnumber whatsapp",
    "language": "language lang locale preferredlanguage sprache",
    "region": "region country countrycode state province",
    "tier": "tier level segment grade loyalty loyaltytier",
    "pastOrderCount": "pastordercount orders ordercount numberoforders totalorders orderscount",
    "lastOrderDate": "lastorderdate lastorder lastordered lastpurchase lastpurchasedate",
    "emailOptOut": "emailoptout optout optedout unsubscribed hasoptedoutofemail donotemail nomail noemail hsemailoptout",
}
_GUESSES = {name: field for field, names in _SAME.items() for name in names.split()}
_DATE = re.compile(r"(\d{1,2})[./-](\d{1,2})[./-](\d{4})")


class Row(NamedTuple):
    """A row as a customer. `reasons` say what is wrong with it; with any, nothing of it is taken."""

    line: int
    external_id: str
    profile: dict[str, Any]
    reasons: list[str]


def guess(header: Sequence[str]) -> list[ColumnField | None]:
    """The field of each column, by its name; None where nobody can tell, and for the second of one field."""
    found: list[ColumnField | None] = []
    for name in header:
        plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
        field: Any = _GUESSES.get(re.sub(r"[^a-z]", "", plain.lower()))
        found.append(None if field in found else field)
    return found


def check_columns(columns: Sequence[ColumnField | None], header: Sequence[str]) -> None:
    """Invalid, in words, when columns cannot be mapped so."""
    named = [field for field in columns if field]
    twice = next((field for field in named if named.count(field) > 1), None)
    if len(columns) != len(header):
        raise Invalid(f"columns: the file has {len(header)}, and {len(columns)} are told", field="columns")
    if twice:
        raise Invalid(f"columns: {twice} stands for two columns", field="columns")
    if "externalId" not in named:
        raise Invalid("columns: one must be externalId, by which customers are known again", field="columns")


def read_row(columns: Sequence[ColumnField | None], line: int, cells: Sequence[str]) -> Row:
    """A row as a customer. An empty cell says nothing."""
    reasons: list[str] = []
    extra = [cell for cell in cells[len(columns) :] if cell]
    if extra:
        reasons.append(
            f"it has {len(cells)} cells, and the header {len(columns)}: is a text with a separator not quoted?"
        )
    given = {field: cell for field, cell in zip(columns, cells, strict=False) if field and cell}
    external_id = given.pop("externalId", "")
    if not external_id:
        reasons.append("externalId: is empty")
    elif len(external_id) > 128:
        reasons.append("externalId: has more than 128 characters")
    first, last = given.pop("firstName", ""), given.pop("lastName", "")
    if (first or last) and "name" not in given:
        given["name"] = f"{first} {last}".strip()
    profile: dict[str, Any] = {}
    for field, cell in given.items():
        try:
            profile[_COLUMN_OF.get(field, field)] = _value(field, cell)
        except Invalid as error:
            reasons.append(error.message)
    return Row(line, external_id, profile, reasons)


def _value(field: str, cell: str) -> Any:
    match field:
        case "pastOrderCount":
            plain = cell.replace(" ", "").removesuffix(".0")
            if not (plain.isascii() and plain.isdigit()) or int(plain) >= 2**31:
                raise Invalid(f"pastOrderCount: {cell[:40]!r} is not a whole number", field=field)
            return int(plain)
        case "lastOrderDate":
            return _day(cell)
        case "emailOptOut":
            return fit("email_opt_out", cell)
        case "tier":
            return fit(field, cell.upper())
    return fit(field, cell)


def _day(cell: str) -> Any:
    """A date as ISO 8601 has it, or with the day first, where only one reading is possible."""
    if found := _DATE.fullmatch(cell):
        day, month, year = (int(part) for part in found.groups())
        if month > 12 >= day:
            day, month = month, day
        elif day <= 12 and day != month:
            raise Invalid(f"lastOrderDate: {cell!r} may mean two days; write it as 2026-03-02", field="lastOrderDate")
        cell = f"{year:04}-{month:02}-{day:02}"
    try:
        return date_of(cell)
    except Unfit as unfit:
        raise Invalid(f"lastOrderDate: {unfit}", field="lastOrderDate") from None
