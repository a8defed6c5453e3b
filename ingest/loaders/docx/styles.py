"""Styles: which paragraphs of a Word document are headings, list items or its table of contents."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from docx.oxml.ns import qn

_TITLE = "title"
# The number formats that count; others are bullets to a reader of plain text.
_COUNTED = frozenset(
    "decimal decimalZero decimalFullWidth chineseCounting chineseCountingThousand ideographDigital "
    "japaneseCounting taiwaneseCountingThousand decimalEnclosedCircle".split()
)
_MAX_LEVEL = 8
_MAX_BASES = 12


class Styles:
    """Looks up what the styles and the numbering of a document say of a paragraph."""

    def __init__(self, source: Any) -> None:
        self._styles = {
            style.get(qn("w:styleId")): style for style in source.styles.element.iter(qn("w:style"))
        }
        self._formats = _number_formats(source)
        self._counts: Counter[tuple[str, int]] = Counter()

    def heading_level(self, paragraph: Any) -> int:
        """Level of a heading, 1 for the title; 0 for other paragraphs."""
        for properties, name in self._chain(paragraph):
            if name == _TITLE:
                return 1
            if name.startswith("heading ") and name[8:].isdigit():
                return min(_MAX_LEVEL, 1 + int(name[8:]))
            outline = properties.find(qn("w:outlineLvl")) if properties is not None else None
            value = outline.get(qn("w:val")) if outline is not None else None
            if value and value.isdigit() and int(value) < 9:
                return min(_MAX_LEVEL, 2 + int(value))
        return 0

    def is_contents(self, paragraph: Any) -> bool:
        """Tell whether a paragraph is a line of the table of contents."""
        return any(name.startswith("toc ") for _, name in self._chain(paragraph))

    def list_mark(self, paragraph: Any) -> tuple[int, str] | None:
        """Depth and mark of a list item: (0, "-") or (1, "3."); None for other paragraphs."""
        style = ""
        for properties, name in self._chain(paragraph):
            style = style or name
            numbering = properties.find(qn("w:numPr")) if properties is not None else None
            if numbering is not None:
                return self._mark(numbering, _depth(style))
            if name.startswith("list bullet"):
                return _depth(style), "-"
        return None

    def _mark(self, numbering: Any, style_depth: int) -> tuple[int, str] | None:
        number, level = (numbering.find(qn(name)) for name in ("w:numId", "w:ilvl"))
        number_id = (number.get(qn("w:val")) if number is not None else None) or ""
        value = (level.get(qn("w:val")) if level is not None else None) or "0"
        if number_id in ("", "0"):
            return None
        depth = min(int(value), _MAX_LEVEL) if value.isdigit() else 0
        if self._formats.get((number_id, depth)) not in _COUNTED:
            return max(depth, style_depth), "-"
        self._counts[number_id, depth] += 1
        for key in [key for key in self._counts if key[0] == number_id and key[1] > depth]:
            del self._counts[key]
        return max(depth, style_depth), f"{self._counts[number_id, depth]}."

    def _chain(self, paragraph: Any) -> Iterator[tuple[Any, str]]:
        """Yield the properties of a paragraph, then of its style and those that it is based on."""
        properties = paragraph.find(qn("w:pPr"))
        yield properties, ""
        named = properties.find(qn("w:pStyle")) if properties is not None else None
        style_id = named.get(qn("w:val")) if named is not None else None
        for _ in range(_MAX_BASES):
            style = self._styles.get(style_id)
            if style is None:
                return
            name = style.find(qn("w:name"))
            yield style.find(qn("w:pPr")), (name.get(qn("w:val")) or "").lower() if name is not None else ""
            base = style.find(qn("w:basedOn"))
            style_id = base.get(qn("w:val")) if base is not None else None


def _depth(style: str) -> int:
    """Depth that the name of a style tells: "list bullet 2" is inside a list."""
    return int(style[-1]) - 1 if style[-2:-1] == " " and style[-1] in "23456789" else 0


def _number_formats(source: Any) -> dict[tuple[str, int], str]:
    """Map (number id, level) to the number's format; empty when the document has no numbering."""
    part = next(
        (
            r.target_part
            for r in source.part.rels.values()
            if r.reltype.endswith("/numbering") and not r.is_external
        ),
        None,
    )
    if part is None:
        return {}
    root = part.element
    abstract: dict[str, dict[int, str]] = {}
    for definition in root.iter(qn("w:abstractNum")):
        levels = abstract.setdefault(str(definition.get(qn("w:abstractNumId"))), {})
        for level in definition.iter(qn("w:lvl")):
            form, value = level.find(qn("w:numFmt")), level.get(qn("w:ilvl")) or ""
            if form is not None and value.isdigit():
                levels[int(value)] = str(form.get(qn("w:val")))
    formats: dict[tuple[str, int], str] = {}
    for number in root.iter(qn("w:num")):
        reference = number.find(qn("w:abstractNumId"))
        levels = abstract.get(str(reference.get(qn("w:val"))), {}) if reference is not None else {}
        for depth, form_name in levels.items():
            formats[str(number.get(qn("w:numId"))), depth] = form_name
    return formats
