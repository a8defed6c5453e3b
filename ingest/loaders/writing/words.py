"""Words: white space, superscripts and marks as plain text has them."""

import re

# Control characters, non-characters and soft hyphens: nothing a reader sees.
_UNSEEN = dict.fromkeys([*range(9), 11, *range(14, 32), 127, 0xAD, 0xFEFF, 0xFFFE, 0xFFFF])
_CJK = "\u2e80-\u9fff\uf900-\ufaff\uff01-\uff60"
# Typesetters use the soft hyphen as a dash: without it "5-10 mg" would become "510 mg".
_FIGURE_DASH = re.compile("(?<=\\d)\xad\\s*(?=\\d)")
# A line break in the source between two Han characters is no blank: Chinese has none.
_CJK_BREAK = re.compile(rf"(?<=[{_CJK}])[ \t]*\r?\n\s*(?=[{_CJK}])")
_SPACE = re.compile(r"\s+")
_ORDINAL = re.compile(r"(?:st|nd|rd|th)\b")
_TRADE_MARKS = {"TM": "™", "tm": "™", "SM": "℠", "R": "®"}
_RAISED = str.maketrans("0123456789+-−=()n", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁼⁽⁾ⁿ")
_RAISABLE = re.compile(r"[0-9+\-−=()n,–]+")


def squeeze(text: str) -> str:
    """Make each run of white space one blank and drop what has no shape; keep blanks at the ends.

    A soft hyphen between digits is a dash.
    """
    if "\xad" in text:
        text = _FIGURE_DASH.sub("-", text)
    return _SPACE.sub(" ", _CJK_BREAK.sub("", text.translate(_UNSEEN)))


def fold(text: str) -> str:
    """Put a text on one line: as `squeeze`, without blanks at the ends."""
    if text.isascii() and text.isprintable():
        return " ".join(text.split())
    return squeeze(text).strip()


def fold_lines(text: str) -> str:
    """Fold each line of a text; keep single line breaks, make longer ones a blank line."""
    lines = (fold(line) for line in text.strip().splitlines())
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines))


def raise_words(words: str, before: str) -> str:
    """Write a superscript.

    Digits after a digit get a caret ("10^9"): without one a power would read as another number, and
    search folds the raised digits of Unicode. Elsewhere they are raised ("m²"). Letters get a caret
    too ("5.2^a", "axis^a") unless they are an ordinal ("1st"). Other marks stay as they are.

    Args:
        words: The superscript, without blanks around it.
        before: The text it follows.
    """
    if words in _TRADE_MARKS:
        return _TRADE_MARKS[words]
    follows_word = bool(re.search(r"[\w)\]%]$", before))
    if re.match(r"[+\-−]?\d", words):
        is_power = before[-1:].isdigit() or not _RAISABLE.fullmatch(words)
        return f"^{words}" if is_power and follows_word else words.translate(_RAISED)
    if not words[:1].isalpha():
        return words.translate(_RAISED) if _RAISABLE.fullmatch(words) else words
    if follows_word:
        return words if before[-1:].isdigit() and _ORDINAL.match(words) else f"^{words}"
    # A footnote's own mark in front of it.
    return f"{words} "


def lower_words(words: str, before: str) -> str:
    """Write a subscript: as it is ("CO2", "Tmax"), with a line between digits ("5_2")."""
    return f"_{words}" if before[-1:].isdigit() and words[:1].isdigit() else words
