"""Conflicts: passages that say different things, shown with their dates."""

from collections.abc import Sequence

from knowledge.document import Imprint, Language
from knowledge.passage import Passage
from rag_service import wording


def find_conflicts(passages: Sequence[Passage], language: Language) -> list[str]:
    """Name the texts that are before the reader in an old and a new edition, each pair once.

    An old edition is there only where its figures are others than the new one's (`choose_evidence`).
    """
    imprints = {passage.document_id: passage.imprint for passage in passages}
    pairs = [
        (new, imprints[new.supersedes])
        for new in imprints.values()
        if new.supersedes is not None and new.supersedes in imprints
    ]
    return [f"{wording.CONFLICT[language]} {_named(new)}; {_named(old)}" for new, old in pairs]


def _named(imprint: Imprint) -> str:
    dated = imprint.reviewed_on or imprint.published_on
    return f"{imprint.title} ({dated.isoformat()})" if dated else imprint.title
