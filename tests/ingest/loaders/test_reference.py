"""The real files that the loaders were written for."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from ingest.errors import UnreadableDocument
from ingest.loaders import load_document
from ingest.loaders.columns import ColumnMap
from ingest.loaders.records import split_records
from ingest.sources import Entry
from knowledge.document import Document
from tests.ingest.loaders.factories import paths_of

DATA = Path(__file__).parents[4] / "shared" / "data" / "reference"
GUIDELINE = Path("en", "pdf", "cdc_outpatient_infection_prevention.pdf")


@pytest.fixture(scope="module")
def reference() -> Path:
    """The folder of reference texts beside the checkout."""
    if not DATA.is_dir():
        pytest.skip("the reference data stand beside the checkout, in ../shared/data, and are not there")
    return DATA


def load(path: Path) -> Document:
    return load_document(Entry(str(path.parent), path.name, path.read_bytes()))


def load_records(path: Path) -> Iterator[Document]:
    for record_id, raw in split_records(path.read_bytes(), path.name, ColumnMap()):
        yield load_document(Entry(str(path.parent), f"{path.name}#{record_id}", raw, is_record=True))


def test_statutes_have_their_title_date_and_articles(reference: Path):
    nurses = load(reference / "zh" / "health_law" / "护士条例(2020-03-27).md")
    assert ("护士条例", date(2020, 3, 27), ("第一章 总则", "第一条")) == (
        nurses.imprint.title,
        nurses.imprint.published_on,
        paths_of(nurses)[1],
    )


def test_every_statute_is_dated_by_its_name(reference: Path):
    for path in sorted((reference / "zh" / "health_law").glob("*.md")):
        assert path.stem[-11:-1] == str(load(path).imprint.published_on)


def test_the_protocol_is_read_without_the_furniture_of_its_pages(reference: Path):
    page = load(reference / "zh" / "nhc_covid_protocol_html" / "docs__cn__index_3.html")
    assert ("zh", True, False) == (
        page.imprint.language,
        ("十、治疗", "（二）一般治疗。") in paths_of(page),
        "贡献者名单" in page.text,
    )


def test_every_paper_has_title_journal_date_and_licence(reference: Path):
    for path in sorted((reference / "en" / "jats").iterdir()):
        imprint = load(path).imprint
        assert all((imprint.title, imprint.publisher, imprint.published_on, imprint.license, imprint.url)), (
            path
        )


def test_a_notice_of_retraction_supersedes_its_paper(reference: Path):
    imprint = load(reference / "en" / "jats" / "journal.ppat.1005207.xml").imprint
    assert ("retracted", "10.1371/journal.ppat.1003435") == (imprint.status, imprint.supersedes)


def test_the_tables_of_a_paper_are_tables(reference: Path):
    text = load(reference / "en" / "jats" / "journal.pmed.1001300.xml").text
    assert "| Initial intensive phase |  |  |  |  |  |  |\n| 0–2 | 118 | 1.0 (reference) |" in text


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("humira", "HUMIRA (adalimumab) injection, for subcutaneous use"),
        ("lipitor-repack", "LIPITOR® (atorvastatin calcium) Tablets for oral administration"),
        ("cough", "TRIAMINIC Childrens Night Time Cold and Cough (Diphenhydramine HCl, Phenylephrine HCl)"),
        ("no-title", "Haloperidol"),
    ],
)
def test_drug_labels_are_titled_by_their_drug(reference: Path, name: str, title: str):
    assert title == load(reference / "en" / "spl" / f"{name}.xml").imprint.title


def test_a_drug_label_has_its_dosing_table(reference: Path):
    text = load(reference / "en" / "spl" / "cough.xml").text
    assert "| children 6 to under 12 years of age | 2 teaspoonfuls (10 mL) |" in text


def test_a_contraindication_that_is_only_a_heading_is_a_section(reference: Path):
    paths = paths_of(load(reference / "en" / "spl" / "lipitor-orig.xml"))
    assert ("4 CONTRAINDICATIONS", "4.2 Hypersensitivity to any component of this medication") in paths


def test_health_topics_are_records(reference: Path):
    topics = list(load_records(reference / "en" / "medlineplus_topics.jsonl"))
    assert (1023, "A1C", "https://medlineplus.gov/a1c.html") == (
        len(topics),
        topics[0].imprint.title,
        topics[0].imprint.url,
    )


def test_official_health_topics_are_read_in_english(reference: Path):
    xml = reference / "en" / "medlineplus_official_xml" / "mplus_topics_2012-07-21.xml"
    assert ["Abdominal Pain"] == [topic.imprint.title for topic in load_records(xml)]


def test_summaries_in_spanish_are_refused(reference: Path):
    path = reference / "en" / "medlineplus_official_xml" / "medline_topic_summaries.json"
    refused = []
    for record_id, raw in split_records(path.read_bytes(), path.name, ColumnMap()):
        try:
            load_document(Entry("", record_id, raw, is_record=True))
        except UnreadableDocument as error:
            refused.append(str(error))
    assert {"looks like language 'es'; only Chinese and English are read"} == set(refused)


def test_drug_notices_have_their_drug_and_date(reference: Path):
    notices = list(load_records(reference / "zh" / "tfda_drug_safety_communications.json"))
    assert (129, "Acetaminophen", date(2014, 1, 21)) == (
        len(notices),
        notices[0].imprint.title,
        notices[0].imprint.published_on,
    )


def test_the_guideline_has_its_title_pages_and_headings(reference: Path):
    guide = load(reference / GUIDELINE)
    assert (
        "Guide to Infection Prevention For Outpatient Settings: Minimum Expectations for Safe Care",
        [number for number in range(1, 45) if number != 43],
        True,
    ) == (
        guide.imprint.title,
        [page.number for page in guide.pages],
        any(path[-1:] == ("Hand Hygiene",) for path in paths_of(guide)),
    )


def test_the_tables_of_the_guideline_are_on_their_pages(reference: Path):
    guide = load(reference / GUIDELINE)
    page = next(page for page in guide.pages if page.number == 36)
    heading = "| Elements to be assessed | Assessment | Notes/Areas for Improvement |"
    assert heading in guide.text[page.start : page.end]


def test_the_guideline_is_free_of_running_feet_and_hidden_words(reference: Path):
    text = load(reference / GUIDELINE).text
    assert (1, False) == (text.count("September 2016"), "blank blank" in text)


def test_words_broken_at_a_line_end_are_whole(reference: Path):
    text = load(reference / GUIDELINE).text
    assert (False, True) == ("\ufffe" in text, "job- or task-specific needs" in text)
