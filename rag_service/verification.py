"""Verification: do the cited passages bear a sentence out?"""

import re
import unicodedata

from knowledge.passage import Passage
from knowledge.terms import terms
from rag_service.citations import CitedSentence
from rag_service.protocol import Verdict
from rag_service.sentence_stream import MARKER

# Shares of a sentence's terms found in the cited passages. A sentence copied from its source has
# all of them, a paraphrase about two thirds, a sentence about something else under a third.
_SUPPORTED = 0.6
_PARTLY = 0.35

# Only before three digits: "2,5 mg" must not pass for 25 mg.
_THOUSANDS_COMMA = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
_NUMBER = re.compile(r"\d+(?:\.\d+)*")


def verify(sentence: CitedSentence, passages: list[Passage]) -> Verdict:
    """Judge a sentence by the passages that it cites.

    Every number of the sentence must stand in a cited passage, and enough of its terms too. A
    sentence that cites nothing is unsupported.
    """
    cited = [passages[citation.marker - 1] for citation in sentence.citations]
    text = MARKER.sub("", sentence.text)
    if not cited or not numbers(text) <= set().union(*(numbers(passage.embedded_text) for passage in cited)):
        return "unsupported"
    wanted = set(terms(text))
    found = set().union(*(terms(passage.embedded_text) for passage in cited))
    share = len(wanted & found) / len(wanted) if wanted else 0.0
    if share >= _SUPPORTED:
        return "supported"
    return "partly_supported" if share >= _PARTLY else "unsupported"


def numbers(text: str) -> set[str]:
    """Find the numbers of a text, full-width digits folded and thousands commas dropped."""
    return set(_NUMBER.findall(_THOUSANDS_COMMA.sub("", unicodedata.normalize("NFKC", text))))
