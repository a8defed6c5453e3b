"""Hidden text: what a page holds and no reader sees.

Text that people cannot see is where orders to a language model are hidden.
"""

import re

from lxml import etree

from ingest.loaders.writing.elements import drop

_HIDING = re.compile(
    r"display:none|visibility:(?:hidden|collapse)|content-visibility:hidden|opacity:0(?:\.0+)?(?:;|$)"
    r"|font:0/|text-indent:-\d{3,}|(?:left|top|right):-\d{4,}|clip-path:inset\((?:50|100)%\)"
    r"|clip:rect\([01](?:px)?[, ][01]"
)
_FLAT = re.compile(r"(?:^|;)(?:max-)?(?:height|width):0(?:px)?(?:;|$)")
_SIZE = re.compile(r"font-size:(\d*\.?\d+)(px|pt|em|rem|%|)")
# The largest size of each unit that nobody can read.
_UNREADABLE = {"px": 1.0, "pt": 1.0, "em": 0.1, "rem": 0.1, "%": 10.0, "": 0.0}
_COLOUR = re.compile(r"(?:^|;)color:([^;]+)")
_BACKGROUND = re.compile(r"(?:^|;)background(?:-color)?:([^;]+)")
_CLEAR = re.compile(r"transparent|(?:rgba|hsla)\([^)]*[,/]0?(?:\.0+|%)?\)")
_NAMED = {"white": "ffffff", "black": "000000", "snow": "fffafa", "ivory": "fffff0", "ghostwhite": "f8f8ff"}
_PAGE = (255, 255, 255)
# Colours that differ less in each channel look the same.
_MIN_CONTRAST = 8

_Colour = tuple[int, int, int]


def remove_hidden(root: etree._Element) -> None:
    """Remove elements that are not shown: by attribute, by inline style, or in the page's colour."""
    for element in [element for element in root.iter(etree.Element) if is_hidden(element)]:
        drop(element)


def is_hidden(element: etree._Element) -> bool:
    """Tell whether an element's own attributes hide it from readers."""
    if element.get("hidden") is not None or (element.get("aria-hidden") or "").strip().lower() == "true":
        return True
    style = _style(element)
    if style and (_HIDING.search(style) or _is_tiny(style)):
        return True
    match = _COLOUR.search(style)
    colour = match.group(1) if match else ""
    if not colour and element.tag == "font":
        colour = (element.get("color") or "").strip().lower()
    return bool(colour) and (bool(_CLEAR.fullmatch(colour)) or _blends(colour, element))


def _style(element: etree._Element) -> str:
    style = element.get("style")
    return re.sub(r"\s+|!important|/\*.*?\*/", "", style.lower()) if style else ""


def _is_tiny(style: str) -> bool:
    if "overflow:hidden" in style and _FLAT.search(style):
        return True
    return any(float(size) <= _UNREADABLE[unit] for size, unit in _SIZE.findall(style))


def _blends(colour: str, element: etree._Element) -> bool:
    """Tell whether a colour is that of its ground, as far as inline styles tell it."""
    ink, ground = _channels(colour), _ground(element)
    return bool(ink and ground) and all(
        abs(a - b) < _MIN_CONTRAST for a, b in zip(ink or (), ground or (), strict=True)
    )


def _ground(element: etree._Element) -> _Colour | None:
    current: etree._Element | None = element
    while current is not None:
        match = _BACKGROUND.search(_style(current))
        colour = match.group(1) if match else (current.get("bgcolor") or "").strip().lower()
        if colour and not _CLEAR.fullmatch(colour):
            return _channels(colour)
        # Stylesheets colour the heading of many tables; white is what is written on that.
        if current.tag in ("th", "thead"):
            return None
        current = current.getparent()
    return _PAGE


def _channels(colour: str) -> _Colour | None:
    """Read #rgb, #rrggbb, rgb() or one of a few names."""
    digits = _NAMED.get(colour) or colour.removeprefix("#")
    if re.fullmatch(r"[0-9a-f]{3}", digits):
        digits = "".join(digit * 2 for digit in digits)
    if re.fullmatch(r"[0-9a-f]{6}", digits):
        return int(digits[:2], 16), int(digits[2:4], 16), int(digits[4:], 16)
    match = re.match(r"rgba?\((\d{1,3})[, ](\d{1,3})[, ](\d{1,3})", colour)
    return (int(match[1]), int(match[2]), int(match[3])) if match else None
