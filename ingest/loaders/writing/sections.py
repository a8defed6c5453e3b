"""Sections: where the headings of a text cut it."""

from collections.abc import Sequence
from dataclasses import dataclass

from knowledge.document import Section


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading: the code-point offsets of its line or its words, its level (1 is the highest)."""

    start: int
    end: int
    level: int
    words: str


def cut_sections(text: str, headings: Sequence[Heading], title: str) -> tuple[Section, ...]:
    """Cut a text at its headings into sections that tile it.

    A heading straight above a lower one begins that one's section; one straight above its equal
    says something by itself ("4.1 Active liver disease") and is a section. Text above the first
    heading is a section without a path. The document's title is no part of a path.

    Args:
        text: The document's text.
        headings: In order of `start`.
        title: The document's title.
    """
    starts = [heading.start for heading in headings]
    sections: list[Section] = []
    start = 0
    if not starts or text[: starts[0]].strip():
        sections.append(Section((), 0, starts[0] if starts else len(text)))
        start = sections[0].end
    chain: list[Heading] = []
    for n, heading in enumerate(headings):
        below = headings[n + 1] if n + 1 < len(headings) else None
        end = below.start if below else len(text)
        chain = [above for above in chain if above.level < heading.level] + [heading]
        if below and below.level > heading.level and not text[heading.end : end].strip():
            continue
        path = tuple(above.words for above in chain if above.words != title)
        sections.append(Section(path, start, end))
        start = end
    return tuple(sections)
