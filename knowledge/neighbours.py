"""Neighbours: the passages before and behind one in its section, which may finish what it says."""

from collections.abc import Iterator, Sequence

from knowledge.generation import Manifest
from knowledge.passage import Passage, ScoredPassage, passage_id
from knowledge.store import GenerationReader


async def find_neighbours(
    reader: GenerationReader, chosen: Sequence[ScoredPassage], limit: int
) -> list[ScoredPassage]:
    """Find passages of the same sections, nearest to the best passages first.

    They were not found by the question, so that they have no score of their own: 0, and None in
    both legs.

    Returns:
        At most `limit`, none of them among those chosen.

    Raises:
        KnowledgeError: The store failed.
    """
    if limit <= 0 or not chosen:
        return []
    taken = {hit.passage.passage_id for hit in chosen}
    beside = dict(_beside(reader.manifest, [hit.passage for hit in chosen]))
    wanted = [neighbour for neighbour in beside if neighbour not in taken]
    found = await reader.passages(wanted)
    same = [passage for passage in found if passage.section_path == beside[passage.passage_id].section_path]
    return [ScoredPassage(passage, 0.0, None, None) for passage in same[:limit]]


def _beside(manifest: Manifest, passages: Sequence[Passage]) -> Iterator[tuple[str, Passage]]:
    """Yield the ids next to each passage, with the passage; not all of them exist."""
    for passage in passages:
        record = manifest.documents.get(passage.document_id)
        if record is None:
            continue
        for ordinal in (passage.ordinal + 1, passage.ordinal - 1):
            if 0 <= ordinal < record.n_passages:
                yield passage_id(passage.document_id, record.revision, ordinal), passage
