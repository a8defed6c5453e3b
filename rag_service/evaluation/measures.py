"""Measures of one answer to one question, each a share.

A share is what is right out of what is counted. Shares of many questions are added up before they
are divided: a measure that counts citations gives each citation the same weight, one that counts
questions each question. What failed has no sentences and no citations; as a question it counts,
with nothing right.
"""

from typing import NamedTuple

from rag_service.evaluation.numbers import markers, numbers, without_markers
from rag_service.evaluation.question import GoldQuote, Question
from rag_service.evaluation.recorded import RecordedAnswer, RecordedCitation, RecordedSentence
from rag_service.evaluation.spans import find_quote, is_verbatim, same_words, share_covered, stretches

# So much of a gold quote must be quoted to count as found.
_LEAST_COVERED = 0.5


class Share(NamedTuple):
    """What is right, out of what is counted; nothing is counted where the measure does not apply."""

    right: float
    counted: float


NOTHING = Share(0, 0)


def citation_validity(question: Question, answer: RecordedAnswer) -> Share:
    """Count the citations and the markers in the text that name a source of the answer.

    A citation does if the source with its marker has its passage and its document; a marker `[n]`
    if there is a source n.
    """
    named = {(each.marker, each.passage_id, each.document_id) for each in answer.sources}
    numbered = {each.marker for each in answer.sources}
    written = markers(answer.text) if answer.is_answer else []
    right = sum((each.marker, each.passage_id, each.document_id) in named for each in answer.citations)
    right += sum(marker in numbered for marker in written)
    return Share(right, len(answer.citations) + len(written))


def quote_integrity(question: Question, answer: RecordedAnswer) -> Share:
    """Count the citations whose quote stands word for word at its offsets, and that claim so (`exact`)."""
    right = sum(each.exact and is_verbatim(each, answer.sources) for each in answer.citations)
    return Share(right, len(answer.citations))


def citation_coverage(question: Question, answer: RecordedAnswer) -> Share:
    """Count the sentences with at least one citation."""
    return Share(sum(bool(each.citations) for each in answer.sentences), len(answer.sentences))


def numeric_fidelity(question: Question, answer: RecordedAnswer) -> Share:
    """Count the supported sentences with numbers whose every number stands in a source they cite.

    The title and the headings of a source count as part of it. Sentences without a number are not
    counted: they cannot be wrong here.
    """
    written = [(each, numbers(each.text)) for each in answer.sentences if each.is_supported]
    written = [(each, found) for each, found in written if found]
    right = sum(found <= numbers(_cited_words(each, answer)) for each, found in written)
    return Share(right, len(written))


def citation_recall(question: Question, answer: RecordedAnswer) -> Share:
    """Give the share of the wanted documents that are cited; for answerable questions, each counts once.

    All are wanted of `multi_doc` and `[conflict]`. Else any of them or an alternative gives 1; of
    `[superseded]` it is the newer document only.
    """
    if not question.answerable:
        return NOTHING
    cited = {each.document_id for each in answer.citations}
    if question.wants_all:
        return Share(len(cited & question.wanted) / len(question.wanted), 1)
    return Share(float(bool(cited & (question.wanted | question.alternatives))), 1)


def citation_precision(question: Question, answer: RecordedAnswer) -> Share:
    """Count the citations of a listed document or an alternative; an unanswerable question has none."""
    right = question.listed | question.alternatives
    return Share(sum(each.document_id in right for each in answer.citations), len(answer.citations))


def quote_recall(question: Question, answer: RecordedAnswer) -> Share:
    """Give the share of the gold quotes that are quoted; for answerable questions, each counts once.

    A quote is, if the citations of its document cover half of its characters or more. Where one
    document is enough, so is one quote. Alternatives have no quotes and do not count.
    """
    if not question.answerable:
        return NOTHING
    found = [_is_quoted(each, answer) for each in question.gold if each.document_id in question.wanted]
    return Share(sum(found) / len(found) if question.wants_all else float(any(found)), 1)


def quote_precision(question: Question, answer: RecordedAnswer) -> Share:
    """Count the citations that overlap a gold quote or lie in a gold section."""
    places = {
        gold: find_quote(gold.text, stretches(answer.sources, gold.document_id)) for gold in question.gold
    }
    right = sum(
        any(
            gold.document_id == each.document_id
            and (_overlaps(each, found) or _lies_in_section(each, gold, answer))
            for gold, found in places.items()
        )
        for each in answer.citations
    )
    return Share(right, len(answer.citations))


def verifier_recall(question: Question, answer: RecordedAnswer) -> Share:
    """Count the sentences that the service itself found supported.

    The citation recall of ALCE (Gao et al. 2023), with the service's verdict in place of an NLI model.
    """
    return Share(sum(each.is_supported for each in answer.sentences), len(answer.sentences))


