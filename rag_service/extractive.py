"""The extractive answerer: quoted sentences only, for when the language model is away."""

from knowledge.passage import Passage
from knowledge.sentences import sentence_spans
from knowledge.terms import terms
from rag_service.citations import CitedSentence, place_markers, quote_span, without_markers
from rag_service.protocol import Citation

_MAX_SENTENCES = 4
# A heading, a table row or the lead-in of a list is not a statement.
_MIN_TERMS = 4
# A sentence of a passage found later must be that much better to be quoted before an earlier one.
_RANK_DISCOUNT = 0.85


def extract(question: str, passages: list[Passage]) -> list[CitedSentence]:
    """Quote the sentences that share most with the question, at most four, best first.

    Deterministic: the same question and passages give the same quotations.
    """
    wanted = set(terms(question))
    candidates: list[tuple[float, int, Citation]] = []
    for rank, passage in enumerate(passages):
        context = set(terms(passage.context))
        for start, end in sentence_spans(passage.text):
            text = passage.text[start:end].strip()
            found = set(terms(text))
            if len(found) < _MIN_TERMS or text.startswith(("#", "|")) or text.endswith(("：", ":")):
                continue
            # The headings count half: they say what a sentence is about, not what it says.
            shared = sum(len(t) for t in wanted & found) + 0.5 * sum(len(t) for t in wanted & context - found)
            if shared:
                score = shared / len(found) ** 0.25 * _RANK_DISCOUNT**rank
                candidates.append((score, -len(candidates), quote_span(passage, rank + 1, start, end)))
    candidates.sort(reverse=True)
    return [
        # A reference number in the text, "[3]", would be read as a marker.
        CitedSentence(place_markers(without_markers(citation.quote), [citation.marker]), (citation,), 0)
        for _, _, citation in candidates[:_MAX_SENTENCES]
    ]
