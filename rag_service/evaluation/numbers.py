"""Numbers of a text, read in the simplest way.

On purpose not by the service's own reader of quantities: a fault of that one must not hide itself.
"""

import re
from decimal import Decimal

_FULL_WIDTH = str.maketrans("０１２３４５６７８９．", "0123456789.")
_MARKER = re.compile(r"\s?\[\d{1,3}\]")
_LIST_NUMBER = re.compile(r"^\s*(?:[-*+]\s+)?(?:\d{1,2}[.、)）](?!\d)|[(（]\d{1,2}[)）])", re.MULTILINE)
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
# Not the digits of a name, such as HbA1c or B12: another language names it otherwise.
_NUMBER = re.compile(r"(?<![A-Za-z0-9])(?<![0-9]\.)[0-9]+(?:\.[0-9]+)?")


def numbers(text: str) -> frozenset[Decimal]:
    """Read the numbers written in digits; Chinese numerals are none.

    Full-width digits are folded, separators of thousands removed, and markers, list numbers and
    digits right after a Latin letter passed over. 2.0 is 2.
    """
    plain = without_markers(text).translate(_FULL_WIDTH)
    plain = _THOUSANDS.sub("", _LIST_NUMBER.sub("", plain))
    return frozenset(Decimal(number) for number in _NUMBER.findall(plain))


def markers(text: str) -> list[int]:
    """List the markers `[n]` of a text, in their order."""
    return [int(marker.strip(" \t\n[]")) for marker in _MARKER.findall(text)]


def without_markers(text: str) -> str:
    """Remove the markers, each with the blank before it."""
    return _MARKER.sub("", text)
