"""Listing: what the sources hold now."""

from collections.abc import Sequence
from pathlib import Path

from ingest.errors import SourceMissing
from ingest.plan import Listing
from ingest.report import IngestReport
from ingest.run import Progress
from ingest.sources import Source, list_entries


def list_sources(
    sources: Sequence[Source], report: IngestReport, progress: Progress, url_cache: Path | None
) -> Listing:
    """List what the sources hold now; one that cannot be listed to its end goes into the report."""
    hashes: dict[tuple[str, str], str] = {}
    complete: set[str] = set()
    for source in sources:
        try:
            for entry in list_entries(source, url_cache):
                hashes[entry.source, entry.name] = entry.content_hash
                progress("list", len(hashes), 0)
            complete.add(source.name)
        except SourceMissing as error:
            report.quarantined[source.name] = str(error)
    return Listing(hashes, frozenset(complete))
