"""What the peer wrote, in the form that the measures take: sentences, citations, verdicts, a refusal.

It marks no place in a source and gives no verdicts. Its citation is the whole chunk, its verdict
the one of our own verifier, so that the two sides are judged by the same judge.
"""

import re
from collections.abc import Iterator, Sequence

from benchmarks.peers_refusal import says_no_answer
from knowledge.document import Imprint, guess_language
from knowledge.passage import Passage
from rag_service.citations import CitedSentence
from rag_service.evaluation.numbers import markers, without_markers
from rag_service.evaluation.recorded import (
    RecordedAnswer,
    RecordedCitation,
    RecordedRefusal,
    RecordedSentence,
    RecordedSource,
)
from rag_service.protocol import Citation
from rag_service.sentence_stream import SentenceStream
from rag_service.verification import check_sentence

_LABEL = r"(?:sources?|passages?|references?|来源|资料|文献)\s*[:：#]?\s*"
_MORE = rf"(?:(?:\s*(?:[,，、;；&–~-]|\band\b|\bto\b|和|与|及|至|到)\s*)+(?:{_LABEL})?\d{{1,2}})*"
# Other ways to write "[2]": "[1, 2]", "[Source 2]", "【2】", "[^2]"; in round brackets and bare only with
# the word, or a dose would be one.
_BRACKETED = re.compile(rf"[\[［【〔]\s*\^?(?:{_LABEL})?(\d{{1,2}}{_MORE})\s*[\]］】〕]", re.IGNORECASE)
_ROUND = re.compile(rf"[(（]\s*{_LABEL}(\d{{1,2}}{_MORE})\s*[)）]", re.IGNORECASE)
_BARE = re.compile(
    rf"(?<![A-Za-z]){_LABEL}(\d{{1,2}}{_MORE})(?![\d.]\d|\d|\s*[%年个份种条篇])", re.IGNORECASE
)
_RANGE = re.compile(r"(\d{1,2})\s*(?:[–~-]|\bto\b|至|到)\s*(\d{1,2})")
_LIST_HEAD = re.compile(r"^\s*(?:>\s*)*(?:[-*+•]\s+|#+\s*|\d{1,2}[.、)）]\s*(?!\d)|[(（]\d{1,2}[)）]\s*)+")
_EMPHASIS = re.compile(r"\*\*|__|`")
_WORD = re.compile(r"[^\W\d_]")
# A line that only lists sources, at the end: its markers are those of the sentence before it.
_SOURCES_ONLY = re.compile(
    r"\W*(?:sources?|references?|citations?|参考|资料|来源|文献|引用|参考资料|参考文献|参考来源)\W*",
    re.IGNORECASE,
)
_LEAD_IN = (":", "：")
_NO_SOURCES = "not_enough_evidence"
_NO_ANSWER = "sources_do_not_answer"


def judge(answer: RecordedAnswer) -> RecordedAnswer:
    """Cut the text of an answer into cited sentences with their verdicts, or find that it is a refusal.

    It is a refusal where there were no sources, or where it says that they do not answer and no
    other sentence cites one.
    """
    text = normalize_markers(answer.text)
    passages = [_passage(source) for source in answer.sources]
    sentences = tuple(_sentence(words, answer.sources, passages) for words in _cut(text))
    reason = _refusal(sentences) if answer.sources else _NO_SOURCES
    return answer.model_copy(
        update={
            "text": text,
            "sentences": () if reason else sentences,
            "refusal": RecordedRefusal(reason=reason) if reason else None,
        }
    )


def is_partly_refusing(answer: RecordedAnswer) -> bool:
    """Tell whether an answer says that the sources do not answer, and cites one for something else."""
    return answer.is_answer and any(says_no_answer(sentence.text) for sentence in answer.sentences)


def as_shown(answer: RecordedAnswer) -> RecordedAnswer:
    """Give each cited sentence the verdict "supported": the peer shows all of them as they are."""
    return answer.model_copy(
        update={
            "sentences": tuple(
                each.model_copy(update={"verdict": "supported" if each.citations else each.verdict})
                for each in answer.sentences
            )
        }
    )


def normalize_markers(text: str) -> str:
    """Write every way of naming a source as "[n]"."""
    for pattern in (_BRACKETED, _ROUND, _BARE):
        text = pattern.sub(_as_markers, text)
    return text


def _as_markers(match: re.Match[str]) -> str:
    listed = _RANGE.sub(_whole_range, match[1])
    return "".join(f"[{int(number)}]" for number in dict.fromkeys(re.findall(r"\d+", listed)))


def _whole_range(match: re.Match[str]) -> str:
    return ",".join(map(str, range(int(match[1]), int(match[2]) + 1))) or match[0]


def _cut(text: str) -> list[str]:
    """Cut a text into sentences with their markers, as our own stream of tokens is cut.

    Headings, and lead-ins of lists that cite nothing, are none: they state nothing.
    """
    stream = SentenceStream()
    kept: list[str] = []
    for written in (*stream.feed(text), *stream.close()):
        words = _EMPHASIS.sub("", _LIST_HEAD.sub("", written)).strip()
        bare, cited = without_markers(words), markers(words)
        if _SOURCES_ONLY.fullmatch(bare) or not _WORD.search(bare):
            if kept:
                kept[-1] += "".join(f"[{marker}]" for marker in cited)
        elif cited or not (bare.endswith(_LEAD_IN) or written.lstrip().startswith("#")):
            kept.append(words)
    return kept


def _sentence(words: str, sources: Sequence[RecordedSource], passages: Sequence[Passage]) -> RecordedSentence:
    citations = tuple(_citations(words, sources))
    unknown = sum(not 1 <= marker <= len(sources) for marker in markers(words))
    verification = check_sentence(CitedSentence(words, citations, unknown), list(passages))
    return RecordedSentence(
        text=words,
        verdict=verification.verdict,
        citations=tuple(RecordedCitation.model_validate(each.model_dump()) for each in citations),
    )


def _citations(words: str, sources: Sequence[RecordedSource]) -> Iterator[Citation]:
    for marker in dict.fromkeys(markers(words)):
        if 1 <= marker <= len(sources):
            source = sources[marker - 1]
            yield Citation(
                marker=marker,
                passage_id=source.passage_id,
                document_id=source.document_id,
                quote=source.text,
                start=source.start,
                end=source.end,
                page=None,
                exact=bool(source.text),
            )


def _passage(source: RecordedSource) -> Passage:
    """Give a chunk the form of a passage; its context has the title and every heading that it reaches into."""
    return Passage(
        passage_id=source.passage_id,
        ordinal=source.marker,
        section_path=source.section_path,
        start=source.start,
        end=source.end,
        kind="prose",
        n_tokens=0,
        text=source.text,
        context=" > ".join((source.title, *source.section_path)),
        imprint=Imprint(
            document_id=source.document_id, title=source.title, language=guess_language(source.text)
        ),
    )


def _refusal(sentences: Sequence[RecordedSentence]) -> str:
    """Give the reason of a refusal, or nothing."""
    refusing = [says_no_answer(sentence.text) for sentence in sentences]
    if not sentences or not any(refusing):
        return ""
    is_cited = any(each.citations for each, refuses in zip(sentences, refusing, strict=True) if not refuses)
    return "" if is_cited else _NO_ANSWER
