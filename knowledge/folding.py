"""Folding: forms of one character that a search must not tell apart."""

import unicodedata
from functools import cache

from opencc import OpenCC

_FIRST_HAN, _LAST_HAN = 0x3400, 0x9FFF


def fold_text(text: str) -> str:
    """Fold full-width and compatibility forms (NFKC), case, Latin accents, traditional characters.

    "Ｓｊöｇｒｅｎ" becomes "sjogren" and "糖尿病視網膜病變" becomes "糖尿病视网膜病变". For matching only:
    offsets into the folded text are not offsets into the text.
    """
    folded = unicodedata.normalize("NFKC", text).lower()
    if folded.isascii():
        return folded
    return _without_accents(folded).translate(_simplified())


def _without_accents(text: str) -> str:
    """Take accents off Latin letters; other scripts, where a mark makes another letter, are left."""
    if not any("\u00c0" <= char < "\u0250" for char in text):
        return text
    return "".join(unicodedata.normalize("NFD", char)[0] if char < "\u0250" else char for char in text)


@cache
def _simplified() -> dict[int, str]:
    """Map each traditional character to its simplified form, by OpenCC's tables.

    Character by character, because a search term is too short for OpenCC's choice among words, and
    3,800 characters looked up in a dict take a hundredth of its time.
    """
    convert = OpenCC("t2s").convert
    han = (chr(code) for code in range(_FIRST_HAN, _LAST_HAN + 1))
    return {ord(char): simple for char in han if (simple := convert(char)) != char and len(simple) == 1}
