"""The pipeline: the way of one night's documents, top to bottom."""

import resource
from collections.abc import Iterator, Set
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from ingest.build import Build, timed
from ingest.centring import centre_generation
from ingest.errors import SourceMissing
from ingest.gate import check_generation
from ingest.holdings import Holdings
from ingest.listing import list_sources
from ingest.plan import Listing, Place, Plan, plan_ingest
from ingest.report import IngestReport
from ingest.run import Run
from ingest.runner import LocalRunner, Runner
from ingest.sources import list_entries
from ingest.steps import Unread
from knowledge.errors import GenerationCorrupt
from knowledge.generation import Manifest, QuarantineRecord, new_generation_id
from knowledge.store import GenerationReader


@dataclass(frozen=True, slots=True)
class Outlook:
    """What lies before a run.

    `current` is the id of the current generation, None where there is none or it is broken; `last`
    describes it or, where it is broken, the newest good one; `base` is the one to start from, None
    where everything must be built anew. `refusal` says why the run must not begin, empty when it may.
    """

    listing: Listing
    plan: Plan
    current: str | None
    last: Manifest | None
    base: GenerationReader | None
    refusal: str = ""

    @property
    def is_anew(self) -> bool:
        """True when there is an index, but none of it can be kept."""
        return self.last is not None and self.base is None

    @property
    def unknown(self) -> list[QuarantineRecord]:
        """The quarantined entries of which nothing was heard: their sources were not listed to the end."""
        seen = self.listing
        return [
            record
            for record in (self.base.manifest.quarantine if self.base else ())
            if record.source not in seen.complete and (record.source, record.entry) not in seen.hashes
        ]


async def ingest(run: Run, runner: Runner | None = None) -> IngestReport:
    """Bring the index up to date with the sources.

    Builds the next generation beside the current one, checks it, and publishes it in one step;
    whatever goes wrong before, the current one stays. One unreadable entry is quarantined and the
    rest goes on.

    Args:
        run: What is read, filled and demanded.
        runner: Where documents are read, cut and embedded; by default in this process.

    Raises:
        KnowledgeError: The store or the embedder failed; nothing was published.
    """
    report = IngestReport()
    ahead = await look_ahead(run, report)
    report.reason = ahead.refusal
    if report.reason:
        return report
    if ahead.base and ahead.plan.is_empty and not (run.retry and ahead.plan.retried):
        return _up_to_date(report, ahead.base.manifest, ahead.plan)
    base = ahead.base.manifest if ahead.base else None
    generation = new_generation_id()
    async with run.store.write(generation, base) as writer:
        # It was looked at before the store was locked.
        if await _current(run) != ahead.current:
            report.reason = "another run has published since this one began to list its sources; run again"
            return report
        holdings = Holdings(base, ahead.plan, report)
        holdings.quarantine += ahead.unknown
        await writer.delete_documents(sorted(ahead.plan.removed))
        build = Build(run, runner or LocalRunner(run.embedder), ahead.base, writer, holdings, report)
        unread = await _read_sources(run, build)
        if base and holdings.are_as(base):
            return _up_to_date(report, base, ahead.plan)
        report.reason = _objection(run, ahead, holdings, unread)
        if report.reason:
            return report
        candidate = await _complete(build, generation, ahead)
        await _publish(run, candidate, ahead, report)
    return report


async def look_ahead(run: Run, report: IngestReport) -> Outlook:
    """List the sources and compare them with the current generation; nothing is written.

    Raises:
        KnowledgeError: The store cannot be read.
    """
    with timed(report, "plan"):
        listing = list_sources(run.sources, report, run.progress, run.url_cache)
        try:
            reader = await run.store.current()
            last = reader.manifest if reader else None
        except GenerationCorrupt as error:  # to build anew is its remedy
            report.quarantined["current generation"] = str(error)
            reader = None
            last = next((m for m in reversed(await run.store.generations()) if m.is_approved), None)
        # Another recipe makes other passages and vectors of every document: nothing can be kept.
        base = reader if reader and reader.manifest.recipe == run.recipe else None
        plan = plan_ingest(listing, base.manifest if base else None)
    unlisted = _unlisted(listing, run, last) if last and not base and not run.force else []
    refusal = ""
    if not listing.complete and not listing.hashes:
        refusal = f"no source can be read: {'; '.join(report.quarantined[s.name] for s in run.sources)}"
    elif unlisted:
        refusal = (
            "everything must be built anew, but these sources were not named or not listed to their end: "
            f"{', '.join(unlisted)}; name them all, or --force drops their documents"
        )
    current = reader.manifest.generation if reader else None
    return Outlook(listing, plan, current, last, base, refusal)