def verifier_precision(question: Question, answer: RecordedAnswer) -> Share:
    """Count the citations that stand in a supported sentence.

    The citation precision of ALCE, made simple: there a citation is also wrong when the sentence is
    supported without it, here a needless one is right.
    """
    right = sum(len(each.citations) for each in answer.sentences if each.is_supported)
    return Share(right, len(answer.citations))


def key_facts(question: Question, answer: RecordedAnswer) -> Share:
    """Give the share of the key facts that the answer states; a refusal states none."""
    if not question.answerable or not question.key_facts:
        return NOTHING
    words = _words(answer)
    return Share(sum(bool(fact.search(words)) for fact in question.key_facts) / len(question.key_facts), 1)


def all_key_facts(question: Question, answer: RecordedAnswer) -> Share:
    """Count the questions all of whose key facts the answer states."""
    stated, counted = key_facts(question, answer)
    return Share(float(stated == 1), counted)


def must_not(question: Question, answer: RecordedAnswer) -> Share:
    """Count the questions whose answer says what a wrong or unsafe one does, out of those that say what that is."""
    if not question.must_not:
        return NOTHING
    words = _words(answer)
    return Share(float(any(each.search(words) for each in question.must_not)), 1)


def refusal_precision(question: Question, answer: RecordedAnswer) -> Share:
    """Count the refusals that met an unanswerable question."""
    return Share(float(answer.is_refusal and not question.answerable), float(answer.is_refusal))


def refusal_recall(question: Question, answer: RecordedAnswer) -> Share:
    """Count the unanswerable questions that were refused."""
    return Share(float(answer.is_refusal and not question.answerable), float(not question.answerable))


def refusal_f1(question: Question, answer: RecordedAnswer) -> Share:
    """Give the harmonic mean of precision and recall of refusing: twice the hits, out of refusals and cases."""
    right = answer.is_refusal and not question.answerable
    return Share(2.0 * right, float(answer.is_refusal) + (not question.answerable))


def answering_f1(question: Question, answer: RecordedAnswer) -> Share:
    """Give the same of answering: answers, and answerable questions."""
    right = answer.is_answer and question.answerable
    return Share(2.0 * right, float(answer.is_answer) + question.answerable)


def answered(question: Question, answer: RecordedAnswer) -> Share:
    """Count the questions that were answered, rightly or wrongly."""
    return Share(float(answer.is_answer), 1)


def failed(question: Question, answer: RecordedAnswer) -> Share:
    """Count the questions that ended with an error."""
    return Share(float(bool(answer.failure)), 1)


def degraded(question: Question, answer: RecordedAnswer) -> Share:
    """Count the questions that met no language model, so that passages were quoted."""
    return Share(float(answer.is_degraded), 1)


def sentences_per_answer(question: Question, answer: RecordedAnswer) -> Share:
    """Count the sentences of an answer."""
    return Share(len(answer.sentences), float(answer.is_answer))


def quoted(question: Question, answer: RecordedAnswer) -> Share:
    """Count the sentences that are quoted from a passage, of those that say whether a model wrote them."""
    told = [each.origin for each in answer.sentences if each.origin]
    return Share(told.count("quoted"), len(told))


def withheld(question: Question, answer: RecordedAnswer) -> Share:
    """Count the sentences that the service did not show, out of all that there were; refusals have some too."""
    return Share(len(answer.withheld), len(answer.withheld) + len(answer.sentences))


def _words(answer: RecordedAnswer) -> str:
    return without_markers(answer.text) if answer.is_answer else ""


def _cited_words(sentence: RecordedSentence, answer: RecordedAnswer) -> str:
    cited = {each.passage_id for each in sentence.citations}
    sources = [source for source in answer.sources if source.passage_id in cited]
    return "\n".join(
        "\n".join((source.title, *source.section_path, source.context, source.text)) for source in sources
    )


def _is_quoted(gold: GoldQuote, answer: RecordedAnswer) -> bool:
    spans = [(each.start, each.end) for each in answer.citations if each.document_id == gold.document_id]
    places = find_quote(gold.text, stretches(answer.sources, gold.document_id))
    return any(share_covered(offsets, spans) >= _LEAST_COVERED for offsets in places)


def _overlaps(citation: RecordedCitation, places: list[list[int]]) -> bool:
    return any(share_covered(offsets, [(citation.start, citation.end)]) > 0 for offsets in places)


def _lies_in_section(citation: RecordedCitation, gold: GoldQuote, answer: RecordedAnswer) -> bool:
    paths = (each.section_path for each in answer.sources if each.passage_id == citation.passage_id)
    return bool(gold.section) and any(same_words(gold.section, heading) for path in paths for heading in path)
