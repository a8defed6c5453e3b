from datetime import date

import pytest

from ingest.errors import UnreadableDocument
from ingest.loaders.xml.medlineplus import load_medlineplus, split_topics
from knowledge.document import Imprint
from tests.ingest.loaders.factories import paths_of


def topic(topic_id: str = "3061", title: str = "Gout", language: str = "English") -> str:
    return (
        f'<health-topic title="{title}" url="https://medlineplus.gov/gout.html" id="{topic_id}" language="{language}" '
        'date-created="01/07/2003"><also-called>Podagra</also-called><full-summary>&lt;p&gt;A disease.&lt;/p&gt;'
        "&lt;ul&gt;&lt;li&gt;It hurts&lt;/li&gt;&lt;/ul&gt;</full-summary><group>Joints</group></health-topic>"
    )


def topics(*each: str) -> bytes:
    return f'<health-topics total="{len(each)}">{"".join(each)}</health-topics>'.encode()


def test_a_topic_is_a_document():
    document = load_medlineplus(topics(topic()), "a")
    assert (
        Imprint(
            document_id="medlineplus-3061",
            title="Gout",
            language="en",
            publisher="MedlinePlus, National Library of Medicine",
            url="https://medlineplus.gov/gout.html",
            published_on=date(2003, 1, 7),
            license="public domain",
            document_type="health_topic",
        ),
        "Also called: Podagra\n\nA disease.\n\n- It hurts\n",
    ) == (document.imprint, document.text)


def test_several_topics_are_sections_of_one_document():
    document = load_medlineplus(topics(topic("1", "Gout"), topic("2", "Flu")), "a")
    assert ([("Gout",), ("Flu",)], "a") == (paths_of(document), document.imprint.document_id)


def test_topics_in_other_languages_are_left_out():
    assert [] == paths_of(load_medlineplus(topics(topic(), topic("2", "Gota", "Spanish")), "a"))[1:]


def test_a_file_of_topics_is_cut():
    cut = list(split_topics(topics(topic("1"), topic("2", language="Spanish"), topic("3"))))
    assert ["medlineplus-1", "medlineplus-3"] == [
        load_medlineplus(raw, "a").imprint.document_id for _, raw in cut
    ]


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (topics(topic(language="Spanish")), "is in language Spanish; only Chinese and English are read"),
        (b"<article/>", "root 'article'"),
        (b"<health-topics>", "is not well-formed XML"),
    ],
)
def test_what_holds_no_topic_is_refused(raw: bytes, reason: str):
    with pytest.raises(UnreadableDocument, match=reason):
        load_medlineplus(raw, "a")


def test_a_topic_without_a_summary_has_no_text():
    assert "" == load_medlineplus(b'<health-topic title="Gout"/>', "a").text