async def _read_sources(run: Run, build: Build) -> set[str]:
    """Read the sources again, add the entries that are to be loaded, and name the sources that failed.

    A second reading costs less than keeping every file of an archive in memory.
    """
    unread: set[str] = set()
    holdings = build.holdings
    await build.add(_wanted(run, holdings.to_load - holdings.copies, build.report, unread))
    holdings.keep_unread()
    await build.add(_wanted(run, holdings.copies, build.report, unread))
    await build.finish()
    holdings.drop_stranded()
    return unread


def _wanted(run: Run, places: Set[Place], report: IngestReport, unread: set[str]) -> Iterator[Unread]:
    """Give the entries at these places as the sources come; one that fails goes into the report."""
    named = {source for source, _ in places}
    for source in (source for source in run.sources if source.name in named):
        # What may be secret is not needed to read an entry, and may travel no further.
        told = replace(source, options={}, load={})
        try:
            for entry in list_entries(source, run.url_cache):
                if (entry.source, entry.name) in places:
                    yield Unread(told, entry)
        except SourceMissing as error:
            report.quarantined[source.name] = str(error)
            unread.add(source.name)


def _objection(run: Run, ahead: Outlook, holdings: Holdings, unread: set[str]) -> str:
    """Say why what was built must not be published whatever the gate says, empty when it may."""
    if not holdings.records:
        return "no document could be read from the sources"
    if ahead.is_anew and unread and not run.force:
        return (
            "everything had to be built anew, but these sources vanished meanwhile: "
            f"{', '.join(sorted(unread))}; run again when they are back, or --force drops their documents"
        )
    return ""


async def _complete(build: Build, generation: str, ahead: Outlook) -> GenerationReader:
    records = build.holdings.records
    with timed(build.report, "centre"):
        centring = await centre_generation(build, sum(record.n_passages for record in records.values()))
    manifest = Manifest(
        generation=generation,
        parent=ahead.last.generation if ahead.last else None,
        created_at=datetime.now(UTC).isoformat(timespec="seconds"),
        recipe=build.run.recipe,
        documents=records,
        quarantine=tuple(build.holdings.quarantine),
        centring=centring,
        superseded={r.supersedes: i for i, r in records.items() if r.supersedes in records},
    )
    with timed(build.report, "complete"):
        return await build.writer.complete(manifest)


async def _publish(run: Run, candidate: GenerationReader, ahead: Outlook, report: IngestReport) -> None:
    """Let the gate look at a complete generation and make it current if it passes."""
    with timed(report, "gate"):
        checks = await check_generation(candidate, ahead.last, run.golden, run.embedder, run.limits)
    failed = [check for check in checks if not check.passed]
    manifest = replace(candidate.manifest, gate=tuple(checks), forced=bool(failed) and run.force)
    report.generation = manifest.generation
    report.checks = checks
    report.passages_total = manifest.n_passages
    report.peak_memory_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    await run.store.record(manifest)
    if manifest.is_rejected:
        names = "; ".join(f"{c.name}: {c.measured:g}, required {c.required:g}" for c in failed)
        report.reason = f"the gate was not passed ({names})"
    elif await _current(run) != ahead.current:
        report.reason = "another generation was made current while this one was built; run again"
    else:
        await run.store.publish(manifest.generation)
        run.cache.clear()
        report.outcome = "published"


async def _current(run: Run) -> str | None:
    """Name the current generation, None where there is none or it is broken."""
    try:
        reader = await run.store.current()
    except GenerationCorrupt:
        return None
    return reader.manifest.generation if reader else None


def _unlisted(listing: Listing, run: Run, last: Manifest) -> list[str]:
    """Name the sources whose documents would be lost if the index were built from this listing."""
    held = {record.source for record in last.documents.values()}
    return sorted((held | {source.name for source in run.sources}) - listing.complete)


def _up_to_date(report: IngestReport, manifest: Manifest, plan: Plan) -> IngestReport:
    report.outcome = "unchanged"
    report.generation = manifest.generation
    report.documents["unchanged"] = len(manifest.documents)
    report.passages_total = manifest.n_passages
    for record in manifest.quarantine:
        if (record.source, record.entry) in plan.retried:
            report.quarantined[record.place] = record.reason
    return report
