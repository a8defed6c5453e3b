"""Main content: the part of a page that its reader came for."""

import re
from dataclasses import dataclass

from lxml import etree

from ingest.loaders.writing.elements import drop

_UNREAD = (
    "script",
    "style",
    "template",
    "noscript",
    "iframe",
    "svg",
    "button",
    "select",
    "textarea",
    "input",
)
_ROLES = frozenset(
    "navigation banner contentinfo search complementary dialog alertdialog menu menubar toolbar".split()
)
# Words of class names and ids. The second kind names content too ("social history"), so that such an
# element goes only when it is short or mostly links.
_FURNITURE = frozenset(
    "nav navbar navigation breadcrumb breadcrumbs footer cookie cookies gdpr modal popup pagination "
    "skiplink skipnav newsletter advert advertisement ads".split()
)
_DOUBTFUL = frozenset(
    "menu crumb crumbs sidebar consent overlay share sharing social promo subscribe pager toolbar login "
    "signup comments disqus related recommended".split()
)
_NAMED = frozenset("div section ul ol p span form table dl".split())
_SHORT_CHARS = 200
_SOME_LINKS = 0.3
# An element that holds this much of the page is the page, whatever its class says ("has-sidebar").
_MAX_FURNITURE_SHARE = 0.4
_MIN_MAIN_SHARE = 0.3
_MIN_LINKS = 4
_MOSTLY_LINKS = 0.75


@dataclass(slots=True)
class _Size:
    """How much an element holds: characters other than blanks, those inside links, links."""

    n_chars: int = 0
    n_link_chars: int = 0
    n_links: int = 0

    @property
    def link_share(self) -> float:
        return self.n_link_chars / max(1, self.n_chars)


def main_content(root: etree._Element) -> etree._Element:
    """Find the main content of a page and clear it of navigation, adverts and lists of links.

    Args:
        root: The page; elements that are not content are removed from it.

    Returns:
        The only `main` or `article` element when it holds a fair share of the text, else the body.
    """
    for element in list(root.iter(*_UNREAD)):
        drop(element)
    body = next(root.iter("body"), root)
    _drop_furniture(body)
    sizes = _measure(body)
    mains = [element for element in body.iter("main", "div", "section") if _is_main(element)]
    for candidates in (mains, list(body.iter("article"))):
        if len(candidates) == 1 and sizes[candidates[0]].n_chars >= _MIN_MAIN_SHARE * sizes[body].n_chars:
            body = candidates[0]
            break
    for element in list(body.iterdescendants("ul", "ol", "div", "section", "p")):
        size = sizes[element]
        if size.n_links >= _MIN_LINKS and size.link_share >= _MOSTLY_LINKS:
            drop(element)
    return body


def _drop_furniture(body: etree._Element) -> None:
    sizes = _measure(body)
    for element, size in sizes.items():
        is_page = size.n_chars > _MAX_FURNITURE_SHARE * sizes[body].n_chars
        if element is not body and not is_page and _is_furniture(element, size):
            drop(element)


def _is_furniture(element: etree._Element, size: _Size) -> bool:
    if element.tag == "nav" or (element.get("role") or "").lower() in _ROLES:
        return True
    if element.tag in ("header", "footer", "aside"):
        return next(element.iterancestors("main", "article"), None) is None
    if element.tag not in _NAMED:
        return False
    names = f"{element.get('id') or ''} {element.get('class') or ''}"
    words = set(re.findall(r"[a-z]+", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", names).lower()))
    is_slight = size.n_chars < _SHORT_CHARS or size.link_share >= _SOME_LINKS
    return bool(words & _FURNITURE) or (is_slight and bool(words & _DOUBTFUL))


def _is_main(element: etree._Element) -> bool:
    return element.tag == "main" or (element.get("role") or "").lower() == "main"


def _measure(body: etree._Element) -> dict[etree._Element, _Size]:
    """Measure every element in one walk, from the leaves up."""
    sizes: dict[etree._Element, _Size] = {element: _Size() for element in body.iter(etree.Element)}
    for element in reversed(sizes):
        size = sizes[element]
        size.n_chars += _n_chars(element.text)
        if element.tag == "a":
            size.n_link_chars, size.n_links = size.n_chars, 1
        if element is not body:
            above = sizes[element.getparent()]  # type: ignore[index]  # only the body has none here
            above.n_chars += size.n_chars + _n_chars(element.tail)
            above.n_link_chars += size.n_link_chars
            above.n_links += size.n_links
    return sizes


def _n_chars(text: str | None) -> int:
    return sum(map(len, text.split())) if text else 0
