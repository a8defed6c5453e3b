"""The pipeline: the way of one night's documents, top to bottom."""

import resource
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime

from ingest.build import Build, timed
from ingest.errors import SourceMissing
from ingest.gate import check_generation
from ingest.plan import Listing, Plan, plan_ingest
from ingest.report import IngestReport
from ingest.run import Progress, Run
from ingest.sources import Entry, Source, list_entries
from knowledge.errors import GenerationCorrupt
from knowledge.generation import Manifest, new_generation_id
from knowledge.store import GenerationReader


async def ingest(run: Run) -> IngestReport:
    """Bring the index up to date with the sources.

    Builds the next generation beside the current one, checks it, and publishes it in one step;
    whatever goes wrong before, the current one stays. One unreadable entry is quarantined and the
    rest goes on.

    Raises:
        KnowledgeError: The store or the embedder failed; nothing was published.
    """
    report = IngestReport()
    with timed(report, "plan"):
        listing = list_sources(run.sources, report, run.progress)
        parent = await _current(run, report)
        # Another recipe makes other passages and vectors of every document: nothing can be kept.
        base = parent if parent and parent.manifest.recipe == run.recipe else None
        plan = plan_ingest(listing, base.manifest if base else None)
    if base and plan.is_empty and not (run.retry and plan.retried):
        return _up_to_date(report, base.manifest, plan)
    unlisted = _unlisted(listing, run, parent) if parent and not base else set()
    if unlisted and not run.force:
        report.reason = (
            "everything must be built anew, but these sources were not named or not listed to their end: "
            f"{', '.join(sorted(unlisted))}; name them all, or --force drops their documents"
        )
        return report

    generation = new_generation_id()
    async with run.store.write(generation, base.manifest if base else None) as writer:
        build = Build(run, plan, base, writer, report)
        await build.remove()
        for source, entry in _wanted(run, plan):
            await build.add(source, entry)
        await build.write()
        if not build.records:
            report.reason = "no document could be read from the sources"
            return report
        manifest = Manifest(
            generation=generation,
            parent=parent.manifest.generation if parent else None,
            created_at=datetime.now(UTC).isoformat(timespec="seconds"),
            recipe=run.recipe,
            documents=build.records,
            quarantine=tuple(build.quarantine),
        )
        with timed(report, "complete"):
            candidate = await writer.complete(manifest)
    await _publish(run, candidate, parent, report)
    return report


async def _publish(
    run: Run, candidate: GenerationReader, parent: GenerationReader | None, report: IngestReport
) -> None:
    """Let the gate look at a complete generation and make it current if it passes."""
    with timed(report, "gate"):
        current = parent.manifest if parent else None
        checks = await check_generation(candidate, current, run.golden, run.embedder, run.limits)
    failed = [check for check in checks if not check.passed]
    manifest = replace(candidate.manifest, gate=tuple(checks), forced=bool(failed) and run.force)
    report.generation = manifest.generation
    report.checks = checks
    report.passages_total = manifest.n_passages
    report.peak_memory_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    await run.store.record(manifest)
    if failed and not run.force:
        names = "; ".join(f"{c.name}: {c.measured:g}, required {c.required:g}" for c in failed)
        report.reason = f"the gate was not passed ({names})"
        return
    await run.store.publish(manifest.generation)
    run.cache.clear()
    report.outcome = "published"


async def _current(run: Run, report: IngestReport) -> GenerationReader | None:
    """Open the current generation. A corrupt one counts as none: building anew is its remedy."""
    try:
        return await run.store.current()
    except GenerationCorrupt as error:
        report.quarantined["current generation"] = str(error)
        return None


def list_sources(sources: Sequence[Source], report: IngestReport, progress: Progress) -> Listing:
    """List what the sources hold now; one that cannot be listed to its end goes into the report."""
    hashes: dict[tuple[str, str], str] = {}
    complete: set[str] = set()
    for source in sources:
        try:
            for entry in list_entries(source):
                hashes[entry.source, entry.name] = entry.content_hash
                progress("list", len(hashes), 0)
            complete.add(source.name)
        except SourceMissing as error:
            report.quarantined[source.name] = str(error)
    return Listing(hashes, frozenset(complete))


def _unlisted(listing: Listing, run: Run, parent: GenerationReader) -> set[str]:
    """Name the sources whose documents would be lost if the index were built from this listing."""
    held = {record.source for record in parent.manifest.documents.values()}
    return (held | {source.name for source in run.sources}) - listing.complete


def _wanted(run: Run, plan: Plan) -> Iterator[tuple[Source, Entry]]:
    """Read the sources again and give the entries that the plan names.

    A second reading costs less than keeping every file of an archive in memory.
    """
    for source in run.sources:
        with suppress(SourceMissing):  # the listing has reported it
            for entry in list_entries(source):
                if (entry.source, entry.name) in plan.to_load:
                    yield source, entry


def _up_to_date(report: IngestReport, manifest: Manifest, plan: Plan) -> IngestReport:
    report.outcome = "unchanged"
    report.generation = manifest.generation
    report.documents["unchanged"] = len(manifest.documents)
    report.passages_total = manifest.n_passages
    for record in manifest.quarantine:
        if (record.source, record.entry) in plan.retried:
            report.quarantined[f"{record.source}/{record.entry}"] = record.reason
    return report
