"""Words: white space, superscripts and marks as plain text has them."""

import re

# Control characters, non-characters and soft hyphens: nothing a reader sees.
_UNSEEN = dict.fromkeys([*range(9), 11, *range(14, 32), 127, 0xAD, 0xFEFF, 0xFFFE, 0xFFFF])
_CJK = "\u2e80-\u9fff\uf900-\ufaff\uff01-\uff60"
# A line break in the source between two Han characters is no blank: Chinese has none.
_CJK_BREAK = re.compile(rf"(?<=[{_CJK}])[ \t]*\r?\n\s*(?=[{_CJK}])")
_SPACE = re.compile(r"\s+")
_ORDINAL = re.compile(r"(?:st|nd|rd|th)\b")
_RAISED = str.maketrans("0123456789+-−=()n", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁼⁽⁾ⁿ")
_RAISABLE = re.compile(r"[0-9+\-−=()n]+")


def squeeze(text: str) -> str:
    """Make each run of white space one blank and drop what has no shape; keep blanks at the ends."""
    return _SPACE.sub(" ", _CJK_BREAK.sub("", text.translate(_UNSEEN)))


def fold(text: str) -> str:
    """Put a text on one line: as `squeeze`, without blanks at the ends."""
    return squeeze(text).strip()


def fold_lines(text: str) -> str:
    """Fold each line of a text; keep single line breaks, make longer ones a blank line."""
    lines = (fold(line) for line in text.strip().splitlines())
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines))


def raise_words(words: str, before: str) -> str:
    """Write a superscript.

    Digits after a digit get a caret ("10^9"): without one a power would read as another number, and
    search folds the raised digits of Unicode. Elsewhere they are raised ("m²"). Letters after a
    digit get a caret too ("5.2^a") unless they are an ordinal ("1st"). Other marks stay as they are.

    Args:
        words: The superscript.
        before: The text it follows.
    """
    if before[-1:].isdigit() and re.match(r"[\w+\-−]", words):
        return words if _ORDINAL.match(words) else f"^{words}"
    return words.translate(_RAISED) if _RAISABLE.fullmatch(words) else words


def lower_words(words: str, before: str) -> str:
    """Write a subscript: as it is ("CO2", "Tmax"), with a line between digits ("5_2")."""
    return f"_{words}" if before[-1:].isdigit() and words[:1].isdigit() else words
