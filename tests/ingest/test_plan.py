from hypothesis import given
from hypothesis import strategies as st

from ingest.plan import Listing, Plan, plan_ingest
from knowledge.generation import DocumentRecord, Manifest, QuarantineRecord, Recipe
from tests.knowledge.factories import laws

SOURCES = st.sampled_from(["/a", "/b"])
PLACES = st.tuples(SOURCES, st.sampled_from(["1.md", "2.md", "3.md"]))
HASHES = st.sampled_from(["old", "new", "broken", ""])


def make_manifest(
    held: dict[tuple[str, str], str],
    quarantined: dict[tuple[str, str], str] | None = None,
    links: dict[tuple[str, str], tuple[str, str]] | None = None,
) -> Manifest:
    """Make a manifest; the id of a document is its place. `links` are places of links and originals."""
    links = links or {}
    return Manifest(
        generation="g1",
        parent=None,
        created_at="",
        recipe=Recipe("", "", "", ""),
        documents={
            "".join(place): DocumentRecord(
                *place, digest, "", 1, duplicate_of="".join(links[place]) if place in links else None
            )
            for place, digest in held.items()
        },
        quarantine=tuple(
            QuarantineRecord(*place, digest, "broken") for place, digest in (quarantined or {}).items()
        ),
    )


MANIFESTS = st.none() | st.builds(
    make_manifest,
    st.dictionaries(PLACES, HASHES),
    st.dictionaries(PLACES, HASHES),
    st.dictionaries(PLACES, PLACES),
)
LISTINGS = st.builds(Listing, st.dictionaries(PLACES, HASHES), st.frozensets(SOURCES))

ONE, TWO = ("/a", "1.md"), ("/a", "2.md")
WHOLE = frozenset({"/a"})


def plan(
    listed: dict[tuple[str, str], str], manifest: Manifest | None, complete: frozenset[str] = WHOLE
) -> Plan:
    return plan_ingest(Listing(listed, complete), manifest)


@laws
@given(LISTINGS, MANIFESTS)
def test_every_listed_entry_is_to_load_or_held_as_it_is(listing: Listing, manifest: Manifest | None):
    held = manifest.documents.values() if manifest else ()
    same = {(r.source, r.entry) for r in held if listing.hashes.get((r.source, r.entry)) == r.content_hash}
    assert listing.hashes.keys() == plan_ingest(listing, manifest).to_load | same


@laws
@given(LISTINGS, MANIFESTS)
def test_an_entry_is_loaded_for_one_reason(listing: Listing, manifest: Manifest | None):
    result = plan_ingest(listing, manifest)
    reasons = (result.new, result.changed, result.retried, result.relinked)
    assert len(result.to_load) == sum(map(len, reasons))


@laws
@given(LISTINGS, MANIFESTS)
def test_every_held_document_is_unchanged_removed_or_loaded_again(
    listing: Listing, manifest: Manifest | None
):
    result = plan_ingest(listing, manifest)
    held = manifest.documents if manifest else {}
    again = {i for i, record in held.items() if (record.source, record.entry) in result.to_load}
    assert sorted(held) == sorted([*result.unchanged, *result.removed, *again])


@laws
@given(LISTINGS, MANIFESTS)
def test_nothing_is_removed_from_a_source_that_was_not_listed_to_its_end(
    listing: Listing, manifest: Manifest | None
):
    held = manifest.documents if manifest else {}
    assert {held[i].source for i in plan_ingest(listing, manifest).removed} <= listing.complete


@laws
@given(st.dictionaries(PLACES, HASHES))
def test_without_a_manifest_everything_is_new(listed: dict[tuple[str, str], str]):
    assert listed.keys() == plan(listed, None).new


@laws
@given(st.dictionaries(PLACES, HASHES))
def test_a_second_look_at_the_same_listing_has_nothing_to_do(listed: dict[tuple[str, str], str]):
    assert plan(listed, make_manifest(listed), frozenset({"/a", "/b"})).is_empty


