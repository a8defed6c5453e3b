"""Which documents a generation holds, which repeat others, and what is kept when an entry fails."""

from ingest.holdings import Holdings, Origin
from ingest.near_duplicates import NearDuplicate, sign
from ingest.plan import Listing, Place, plan_ingest
from ingest.report import IngestReport, Link
from ingest.steps import SignedDocument
from knowledge.generation import DocumentRecord, Manifest, QuarantineRecord
from tests.knowledge.factories import make_document, make_manifest

TEXT = "Gout is a painful joint disease that comes from crystals of uric acid."
OTHER = "Cough that lasts for more than eight weeks is looked into."


def at(name: str, digest: str = "hash") -> Origin:
    return "/texts", name, digest


def signed(document_id: str, text: str = TEXT) -> SignedDocument:
    document = make_document(text, document_id=document_id, language="en", title="Gout")
    return SignedDocument(document, sign(document))


def record(name: str, text: str = TEXT, original: str | None = None) -> DocumentRecord:
    """Describe a document read from a file, one passage long unless it is a link."""
    document = signed(name.removesuffix(".md"), text)
    n_passages, similarity = (1, 0.0) if original is None else (0, 1.0)
    return DocumentRecord(
        *at(name), document.document.revision, n_passages, document.signature, original, similarity
    )


def base_of(*records: DocumentRecord, quarantine: tuple[QuarantineRecord, ...] = ()) -> Manifest:
    manifest = make_manifest("g1", [])
    documents = {each.entry.removesuffix(".md"): each for each in records}
    return Manifest(
        generation="g1",
        parent=None,
        created_at=manifest.created_at,
        recipe=manifest.recipe,
        documents=documents,
        quarantine=quarantine,
    )


def holdings(
    base: Manifest | None = None, listed: dict[str, str] | None = None, *, is_complete: bool = True
) -> tuple[Holdings, IngestReport]:
    """Begin with a base, of whose files those listed are there, with these hashes."""
    hashes: dict[Place, str] = {("/texts", name): digest for name, digest in (listed or {}).items()}
    report = IngestReport()
    plan = plan_ingest(Listing(hashes, frozenset({"/texts"} if is_complete else ())), base)
    return Holdings(base, plan, report), report


def test_a_first_document_is_no_link():
    held, _ = holdings()
    assert held.enter(at("a.md"), signed("a")) is None


def test_a_second_document_with_the_same_words_is_a_link_to_the_first():
    held, report = holdings()
    held.enter(at("a.md"), signed("a"))
    assert NearDuplicate("a", 1.0) == held.enter(at("b.md"), signed("b"))
    assert ("a", 1.0, 0) == (
        held.records["b"].duplicate_of,
        held.records["b"].similarity,
        held.records["b"].n_passages,
    )
    assert {"b": Link("a", 1.0)} == report.linked


def test_a_third_document_with_the_same_words_is_a_link_to_the_first_too():
    held, _ = holdings()
    links = [held.enter(at(f"{i}.md"), signed(i)) for i in "abc"]
    assert [None, "a", "a"] == [link and link.document_id for link in links]


def test_a_document_is_compared_with_those_of_the_base():
    held, _ = holdings(base_of(record("a.md")), {"a.md": "hash", "b.md": "new"})
    assert NearDuplicate("a", 1.0) == held.enter(at("b.md"), signed("b"))


def test_a_document_is_never_a_link_to_its_own_last_revision():
    held, _ = holdings(base_of(record("a.md")), {"a.md": "new"})
    assert held.enter(at("a.md", "new"), signed("a")) is None


def test_a_renamed_file_is_no_link_to_what_it_was():
    held, _ = holdings(base_of(record("a.md")), {"b.md": "hash"})
    assert held.enter(at("b.md"), signed("a")) is None


def test_a_file_with_a_new_id_is_no_link_to_what_it_was():
    held, _ = holdings(base_of(record("a.md")), {"a.md": "new"})
    assert (None, {"z"}) == (held.enter(at("a.md", "new"), signed("z")), set(held.records))


def test_nothing_is_linked_to_a_document_that_is_yet_to_be_read():
    held, _ = holdings(base_of(record("z.md")), {"b.md": "new", "z.md": "new"})
    assert held.enter(at("b.md"), signed("b")) is None


