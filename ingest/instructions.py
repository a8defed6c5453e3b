"""Instructions: text in a document that gives orders to a language model.

A reference text informs its readers. One that orders the model which reads it to forget its task, to
play a part, to keep something from the user or to shape its answer is an indirect prompt injection
(OWASP Top 10 for LLM Applications 2025, LLM01).

The rules are narrow: "ignore missed doses", "you are now ready for surgery" and "plays a role in" must
pass. They are one layer of several: an order in other words passes too, which is why the model is told
that passages are data and why its answers are checked.
"""

import base64
import binascii
import html
import re
import unicodedata
from collections.abc import Iterable, Iterator

from ingest.cleaning import UNSEEN
from ingest.instruction_rules.chinese import CHINESE
from ingest.instruction_rules.english import ENGLISH
from ingest.instruction_rules.rule import Rule

VERSION = "instructions-1"

_MAX_PHRASE_CHARS = 120
_ENGLISH_ANCHORS = frozenset().union(*(group for rule in ENGLISH for group in rule.anchors))
_CHINESE_ANCHORS = frozenset().union(*(group for rule in CHINESE for group in rule.anchors))

_BREAK_MARKS = re.compile("[\\x02\\xad\ufffe]")
# Cyrillic letters that look like Latin ones.
_TWINS = str.maketrans("асеорхуіјѕһԁԛԝ", "aceopxyijshdqw")
_HAS_TWIN = re.compile("[асеорхуіјѕһԁԛԝ]")
# Tag characters spell ASCII that no screen shows ("ASCII smuggling", Rehberger 2024).
_TAGS = {0xE0000 + code: chr(code) for code in range(0x20, 0x7F)}
_HAS_TAG = re.compile("[\U000e0020-\U000e007e]")
_SPACED_LETTERS = re.compile(r"(?<![a-z])(?:[a-z][ .*_-]){2,}[a-z](?![a-z])")
_BETWEEN_HAN = re.compile(r"(?<=[\u3400-\u9fff])[\s*_·.-]+(?=[\u3400-\u9fff])")
_HAN = re.compile(r"[\u3400-\u9fff]")
_BASE64 = re.compile(r"(?<![A-Za-z0-9+/])[A-Za-z0-9+/]{24,}={0,2}(?![A-Za-z0-9+/=])")


def find_instructions(text: str) -> str | None:
    """Find the phrase by which a text gives orders to a language model, in Chinese or English.

    Zero-width characters, tag characters, character references, full-width and spaced-out letters,
    Cyrillic look-alikes and Base64 are seen through. Time grows linearly with the text.

    Returns:
        The phrase as it reads once folded (lower case, NFKC), at most 120 characters; None when
        there is none.
    """
    for plain in (text, *_decoded(text)):
        folded = _fold(plain)
        phrase = _search(folded, ENGLISH, _ENGLISH_ANCHORS)
        if phrase is None and _HAN.search(folded):
            phrase = _search(folded, CHINESE, _CHINESE_ANCHORS)
        if phrase is not None:
            return phrase.strip()[:_MAX_PHRASE_CHARS]
    return None


def _search(folded: str, rules: Iterable[Rule], anchors: Iterable[str]) -> str | None:
    present = {anchor for anchor in anchors if anchor in folded}
    return next((phrase for rule in rules if (phrase := rule.search(folded, present)) is not None), None)


def _fold(text: str) -> str:
    if "&" in text:
        text = html.unescape(text)
    if not text.isascii():
        text = text.translate(_TAGS) if _HAS_TAG.search(text) else text
        text = _BREAK_MARKS.sub("", UNSEEN.sub("", text))
        text = unicodedata.normalize("NFKC", text).replace("’", "'")
    text = text.lower()
    if _HAS_TWIN.search(text):
        text = text.translate(_TWINS)
    text = _SPACED_LETTERS.sub(lambda match: re.sub("[^a-z]", "", match.group()), text)
    if not text.isascii():
        text = _BETWEEN_HAN.sub("", text)
    # The blanks let anchors like " ai " match at the ends.
    return f" {' '.join(text.split())} "


def _decoded(text: str) -> Iterator[str]:
    for match in _BASE64.finditer(text):
        letters = match.group().rstrip("=")
        try:
            yield base64.b64decode(letters + "=" * (-len(letters) % 4), validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            continue
