"""Language: which of the languages served a text is in."""

import re

from ingest.errors import UnreadableDocument
from knowledge.document import Language, guess_language

# Function words that no other of these languages writes the same way.
_FUNCTION_WORDS = {
    language: frozenset(words.split())
    for language, words in {
        "en": "the of and to is for are with that this from by which have not your you",
        "es": "el los las del que por para una con más como pero sus está son puede",
        "fr": "le les des du et est dans pour une qui sur pas avec vous être ou au",
        "de": "der die das und ist nicht mit von den ein eine für auf dem werden oder",
        "pt": "os não uma com para dos das em são mais você pode ou ao seu",
        "it": "il di che è per gli della con sono una del nel alla può più",
    }.items()
}
_SERVED = {"zh": "zh", "chi": "zh", "zho": "zh", "cn": "zh", "en": "en", "eng": "en"}
_NAMES = {"english": "en", "chinese": "zh", "simplified chinese": "zh", "traditional chinese": "zh"}
_WORD = re.compile(r"[^\W\d_]+")
_SAMPLE_CHARS = 4000
_MIN_WORDS = 8


def name_language(text: str, declared: str = "") -> Language:
    """Name the language of a text; its script outweighs what the source declares.

    Templates of Chinese sites often declare English, so a declaration decides only when it rules
    the text out.

    Args:
        text: The document's text.
        declared: A language tag or an English name, empty when the source has none.

    Raises:
        UnreadableDocument: The text is in a language that is not served.
    """
    if guess_language(text) == "zh":
        return "zh"
    name = declared.strip().lower()
    tag = _NAMES.get(name) or re.split(r"[-_]", name)[0]
    if tag and tag not in _SERVED and len(tag) > 1:
        raise UnreadableDocument(f"is in language {declared.strip()!r}; only Chinese and English are read")
    found = [word.lower() for word in _WORD.findall(text[:_SAMPLE_CHARS])]
    counts = {key: sum(word in known for word in found) for key, known in _FUNCTION_WORDS.items()}
    likeliest = max(counts, key=lambda language: counts[language])
    if counts[likeliest] >= _MIN_WORDS and counts[likeliest] > 3 * counts["en"]:
        raise UnreadableDocument(f"looks like language {likeliest!r}; only Chinese and English are read")
    return "en"
