from pathlib import Path

import pytest

from ingest.errors import UnreadableDocument
from ingest.loaders.medquad import load_medquad
from knowledge.document import Document, Section

NEW = """<?xml version="1.0" encoding="UTF-8"?>
<Document id="0000001" source="GHR" url="https://example.org/gout">
<Focus>Gout</Focus>
<QAPairs>
  <QAPair pid="1"><Question qid="1-1" qtype="information">What is gout?</Question><Answer>A joint disease.</Answer></QAPair>
  <QAPair pid="2"><Question qid="1-2" qtype="treatment">How is it treated?</Question><Answer>With NSAIDs.</Answer></QAPair>
</QAPairs>
</Document>"""

OLD = """<doc id="1" corpus="CancerGov"><doctitle-focus>Gout</doctitle-focus>
<qaPairs><pair><question>What is gout?</question><answer>A joint disease.</answer></pair></qaPairs></doc>"""


def load(xml: str, name: str = "7_GHR_QA/0000001") -> Document:
    return load_medquad(xml.encode(), name)


def load_pairs(*pairs: tuple[str, str], head: str = "<Focus>Gout</Focus>") -> Document:
    body = "".join(f"<QAPair><Question>{q}</Question><Answer>{a}</Answer></QAPair>" for q, a in pairs)
    return load(f'<Document source="GHR">{head}<QAPairs>{body}</QAPairs></Document>')


def test_each_question_with_its_answer_is_a_section():
    first, second = "What is gout?\n\nA joint disease.\n\n", "How is it treated?\n\nWith NSAIDs.\n\n"
    assert (
        Section(("What is gout?",), 0, len(first)),
        Section(("How is it treated?",), len(first), len(first + second)),
    ) == load(NEW).sections


def test_the_text_is_the_questions_and_answers():
    assert "What is gout?\n\nA joint disease.\n\nHow is it treated?\n\nWith NSAIDs.\n\n" == load(NEW).text


def test_the_tags_of_the_earlier_layout_are_read():
    assert "What is gout?\n\nA joint disease.\n\n" == load(OLD).text


@pytest.mark.parametrize(("xml", "publisher"), [(NEW, "GHR"), (OLD, "CancerGov")])
def test_the_source_is_the_publisher(xml: str, publisher: str):
    assert publisher == load(xml).imprint.publisher


@pytest.mark.parametrize("xml", [NEW, OLD])
def test_the_focus_is_the_title(xml: str):
    assert "Gout" == load(xml).imprint.title


def test_without_a_focus_the_first_question_is_the_title():
    assert "What is gout?" == load_pairs(("What is gout?", "A disease."), head="").imprint.title


def test_the_id_is_made_of_the_source_and_the_name_of_the_file():
    assert "GHR-0000001" == load(NEW).imprint.document_id


def test_the_url_is_kept():
    assert "https://example.org/gout" == load(NEW).imprint.url


def test_a_question_without_an_answer_is_left_out():
    assert "b?\n\nyes\n\n" == load_pairs(("a?", " \n "), ("b?", "yes")).text


def test_a_file_without_any_answer_is_refused():
    with pytest.raises(UnreadableDocument, match="has no question with an answer"):
        load_pairs(("a?", ""), ("b?", ""))


def test_runs_of_blanks_are_folded_and_line_breaks_kept():
    assert "q\n\n- one\n- two\n\n" == load_pairs(("q", "  - one \t \n   - two   ")).text


def test_an_answer_with_markup_is_read_to_its_end():
    assert (
        "q\n\nTake 5 mg a day with water.\n\n"
        == load_pairs(("q", "Take <b>5 mg</b> a day <i>with</i> water.")).text
    )


def test_an_answer_with_a_comment_is_read_to_its_end():
    assert "q\n\nTake 5 mg a day.\n\n" == load_pairs(("q", "Take 5 mg<!-- checked --> a day.")).text


def test_character_references_are_resolved():
    assert "q\n\nbelow 5 & above 3\n\n" == load_pairs(("q", "below 5 &amp; above&#32;3")).text


def with_entity(declaration: str, name: str) -> str:
    """Declare an entity and use it in the second answer."""
    return f"<!DOCTYPE d [{declaration}]>" + NEW.split("?>", 1)[1].replace(
        "With NSAIDs.", f"5 &{name}; a day"
    )


def test_an_entity_bomb_is_refused():
    bomb = '<!ENTITY a0 "lol">' + "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10))
    with pytest.raises(UnreadableDocument, match="is not well-formed XML"):
        load(with_entity(bomb, "a9"))


def test_an_entity_is_not_resolved_and_the_answer_goes_on_after_it():
    assert "5 &mg; a day" in load(with_entity('<!ENTITY mg "milligrams">', "mg")).text


def test_an_external_entity_is_not_read(tmp_path: Path):
    (tmp_path / "secret").write_text("SECRET")
    xml = with_entity(f'<!ENTITY e SYSTEM "file://{tmp_path}/secret">', "e")
    assert "SECRET" not in load(xml).text


@pytest.mark.parametrize(
    "xml",
    [
        NEW.removesuffix("</Document>"),
        "no xml at all",
        '<?xml version="1.0" encoding="martian"?>' + NEW.split("?>", 1)[1],
        NEW.replace("gout?", "gout & more?"),
        NEW.replace("gout?", "gout\x00?"),
    ],
    ids=["cut off", "text", "unknown encoding", "bare ampersand", "NUL"],
)
def test_broken_xml_is_refused(xml: str):
    with pytest.raises(UnreadableDocument, match="is not well-formed XML"):
        load(xml)


def test_xml_of_another_kind_is_refused_by_the_name_of_its_root():
    with pytest.raises(UnreadableDocument, match="root 'article'"):
        load("<article><body>text</body></article>")


def test_a_declared_encoding_is_honoured():
    raw = NEW.replace("UTF-8", "ISO-8859-1").replace("joint", "café").encode("latin-1")
    assert "A café disease." in load_medquad(raw, "a").text
