import pytest

from ingest.errors import UnreadableDocument
from ingest.loaders.xml.jats import load_jats
from knowledge.document import Document
from tests.ingest.loaders.factories import paths_of

FRONT = (
    "<front><journal-meta><journal-title>PLoS Medicine</journal-title></journal-meta><article-meta>"
    '<article-id pub-id-type="doi">10.1371/x.1</article-id><title-group><article-title>Gout <italic>now</italic>'
    "</article-title></title-group>{}</article-meta></front>"
)


def load(body: str = "", abstract: str = "", back: str = "") -> Document:
    xml = f"<article>{FRONT.format(abstract)}<body>{body}</body><back>{back}</back></article>"
    return load_jats(xml.encode(), "a")


def text(body: str) -> str:
    return load(body).text


def test_sections_are_nested():
    body = (
        "<sec><title>Methods</title><p>We did.</p><sec><label>1.1</label><title>Patients</title><p>Many.</p></sec></sec>"
        "<sec><title>Results</title><p>Good.</p></sec>"
    )
    assert [("Methods",), ("Methods", "1.1 Patients"), ("Results",)] == paths_of(load(body))


def test_the_abstract_comes_first():
    document = load(
        "<sec><title>Methods</title><p>We did.</p></sec>", "<abstract><p>In short.</p></abstract>"
    )
    assert "Abstract\n\nIn short.\n\nMethods\n\nWe did.\n" == document.text


def test_the_parts_of_an_abstract_are_below_it():
    abstract = "<abstract><title>Abstract</title><sec><title>Background</title><p>x</p></sec></abstract>"
    assert [("Abstract", "Background")] == paths_of(load(abstract=abstract))


def test_another_abstract_is_a_summary():
    assert [("Summary",)] == paths_of(load(abstract='<abstract abstract-type="toc"><p>x</p></abstract>'))


@pytest.mark.parametrize(
    ("body", "line"),
    [
        ('<p>shown <xref ref-type="bibr">3</xref>.</p>', "shown [3]."),
        ('<p>shown [<xref ref-type="bibr">3</xref>].</p>', "shown [3]."),
        ('<p>shown <xref ref-type="bibr">[3]</xref>.</p>', "shown [3]."),
        ('<p>shown<sup><xref ref-type="bibr">3</xref></sup>.</p>', "shown[3]."),
        ('<p>shown (<xref ref-type="bibr">Lee 2004</xref>).</p>', "shown (Lee 2004)."),
        ('<p>see <xref ref-type="fig">Figure 1</xref></p>', "see Figure 1"),
        ('<p>0.5 (0.1–0.9)<xref ref-type="table-fn">c</xref></p>', "0.5 (0.1–0.9)^c"),
        ("<p>10<sup>9</sup>/L and m<sup>2</sup></p>", "10^9/L and m²"),
        ("<p>below <inline-formula><math><mi>p</mi></math></inline-formula> here</p>", "below p here"),
        ("<p>a<disp-quote><p>said</p></disp-quote>b</p>", "a\n\nsaid\n\nb"),
        (
            "<fig><label>Figure 1</label><caption><title>Curve.</title><p>Over time.</p></caption><graphic/></fig>",
            "Figure 1. Curve. Over time.",
        ),
        (
            "<def-list><def-item><term>ACE</term><def><p>an enzyme</p></def></def-item></def-list>",
            "- ACE: an enzyme",
        ),
        ("<p>one<break/>two</p>", "one\ntwo"),
    ],
)
def test_what_stands_in_a_paragraph_is_read(body: str, line: str):
    assert f"{line}\n" == text(body)


def test_lists_keep_their_marks():
    body = (
        '<list list-type="order"><list-item><p>one</p></list-item><list-item><p>two</p></list-item></list>'
        '<list list-type="bullet"><list-item><label>•</label><p>three</p></list-item></list>'
        "<list><list-item><label>4.</label><p>four</p></list-item></list>"
    )
    assert "1. one\n2. two\n- three\n4. four\n" == text(body)


def test_a_table_has_its_caption_above_and_its_notes_below():
    body = (
        "<table-wrap><label>Table 1</label><caption><p>Doses</p></caption><table><thead><tr><th>Drug</th><th>mg</th>"
        "</tr></thead><tbody><tr><td>A</td><td>5<sup>a</sup></td></tr></tbody></table>"
        "<table-wrap-foot><fn><label>a</label><p>daily</p></fn></table-wrap-foot></table-wrap>"
    )
    assert "Table 1. Doses\n\n| Drug | mg |\n|---|---|\n| A | 5^a |\n\na daily\n" == text(body)


@pytest.mark.parametrize("part", ["ref-list", "ack", "fn-group"])
def test_what_an_article_says_of_others_is_left_out(part: str):
    assert "x\n" == load("<p>x</p>", back=f"<{part}><title>T</title><p>y</p></{part}>").text


def test_an_appendix_is_read():
    assert [("Doses",)] == paths_of(
        load(back="<app-group><app><title>Doses</title><p>5 mg</p></app></app-group>")
    )


def test_an_article_inside_a_set_is_found():
    xml = f"<pmc-articleset><article>{FRONT.format('')}<body><p>x</p></body></article></pmc-articleset>"
    assert "x\n" == load_jats(xml.encode(), "a").text


def test_other_xml_is_refused():
    with pytest.raises(UnreadableDocument, match="root 'doc'"):
        load_jats(b"<doc/>", "a")


def test_an_article_in_another_language_is_refused():
    with pytest.raises(UnreadableDocument, match="is in language 'fr'"):
        load_jats(f'<article xml:lang="fr">{FRONT.format("")}<body><p>x</p></body></article>'.encode(), "a")
