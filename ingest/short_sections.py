"""Short sections: neighbours of a heading and one line each are merged before chunking."""

from collections.abc import Callable
from itertools import takewhile

from knowledge.document import Document, Section

TokenCounter = Callable[[list[str]], list[int]]
"""Counts the embedder's tokens of each text."""

# "4.1 Nitrates. None known." has a dozen tokens; an article of a statute mostly twice as many or
# more, and is to stay an article.
_SHORT_SHARE = 10
# Merged sections stay well below a passage, so that the words of each still weigh in its vector.
_MERGED_SHARE = 4
# Few tokens are longer, so a longer text need not be counted to know that it is not short.
_TOKEN_CHARS = 10


def merge_short_sections(
    document: Document, count_tokens: TokenCounter, budget_tokens: int
) -> tuple[Section, ...]:
    """Merge neighbouring sections that are all short, under the headings that they share.

    A section is short below a tenth of the budget, and merged sections stay below a quarter of it.
    They differ in their last heading alone, and that heading stands in the text of each, so that
    none is lost. A short section beside a long one stays: the long one would lose its heading.

    Args:
        document: The document; its sections tile its text.
        count_tokens: Counts tokens of texts in one call.
        budget_tokens: Most tokens of a passage.

    Returns:
        Sections in order; they tile the text as those of the document do.
    """
    short = budget_tokens / _SHORT_SHARE
    maybe = [
        section
        for section in document.sections
        if section.end - section.start < short * _TOKEN_CHARS and _holds_its_heading(document.text, section)
    ]
    if len(maybe) < 2:
        return document.sections
    counts = count_tokens([document.text[section.start : section.end] for section in maybe])
    n_tokens = {section.start: n for section, n in zip(maybe, counts, strict=True) if n < short}
    runs: list[list[Section]] = []
    filled = 0
    for section in document.sections:
        # A long section leaves no room beside it.
        added = n_tokens.get(section.start, budget_tokens)
        filled += added
        if runs and filled <= budget_tokens / _MERGED_SHARE and _are_siblings([*runs[-1], section]):
            runs[-1].append(section)
        else:
            runs.append([section])
            filled = added
    return tuple(Section(_shared_path(run), run[0].start, run[-1].end) for run in runs)


def _holds_its_heading(text: str, section: Section) -> bool:
    return bool(section.path) and section.path[-1] in text[section.start : section.end]


def _are_siblings(run: list[Section]) -> bool:
    """Tell whether sections differ in their last heading alone; a parent may stand before its children."""
    return len(_shared_path(run)) >= max(len(section.path) for section in run) - 1


def _shared_path(run: list[Section]) -> tuple[str, ...]:
    levels = zip(*(section.path for section in run), strict=False)
    return tuple(names[0] for names in takewhile(lambda names: len(set(names)) == 1, levels))
