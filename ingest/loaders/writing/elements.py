"""Elements: changes to a tree that keep the text around them."""

import re

from lxml import etree

# HTML may hold these, written out as "&#1;"; lxml gives them and does not take them back.
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")


def drop(element: etree._Element) -> None:
    """Remove an element and keep the text after it."""
    put_text(element, "")


def put_text(element: etree._Element, text: str) -> None:
    """Replace an element by a text; the text after it stays."""
    parent, before = element.getparent(), element.getprevious()
    if parent is None:
        return
    text += element.tail or ""
    if before is None:
        parent.text = _CONTROL.sub("", (parent.text or "") + text)
    else:
        before.tail = _CONTROL.sub("", (before.tail or "") + text)
    parent.remove(element)
