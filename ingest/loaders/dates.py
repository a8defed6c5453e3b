"""Dates as publishers write them."""

import re
from datetime import date

_MONTHS = {
    name: number
    for number, names in enumerate(
        "jan january|feb february|mar march|apr april|may|jun june|jul july|aug august|"
        "sep sept september|oct october|nov november|dec december".split("|"),
        start=1,
    )
    for name in names.split()
}
_LAYOUTS = (
    re.compile(r"(?P<y>\d{4})\s*[-/.年]\s*(?P<m>\d{1,2})(?:\s*[-/.月]\s*(?P<d>\d{1,2}))?(?!\d)"),
    re.compile(r"(?P<y>(?:19|20)\d\d)(?P<m>\d\d)(?P<d>\d\d)(?:\d{6})?(?!\d)"),
    re.compile(r"(?P<m>[A-Za-z]{3,9})\.?\s+(?:(?P<d>\d{1,2})(?:st|nd|rd|th)?,?\s+)?(?P<y>\d{4})(?!\d)"),
    re.compile(r"(?P<d>\d{1,2})\s+(?P<m>[A-Za-z]{3,9})\.?,?\s+(?P<y>\d{4})(?!\d)"),
    re.compile(r"(?P<y>(?:19|20)\d\d)$"),
)


def read_date(text: str | None) -> date | None:
    """Read a date: ISO 8601, 20171107, 2014/1/21, 2016年12月25日, "July 21, 2009", "21 July 2009".

    A date of less than day precision gives the first day of its month or year. "7/8/2009" is not
    read: it is July in one country and August in another.

    Returns:
        None when the text does not begin with a date.
    """
    words = (text or "").strip()
    for layout in _LAYOUTS:
        match = layout.match(words)
        if match:
            return _date(match.groupdict())
    return None


def make_date(year: str | None, month: str | None, day: str | None) -> date | None:
    """Make a date of its parts; a month may be a number or a name, and a missing one is the first."""
    return _date({"y": year, "m": month, "d": day}) if year else None


def _date(parts: dict[str, str | None]) -> date | None:
    month = (parts.get("m") or "1").strip().lower()
    try:
        number = _MONTHS.get(month) or int(month)
        return date(int(parts.get("y") or ""), number, int(parts.get("d") or 1))
    except ValueError:
        return None
