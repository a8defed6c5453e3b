"""Chunking: a document to passages, along its sections, rows, items and sentences."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from math import ceil

from semantic_text_splitter import TextSplitter

from ingest.anchoring import Run, anchored_runs
from ingest.short_sections import TokenCounter, merge_short_sections
from knowledge.document import Document, Section
from knowledge.passage import Kind, Passage, passage_id
from knowledge.sentences import sentence_spans

VERSION = "chunker-3"

_ROW = re.compile(r"[^\S\n]*\|")
_ITEM = re.compile(r"[^\S\n]*(?:[-*+]|\d{1,3}[.)、]|[（(]\d{1,3}[)）])")
# A figure with its unit, a ratio, a range, a date: "2.5 mg", "140/90 mmHg", "10–20 毫克", "2026-01-31".
# Too much in it does no harm, so the unit may be any word.
_MEASURE = re.compile(
    r"[<>≤≥≈±~～]?\d[\d.,:/×~～–—-]{0,20}[^\S\n]?(?:[A-Za-zµμ%‰°℃℉][\w/%·²³]{0,11}|[\u3400-\u9fff]{0,2})"
)
# Longer than the longest measure.
_WINDOW_CHARS = 48
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


_Cut = tuple[int, int, Kind, str, Section]
"""Start, end, kind and context of a passage, and its section."""


def chunk_document(
    document: Document, count_tokens: TokenCounter, budget_tokens: int, previous: Sequence[Passage] = ()
) -> list[Passage]:
    """Cut a document into passages that tile its text.

    Short sections side by side are first merged under the heading that they share; their own
    stand in the text. A section that fits becomes one passage; a longer one becomes several of
    about equal length, cut between sentences, table rows or list items. Only a single sentence
    longer than the budget is cut inside, between words. A passage that begins inside a table
    repeats the table's header row in its context.

    Args:
        document: The document; its sections tile its text, each from its heading on.
        count_tokens: Counts tokens of texts in one call.
        budget_tokens: Most tokens of context and text together.
        previous: Passages of the document's last revision. Those whose text still stands are kept
            as they were, so that one edited paragraph moves no cut elsewhere.

    Returns:
        Passages in order; their texts joined equal the document's text.
    """
    cuts = [
        cut
        for section in merge_short_sections(document, count_tokens, budget_tokens)
        for cut in _cuts(document, section, count_tokens, budget_tokens, previous)
    ]
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


def _cuts(
    document: Document,
    section: Section,
    count_tokens: TokenCounter,
    budget_tokens: int,
    previous: Sequence[Passage],
) -> Iterator[_Cut]:
    context = " > ".join((document.imprint.title, *section.path))
    room = budget_tokens - min(count_tokens([context])[0], budget_tokens // _CONTEXT_SHARE)
    atoms = _atoms(document.text, section, count_tokens, room)
    stood = [passage.text for passage in previous if passage.section_path == section.path]
    runs = anchored_runs(document.text, [(atom.start, atom.end) for atom in atoms], stood) if stood else []
    for group in _groups(atoms, room, runs):
        first, last = group[0], group[-1]
        shown = f"{context}\n{first.header}" if first.header else context
        yield first.start, last.end, _kind(group), shown, section


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
    starts = [atom.start]
    for offset, _ in pieces[1:]:
        cut = _before_measure(text, atom.start + offset)
        # A figure as long as a piece is cut all the same.
        starts.append(cut if cut > starts[-1] else atom.start + offset)
    bounds = list(pairwise([*starts, atom.end]))
    counts = count_tokens([text[start:end] for start, end in bounds])
    atoms: list[_Atom] = []
    for (start, end), n_tokens in zip(bounds, counts, strict=True):
        part = replace(atom, start=start, end=end, n_tokens=n_tokens)
        # Where scripts mix, tokens lie closer in one piece than in the next.
        is_over = n_tokens > room and len(bounds) > 1
        atoms += _split(text, part, count_tokens, room) if is_over else [part]
    return atoms


def _before_measure(text: str, cut: int) -> int:
    """Move a cut that falls into a figure with its unit in front of the figure."""
    window = max(0, cut - _WINDOW_CHARS)
    measures = _MEASURE.finditer(text, window, cut + _WINDOW_CHARS)
    return next((measure.start() for measure in measures if measure.start() < cut < measure.end()), cut)


def _groups(atoms: list[_Atom], room: int, anchors: list[Run]) -> list[list[_Atom]]:
    """Group the atoms of a section: those of an anchor together, the others packed."""
    groups: list[list[_Atom]] = []
    done = 0
    for first, after in anchors:
        anchor = atoms[first:after]
        # The room may be smaller than it was: the title or a heading has grown.
        if sum(atom.n_tokens for atom in anchor) <= room:
            groups += _pack_between(atoms[done:first], room, groups)
            groups.append(anchor)
            done = after
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
