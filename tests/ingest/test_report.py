import io

import orjson
import pytest
from rich.console import Console

from ingest.report import IngestReport, Link, Outcome
from knowledge.generation import CheckRecord


def printed(report: IngestReport) -> str:
    console = Console(file=io.StringIO(), width=100)
    report.print(console)
    return console.file.getvalue()


@pytest.mark.parametrize(
    ("outcome", "quarantined", "expected"),
    [
        ("published", {}, 0),
        ("unchanged", {}, 0),
        ("published", {"a.md": "is empty"}, 1),
        ("unchanged", {"a.md": "is empty"}, 1),
        ("not_published", {}, 2),
        ("not_published", {"a.md": "is empty"}, 2),
    ],
)
def test_the_exit_code_says_how_it_went(outcome: Outcome, quarantined: dict[str, str], expected: int):
    assert expected == IngestReport(outcome=outcome, quarantined=quarantined).exit_code


def test_a_report_that_nobody_finished_is_not_published():
    assert 2 == IngestReport().exit_code


def test_the_json_holds_every_field_and_the_exit_code():
    report = orjson.loads(IngestReport(outcome="published", generation="g1", passages_total=7).to_json())
    assert {
        "outcome": "published",
        "generation": "g1",
        "documents": {"new": 0, "changed": 0, "unchanged": 0, "removed": 0},
        "passages_embedded": 0,
        "passages_reused": 0,
        "passages_total": 7,
        "linked": {},
        "quarantined": {},
        "seconds": {},
        "peak_memory_mib": 0.0,
        "checks": [],
        "reason": "",
        "exit_code": 0,
    } == report


def test_a_quarantined_entry_is_printed_with_its_reason():
    text = printed(IngestReport(outcome="published", quarantined={"/texts/a.md": "is empty"}))
    assert "quarantined /texts/a.md: is empty" in text


def test_brackets_in_a_path_or_reason_are_printed_as_they_are():
    text = printed(IngestReport(outcome="published", quarantined={"/texts/[bold]a.md": "title [/x] is bad"}))
    assert "/texts/[bold]a.md: title [/x] is bad" in text


def test_a_long_quarantine_is_cut_with_its_count():
    quarantined = {f"/texts/{n}.md": "is empty" for n in range(50)}
    text = printed(IngestReport(outcome="published", quarantined=quarantined))
    assert (30, True) == (text.count("is empty"), "and 20 more (all with --json)" in text)


def test_an_unchanged_index_is_one_line():
    text = printed(IngestReport(outcome="unchanged", generation="g1"))
    assert "Nothing to do: generation g1 is up to date.\n" == text


def test_a_published_generation_is_a_table_of_counts():
    report = IngestReport(outcome="published", generation="g1", passages_total=12_345)
    assert "12,345" in printed(report)


def test_a_report_without_a_generation_says_why():
    report = IngestReport(reason="no document could be read from the sources")
    assert "Not published: no document could be read from the sources" in printed(report)


def test_a_report_without_a_generation_names_none():
    assert "No generation" in printed(IngestReport(reason="no document could be read from the sources"))


def test_the_json_holds_what_the_gate_found():
    checks = [CheckRecord("passages lost", False, 0.5, 0.2, "10 before, 5 now")]
    report = orjson.loads(IngestReport(checks=checks).to_json())
    assert [
        {
            "name": "passages lost",
            "passed": False,
            "measured": 0.5,
            "required": 0.2,
            "detail": "10 before, 5 now",
        }
    ] == report["checks"]


def test_what_the_gate_found_is_in_the_table():
    checks = [CheckRecord("documents removed", True, 0, 0.2), CheckRecord("passages lost", False, 0.5, 0.2)]
    lines = printed(IngestReport(generation="g1", checks=checks)).splitlines()
    assert [["removed", "0", "passed"], ["lost", "0.5", "failed"]] == [
        line.replace("│", " ").split()[1:] for line in lines if "passed" in line or "failed" in line
    ]


LINKED = IngestReport(outcome="published", linked={"[b]": Link("a", 0.953)})


def test_the_json_says_which_document_repeats_which_and_how_similar_it_is():
    assert {"[b]": {"duplicate_of": "a", "similarity": 0.953}} == orjson.loads(LINKED.to_json())["linked"]


def test_a_linked_document_is_printed_with_its_original():
    text = printed(LINKED)
    assert [True, True] == [
        "linked [b]: repeats a (similarity 0.953)\n" in text,
        ["documents", "linked", "1"] in [line.replace("│", " ").split() for line in text.splitlines()],
    ]


def test_many_linked_documents_are_cut_with_their_count():
    text = printed(IngestReport(outcome="published", linked={str(n): Link("a", 1.0) for n in range(50)}))
    assert (30, True) == (text.count("repeats a"), "and 20 more (all with --json)" in text)
