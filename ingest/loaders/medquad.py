"""MedQuAD XML: question-answer pairs from NIH and CDC pages.

Ben Abacha and Demner-Fushman, "A question-entailment approach to question answering",
BMC Bioinformatics 20:511, 2019.
"""

from pathlib import PurePosixPath

from lxml import etree

from ingest.errors import UnreadableDocument
from ingest.loaders.writing.words import fold_lines
from ingest.loaders.xml.tree import parse_xml
from knowledge.document import Document, Imprint, Section

_LICENSE = "CC BY 4.0"
_TAGS = {
    "qapairs": "QAPairs",
    "qapair": "QAPair",
    "pair": "QAPair",
    "question": "Question",
    "answer": "Answer",
    "focus": "Focus",
    "doctitle-focus": "Focus",
}


def load_medquad(raw: bytes, name: str) -> Document:
    """Load one MedQuAD file; each question with an answer becomes a section.

    Raises:
        UnreadableDocument: Not well-formed XML, another kind of XML, or no pair has an answer.
    """
    root = parse_xml(raw)
    # A few files of the collection have the tags of an earlier layout: doc, pair, question, answer.
    for element in root.iter(etree.Element):
        element.tag = _TAGS.get(str(element.tag).lower(), element.tag)
    if root.find("QAPairs") is None:
        raise UnreadableDocument(f"is XML of another kind (root {root.tag!r}); only MedQuAD is read")
    text, sections = _sections(root)
    if not sections:
        raise UnreadableDocument("has no question with an answer")
    source = root.get("source") or root.get("corpus") or "MedQuAD"
    return Document(
        imprint=Imprint(
            # The id attribute repeats where a page was split into several files; the name does not.
            document_id=f"{source}-{PurePosixPath(name).name}",
            title=_words(root.find("Focus")) or sections[0].path[0],
            language="en",
            publisher=source,
            url=root.get("url") or None,
            license=_LICENSE,
            document_type="questions",
        ),
        text=text,
        sections=sections,
    )


def _sections(root: etree._Element) -> tuple[str, tuple[Section, ...]]:
    text = ""
    sections: list[Section] = []
    for pair in root.iter("QAPair"):
        question, answer = _words(pair.find("Question")), _words(pair.find("Answer"))
        if not answer:
            continue
        start = len(text)
        text += f"{question}\n\n{answer}\n\n"
        sections.append(Section((question,), start, len(text)))
    return text, tuple(sections)


def _words(element: etree._Element | None) -> str:
    """Read all text of an element, markup inside left out; keep line breaks."""
    return "" if element is None else fold_lines("".join(str(part) for part in element.itertext()))
