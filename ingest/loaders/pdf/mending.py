"""Mending: words that a line's end broke, and characters of private fonts."""

import re
from collections.abc import Iterable
from string import ascii_lowercase

_WORD = re.compile(r"[a-z]{2,}(?:-[a-z]{2,})*")
# pdfium writes a hyphen at the end of a line as U+FFFE.
_BROKEN_WORD = re.compile(r"([A-Za-z]*)\ufffe([A-Za-z]*)")
_PRIVATE = re.compile(r"[\ue000-\uf8ff]")
_AROUND_CHARS = 60


class Mender:
    """Decides for a broken word, by the other words of its document, whether the hyphen is part of it."""

    def __init__(self, texts: Iterable[str]) -> None:
        text = "\n".join(texts)
        pieces = text.lower().split("\ufffe")
        # The halves of broken words are no words.
        whole = " ".join(piece.strip(ascii_lowercase) for piece in pieces) if len(pieces) > 1 else ""
        # Most words of a text are repeated.
        self._known = set(_WORD.findall(" ".join(set(whole.split()))))

    def mend(self, text: str) -> str:
        """Join broken words; write characters of private fonts as unknown (U+FFFD).

        A Greek letter of such a font may be the mu of a microgram; it must not vanish from a dose.
        """
        if text.isascii():
            return text
        text = _PRIVATE.sub("\ufffd", text)
        return _BROKEN_WORD.sub(self._join, text) if "\ufffe" in text else text

    def _join(self, match: re.Match[str]) -> str:
        left, right = match.groups()
        around = match.string[max(0, match.start() - _AROUND_CHARS) : match.start()].split(" ")[-1]
        is_address = any(mark in around for mark in ("/", "@", "www."))
        if not left or not right or is_address or right[:1].isupper():
            return f"{left}-{right}"
        whole, parted = (left + right).lower(), f"{left}-{right}".lower()
        if whole in self._known:
            return left + right
        # Two words that stand by themselves elsewhere were one with a hyphen: "hospital-based".
        is_pair = {left.lower(), right.lower()} <= self._known
        return f"{left}-{right}" if parted in self._known or is_pair else left + right
