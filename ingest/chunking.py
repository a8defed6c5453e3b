"""Chunking: a document to passages, along its sections, rows, items and sentences."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import ceil

from semantic_text_splitter import TextSplitter

from knowledge.document import Document, Section
from knowledge.passage import Kind, Passage, passage_id
from knowledge.sentences import sentence_spans

VERSION = "chunker-2"

TokenCounter = Callable[[list[str]], list[int]]
"""Counts the embedder's tokens of each text."""

_ROW = re.compile(r"[^\S\n]*\|")
_ITEM = re.compile(r"[^\S\n]*(?:[-*+]|\d{1,3}[.)、]|[（(]\d{1,3}[)）])")
# A heading chain may be long; it must leave most of the budget to the text.
_CONTEXT_SHARE = 3
# A passage shorter than a quarter of the room is a stub.
_STUB_SHARE = 4


@dataclass(frozen=True, slots=True)
class _Atom:
    """The smallest stretch that chunking does not cut: a sentence, a table row, a list item.

    `header` is the header row of the table that a row stands in, empty for the header row itself.
    """

    start: int
    end: int
    n_tokens: int
    kind: Kind
    header: str = ""


def chunk_document(
    document: Document, count_tokens: TokenCounter, budget_tokens: int, previous: Sequence[Passage] = ()
) -> list[Passage]:
    """Cut a document into passages that tile its text.

    A section that fits becomes one passage; a longer one becomes several of about equal length,
    cut between sentences, table rows or list items. Only a single sentence longer than the budget
    is cut inside, between words. A passage that begins inside a table repeats the table's header
    row in its context.

    Args:
        document: The document; its sections tile its text.
        count_tokens: Counts tokens of texts in one call.
        budget_tokens: Most tokens of context and text together.
        previous: Passages of the document's last revision. Those whose text still stands are kept
            as they were, so that one edited paragraph moves no cut elsewhere.

    Returns:
        Passages in order; their texts joined equal the document's text.
    """
    cuts: list[tuple[int, int, Kind, str, Section]] = []
    for section in document.sections:
        context = " > ".join((document.imprint.title, *section.path))
        room = budget_tokens - min(count_tokens([context])[0], budget_tokens // _CONTEXT_SHARE)
        atoms = _atoms(document.text, section, count_tokens, room)
        for group in _groups(atoms, room, anchored_spans(document.text, section, previous)):
            first, last = group[0], group[-1]
            shown = f"{context}\n{first.header}" if first.header else context
            cuts.append((first.start, last.end, _kind(group), shown, section))
    texts = [document.text[start:end] for start, end, *_ in cuts]
    return [
        Passage(
            passage_id=passage_id(document.imprint.document_id, document.revision, ordinal),
            ordinal=ordinal,
            section_path=section.path,
            start=start,
            end=end,
            kind=kind,
            n_tokens=n_tokens,
            text=text,
            context=context,
            imprint=document.imprint,
            page_first=_page_at(document, start),
            page_last=_page_at(document, end - 1),
        )
        for ordinal, ((start, end, kind, context, section), text, n_tokens) in enumerate(
            zip(cuts, texts, count_tokens(texts), strict=True)
        )
    ]


def anchored_spans(text: str, section: Section, previous: Sequence[Passage]) -> list[tuple[int, int]]:
    """Find the passages of the last revision that still stand in a section, in order.

    Returns:
        (start, end) code-point offsets into the text, ascending, without overlap.
    """
    spans: list[tuple[int, int]] = []
    position = section.start
    for passage in previous:
        if passage.section_path != section.path:
            continue
        start = text.find(passage.text, position, section.end)
        if start >= 0:
            position = start + len(passage.text)
            spans.append((start, position))
    return spans


def _page_at(document: Document, offset: int) -> int | None:
    return next((page.number for page in document.pages if page.start <= offset < page.end), None)


def _atoms(text: str, section: Section, count_tokens: TokenCounter, room: int) -> list[_Atom]:
    spans = _spans(text, section)
    counts = count_tokens([text[start:end] for start, end, _ in spans])
    atoms: list[_Atom] = []
    header = ""
    for (start, end, kind), n_tokens in zip(spans, counts, strict=True):
        if kind != "table" or text.startswith("\n\n", max(0, start - 2)):
            header = ""
        atom = _Atom(start, end, n_tokens, kind, header)
        atoms += [atom] if n_tokens <= room else _split(text, atom, count_tokens, room)
        if kind == "table" and not header:
            header = text[start:end].strip()
    return atoms


def _spans(text: str, section: Section) -> list[tuple[int, int, Kind]]:
    """Cut a section into sentences and whole table rows, each with the kind of its line."""
    spans: list[tuple[int, int, Kind]] = []
    kind: Kind = "prose"
    for start, end in sentence_spans(text[section.start : section.end]):
        start, end = section.start + start, section.start + end
        if not spans or text[start - 1] == "\n":
            kind = _line_kind(text, start)
        elif kind == "table":
            spans[-1] = (spans[-1][0], end, kind)
            continue
        spans.append((start, end, kind))
    return spans


def _split(text: str, atom: _Atom, count_tokens: TokenCounter, room: int) -> list[_Atom]:
    """Cut an atom that is over the budget between words, or between characters if it has none."""
    capacity_chars = max(1, (atom.end - atom.start) * room // atom.n_tokens * 3 // 4)
    pieces = TextSplitter(capacity_chars, trim=False).chunk_indices(text[atom.start : atom.end])
    counts = count_tokens([piece for _, piece in pieces])
    atoms: list[_Atom] = []
    for (offset, piece), n_tokens in zip(pieces, counts, strict=True):
        start = atom.start + offset
        part = replace(atom, start=start, end=start + len(piece), n_tokens=n_tokens)
        # Where scripts mix, tokens lie closer in one piece than in the next.
        is_over = n_tokens > room and len(pieces) > 1
        atoms += _split(text, part, count_tokens, room) if is_over else [part]
    return atoms


def _groups(atoms: list[_Atom], room: int, anchors: list[tuple[int, int]]) -> list[list[_Atom]]:
    """Group the atoms of a section: those of an anchor together, the others packed."""
    starts = {atom.start: index for index, atom in enumerate(atoms)}
    ends = {atom.end: index + 1 for index, atom in enumerate(atoms)}
    groups: list[list[_Atom]] = []
    done = 0
    for start, end in anchors:
        if start in starts and end in ends and starts[start] >= done:
            groups += _pack_between(atoms[done : starts[start]], room, groups)
            groups.append(atoms[starts[start] : ends[end]])
            done = ends[end]
    return groups + _pack_between(atoms[done:], room, groups)


def _pack_between(atoms: list[_Atom], room: int, before: list[list[_Atom]]) -> list[list[_Atom]]:
    """Pack what lies between anchors; a few words go to the passage before them if it has room."""
    n_tokens = sum(atom.n_tokens for atom in atoms)
    if before and n_tokens < room / _STUB_SHARE and n_tokens + sum(a.n_tokens for a in before[-1]) <= room:
        before[-1] += atoms
        return []
    return _pack(atoms, room)


def _pack(atoms: list[_Atom], room: int) -> list[list[_Atom]]:
    """Group atoms into runs of about equal length, none above the room.

    Between two rows or two items a cut is made only when there is no room left: a table or a list
    that ends in the next passage is hard to read.
    """
    total = sum(atom.n_tokens for atom in atoms)
    # Equal shares: a greedy fill would leave a stub of a few words at the end of most sections.
    target = total / max(1, ceil(total / room))
    groups: list[list[_Atom]] = []
    filled = 0
    for atom in atoms:
        goes_on = bool(groups) and atom.kind == groups[-1][-1].kind != "prose"
        if not groups or (filled >= target and not goes_on) or filled + atom.n_tokens > room:
            groups.append([])
            filled = 0
        groups[-1].append(atom)
        filled += atom.n_tokens
    return groups


def _kind(group: list[_Atom]) -> Kind:
    n_chars: dict[Kind, int] = {}
    for atom in group:
        n_chars[atom.kind] = n_chars.get(atom.kind, 0) + atom.end - atom.start
    return max(n_chars, key=lambda kind: n_chars[kind])


def _line_kind(text: str, start: int) -> Kind:
    line_start = text.rfind("\n", 0, start) + 1
    if _ROW.match(text, line_start):
        return "table"
    return "list" if _ITEM.match(text, line_start) else "prose"