def test_a_document_that_could_not_be_read_again_stands_as_it_was():
    held, _ = holdings(base_of(record("a.md")), {"a.md": "new", "b.md": "new"})
    held.reject(at("a.md", "new"), "is empty")
    assert NearDuplicate("a", 1.0) == held.enter(at("b.md"), signed("b"))


def test_a_document_whose_source_vanished_stands_as_it_was_for_the_copies():
    held, _ = holdings(base_of(record("a.md")), {"a.md": "new", "b.md": "new"})
    held.keep_unread()
    assert NearDuplicate("a", 1.0) == held.enter(at("b.md"), signed("b"))


def test_the_entries_that_were_links_come_last():
    base = base_of(record("a.md"), record("b.md", original="a"), record("c.md", OTHER))
    held, _ = holdings(base, {"a.md": "new", "b.md": "new", "c.md": "new", "d.md": "new"})
    assert {("/texts", "b.md")} == held.copies


def test_a_link_that_is_as_it_was_counts_as_unchanged():
    base = base_of(record("a.md"), record("b.md", original="a"))
    held, report = holdings(base, {"a.md": "new", "b.md": "hash"})
    held.enter(at("a.md", "new"), signed("a"))
    held.enter(at("b.md"), signed("b"))
    assert {"new": 0, "changed": 1, "unchanged": 1, "removed": 0} == report.documents


def test_removed_documents_are_gone_and_counted():
    held, report = holdings(base_of(record("a.md"), record("c.md", OTHER)), {"c.md": "hash"})
    assert ({"c"}, {"new": 0, "changed": 0, "unchanged": 1, "removed": 1}) == (
        set(held.records),
        report.documents,
    )


def test_a_link_whose_original_is_gone_and_that_was_not_read_again_is_dropped_and_told_of():
    base = base_of(record("a.md", OTHER), record("b.md", original="gone"))
    held, report = holdings(base, is_complete=False)
    held.drop_stranded()
    assert ({"a"}, {"removed": 1, "unchanged": 1}, True) == (
        set(held.records),
        {state: report.documents[state] for state in ("removed", "unchanged")},
        "repeated 'gone', which is gone" in report.quarantined["/texts/b.md"],
    )


def test_a_link_whose_original_became_a_link_is_dropped():
    base = base_of(record("a.md", OTHER), record("b.md"), record("c.md", original="b"))
    held, _ = holdings(base, {"b.md": "new"}, is_complete=False)
    held.enter(at("b.md", "new"), signed("b", OTHER))
    held.drop_stranded()
    assert {"a": None, "b": "a"} == {i: each.duplicate_of for i, each in held.records.items()}


def test_a_link_whose_original_is_there_stays():
    base = base_of(record("a.md"), record("b.md", original="a"))
    held, _ = holdings(base, {"a.md": "hash", "b.md": "hash"})
    held.drop_stranded()
    assert {"a", "b"} == set(held.records)


def test_an_id_that_another_entry_has_is_taken():
    held, _ = holdings()
    held.enter(at("a.md"), signed("a"))
    assert ("", True) == (
        held.clash(at("a.md"), "a"),
        "already taken by /texts/a.md" in held.clash(at("b.md"), "a"),
    )


def test_the_id_of_a_link_is_taken_too():
    held, _ = holdings()
    held.enter(at("a.md"), signed("a"))
    held.enter(at("b.md"), signed("b"))
    assert "already taken by /texts/b.md" in held.clash(at("c.md"), "b")


def test_a_rejected_entry_is_in_the_quarantine_and_in_the_report():
    held, report = holdings()
    held.reject(at("a.md"), "is empty")
    assert ([QuarantineRecord(*at("a.md"), "is empty")], {"/texts/a.md": "is empty"}) == (
        held.quarantine,
        report.quarantined,
    )


def test_what_comes_of_nothing_is_as_the_base():
    base = base_of(record("a.md"))
    held, _ = holdings(base, {"a.md": "hash"})
    assert held.are_as(base)


def test_a_new_document_makes_a_difference():
    base = base_of(record("a.md"))
    held, _ = holdings(base, {"a.md": "hash", "b.md": "new"})
    held.enter(at("b.md"), signed("b", OTHER))
    assert not held.are_as(base)


def test_a_newly_quarantined_entry_makes_a_difference():
    base = base_of(record("a.md"))
    held, _ = holdings(base, {"a.md": "hash", "b.md": "new"})
    held.reject(at("b.md"), "is empty")
    assert not held.are_as(base)
