"""MathML on one line, so that a power or a fraction does not read as another number."""

from collections.abc import Callable

from lxml import etree

from ingest.loaders.writing.words import fold

_MAX_DEPTH = 60


def linear(math: etree._Element) -> str:
    """Write a formula on one line: a^2, x_1, (a)/(b), √(x)."""
    return fold(_write(math, 0))


def _write(element: etree._Element, depth: int) -> str:
    if depth > _MAX_DEPTH or not isinstance(element.tag, str):
        return ""
    parts = [_write(child, depth + 1) for child in element]
    shape = _SHAPES.get(element.tag)
    if shape is not None and len(parts) == shape[0]:
        return shape[1](parts)
    if element.tag in ("annotation", "annotation-xml", "mspace"):
        return " " if element.tag == "mspace" else ""
    if element.tag in ("mtr", "mtable", "mlabeledtr"):
        return ("; " if element.tag == "mtable" else " ").join(filter(None, parts))
    if element.tag == "mo":
        words = (element.text or "").strip()
        return f" {words} " if words in _SPACED else words
    if element.tag in ("msqrt", "mfenced"):
        return ("√" if element.tag == "msqrt" else "") + f"({' '.join(parts)})"
    return fold(element.text or "") + "".join(parts)


def _group(words: str) -> str:
    words = words.strip()
    return words if len(words) < 2 or words.replace(".", "").isalnum() else f"({words})"


def _power(base: str, exponent: str) -> str:
    return base + exponent if exponent in _PRIMES else f"{base}^{_group(exponent)}"


def _fraction(parts: list[str]) -> str:
    return f"{_group(parts[0])}/{_group(parts[1])}"


_PRIMES = frozenset({"", "'", "′", "″", "*", "⋆"})
_SPACED = frozenset("= < > ≤ ≥ ≈ ≠ + − × ∈ ± → ∼ ∝".split())
_SHAPES: dict[str, tuple[int, Callable[[list[str]], str]]] = {
    "msup": (2, lambda parts: _power(parts[0], parts[1])),
    "msub": (2, lambda parts: f"{parts[0]}_{_group(parts[1])}"),
    "msubsup": (3, lambda parts: _power(f"{parts[0]}_{_group(parts[1])}", parts[2])),
    "munder": (2, lambda parts: f"{parts[0]}_{_group(parts[1])}"),
    "mover": (2, lambda parts: parts[0]),
    "munderover": (3, lambda parts: f"{parts[0]}_{_group(parts[1])}^{_group(parts[2])}"),
    "mfrac": (2, _fraction),
    "mroot": (2, lambda parts: f"({parts[0]})^(1/{parts[1]})"),
}