def test_an_entry_that_was_not_held_is_new():
    assert {TWO} == plan({ONE: "old", TWO: "new"}, make_manifest({ONE: "old"})).new


def test_an_entry_with_other_bytes_is_changed():
    assert {ONE} == plan({ONE: "new"}, make_manifest({ONE: "old"})).changed


def test_an_entry_that_is_gone_is_removed():
    assert {"/a2.md"} == plan({ONE: "old"}, make_manifest({ONE: "old", TWO: "old"})).removed


def test_an_entry_that_is_gone_from_a_broken_source_is_unchanged():
    result = plan({ONE: "old"}, make_manifest({ONE: "old", TWO: "old"}), frozenset())
    assert {"/a1.md", "/a2.md"} == result.unchanged


def test_a_document_of_a_source_that_was_not_named_is_unchanged():
    assert {"/b1.md"} == plan({}, make_manifest({("/b", "1.md"): "old"})).unchanged


def test_a_quarantined_entry_with_the_same_bytes_is_retried():
    assert {ONE} == plan({ONE: "broken"}, make_manifest({}, {ONE: "broken"})).retried


def test_a_quarantined_entry_with_the_same_bytes_is_no_reason_to_begin():
    assert plan({ONE: "broken"}, make_manifest({}, {ONE: "broken"})).is_empty


def test_a_quarantined_entry_with_other_bytes_is_new():
    assert {ONE} == plan({ONE: "new"}, make_manifest({}, {ONE: "broken"})).new


def test_a_quarantined_entry_that_is_still_held_in_an_older_form_is_retried():
    assert {ONE} == plan({ONE: "broken"}, make_manifest({ONE: "old"}, {ONE: "broken"})).retried


COPIED = make_manifest({ONE: "old", TWO: "old"}, links={TWO: ONE})


def test_a_link_whose_original_is_there_is_unchanged():
    result = plan({ONE: "old", TWO: "old"}, COPIED)
    assert (True, {"/a1.md", "/a2.md"}) == (result.is_empty, result.unchanged)


def test_a_link_whose_original_is_gone_is_loaded_again():
    assert ({TWO}, {"/a1.md"}) == ((result := plan({TWO: "old"}, COPIED)).relinked, result.removed)


def test_a_link_whose_original_has_changed_is_loaded_again():
    assert {TWO} == plan({ONE: "new", TWO: "old"}, COPIED).relinked


def test_a_link_whose_original_went_in_an_earlier_run_is_reason_to_begin():
    result = plan({TWO: "old"}, make_manifest({TWO: "old"}, links={TWO: ONE}))
    assert ({TWO}, False) == (result.relinked, result.is_empty)


def test_a_link_whose_original_became_a_link_is_loaded_again():
    three = ("/a", "3.md")
    manifest = make_manifest({ONE: "old", TWO: "old", three: "old"}, links={TWO: ONE, three: TWO})
    assert {three} == plan({ONE: "old", TWO: "old", three: "old"}, manifest).relinked


def test_a_link_that_cannot_be_read_stays_when_its_original_goes():
    assert {"/b1.md"} == plan(
        {}, make_manifest({ONE: "old", ("/b", "1.md"): "old"}, links={("/b", "1.md"): ONE})
    ).unchanged


def test_a_link_that_has_changed_itself_is_changed():
    result = plan({ONE: "new", TWO: "new"}, COPIED)
    assert ({ONE, TWO}, set()) == (result.changed, result.relinked)


def test_a_link_whose_original_is_retried_is_retried_and_no_reason_to_begin():
    manifest = make_manifest({ONE: "old", TWO: "old"}, {ONE: "broken"}, {TWO: ONE})
    result = plan({ONE: "broken", TWO: "old"}, manifest)
    assert ({ONE, TWO}, True) == (result.retried, result.is_empty)
