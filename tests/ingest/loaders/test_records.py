from datetime import date

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.errors import UnreadableDocument
from ingest.loaders.columns import ColumnMap
from ingest.loaders.records import load_record, split_records
from knowledge.document import Document, Imprint
from tests.ingest.loaders.factories import paths_of
from tests.knowledge.factories import laws

DEFAULT = ColumnMap()


def split(text: str, name: str, columns: ColumnMap = DEFAULT) -> list[tuple[str, dict[str, object]]]:
    return [(i, orjson.loads(raw)) for i, raw in split_records(text.encode(), name, columns)]


def load(columns: ColumnMap = DEFAULT, **record: object) -> Document:
    return load_record(orjson.dumps(record), "a.jsonl#1", columns)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@laws
@given(st.sampled_from(["a.csv", "a.tsv", "a.json", "a.jsonl", "a.xml", "a"]), st.text(max_size=60))
def test_any_collection_is_cut_or_refused(name: str, text: str):
    try:
        found = list(split_records(text.encode("utf-8", "replace"), name, DEFAULT))
    except UnreadableDocument:
        return
    assert len(found) == len({record_id for record_id, _ in found})


@laws
@given(st.dictionaries(st.sampled_from(["id", "title", "text", "url", "date", "x"]), JSON, max_size=6))
def test_any_record_is_loaded_or_refused(record: dict[str, object]):
    for raw in (orjson.dumps(record), orjson.dumps([record])):
        for _, canonical in split_records(raw, "a.json", DEFAULT) if raw != b"[{}]" and record else ():
            try:
                load_record(canonical, "a", DEFAULT)
            except UnreadableDocument:
                continue


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.jsonl", '{"id": 1, "text": "x"}\n\n{"id": "2", "text": "y"}\n'),
        ("a.ndjson", '\ufeff{"id": 1, "text": "x"}\n{"id": "2", "text": "y"}'),
        ("a.json", '[{"id": 1, "text": "x"}, {"id": "2", "text": "y"}]'),
        ("a.json", '{"total": 2, "results": [{"id": 1, "text": "x"}, {"id": "2", "text": "y"}]}'),
        ("a.json", '{"1": {"text": "x"}, "2": {"text": "y"}}'),
        ("a.csv", "id,text\n1,x\n2,y\n"),
        ("a.csv", '\ufeffid;text\r\n1;x\r\n2;"y"\r\n'),
        ("a.tsv", "id\ttext\n1\tx\n2\ty\n"),
    ],
)
def test_every_layout_gives_the_same_records(name: str, text: str):
    assert [("1", "x"), ("2", "y")] == [(i, record["text"]) for i, record in split(text, name)]


def test_an_object_of_titles_and_texts_is_a_collection():
    assert [{"title": "Gout", "text": "x"}, {"title": "Flu", "text": "y"}] == [
        record for _, record in split('{"Gout": "x", "Flu": "y"}', "a.json")
    ]


def test_health_topics_are_cut_into_topics():
    xml = '<health-topics><health-topic id="7" title="Gout"/>\n<health-topic id="8" language="Spanish"/></health-topics>'
    assert [("7", b'<health-topic id="7" title="Gout"></health-topic>')] == list(
        split_records(xml.encode(), "a.xml", DEFAULT)
    )


def test_a_record_without_an_id_is_named_by_its_content():
    first, second = split('{"text": "x"}\n{"text": "y"}', "a.jsonl")
    moved, _ = split('{"text": "y"}\n{"text": "x"}', "a.jsonl")
    assert (16, second[0]) == (len(first[0]), moved[0])


def test_the_second_record_of_an_id_gets_a_number():
    assert ["1", "1~2"] == [i for i, _ in split("id,text\n1,x\n1,y\n", "a.csv")]


def test_columns_are_renamed():
    columns = ColumnMap(id="nr", title=("drug", "name"), text="uses")
    record = split('[{"nr": 7, "name": "A", "uses": "pain", "other": 1}]', "a.json", columns)
    assert [("7", {"id": 7, "title": "A", "text": "pain"})] == record


def test_several_text_columns_keep_their_names():
    columns = ColumnMap(text=("uses", "doses"))
    ((_, record),) = split('[{"id": 1, "doses": "5 mg", "uses": "pain"}]', "a.json", columns)
    assert {"uses": "pain", "doses": "5 mg"} == record["text"]


def test_a_quoted_line_break_is_part_of_its_field():
    assert "a\nb" == split('id,text\n1,"a\nb"\n', "a.csv")[0][1]["text"]


def test_a_table_in_gb18030_is_read():
    raw = "编号,内容\n1,高血压患者应当限制钠盐摄入。\n".encode("gb18030")
    assert ["1"] == [i for i, _ in split_records(raw, "a.csv", DEFAULT)]


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        ("a.jsonl", '{"id": 1, "text": "x"}\n{broken', "line 2 is not JSON"),
        ("a.jsonl", "[1]", "line 1 is no JSON object"),
        ("a.json", "[1, 2]", "neither an array of objects nor an object of records"),
        ("a.json", "3", "neither an array"),
        ("a.json", '{"a": ', "is not JSON"),
        ("a.csv", "id,text\n1,x,y\n", "line 2 has more fields than the heading row"),
        ("a.csv", 'id,text\n1,"x\n', "is not CSV"),
        ("a.xml", "<article/>", "root 'article'"),
        ("a.xls", "x", "format '.xls' holds no records"),
    ],
)
def test_a_broken_collection_says_where(name: str, text: str, reason: str):
    with pytest.raises(UnreadableDocument, match=reason):
        split(text, name)


def test_what_comes_before_a_break_is_given():
    records = split_records(b'{"id": 1, "text": "x"}\n{broken', "a.jsonl", DEFAULT)
    assert "1" == next(records)[0]


def test_a_record_gives_the_imprint():
    document = load(
        title="Gout",
        text="Urate is the cause of it.",
        language="English",
        url="https://example.org/gout",
        publisher="NLM",
        date="2014/1/21",
        reviewed="July 21, 2009",
        license="CC0",
    )
    assert (
        Imprint(
            document_id="a.jsonl#1",
            title="Gout",
            language="en",
            publisher="NLM",
            url="https://example.org/gout",
            published_on=date(2014, 1, 21),
            reviewed_on=date(2009, 7, 21),
            license="CC0",
        )
        == document.imprint
    )


def test_without_a_title_the_name_is_the_title():
    assert "a.jsonl#1" == load(text="x").imprint.title


def test_line_breaks_of_a_plain_text_are_kept():
    assert "Call if:\n\nyou bleed\nyou faint\n" == load(text="Call if:\n\n\tyou bleed\nyou  faint").text


def test_a_text_in_html_is_read_as_html():
    html = "<p>Call if:</p><ul><li>you <b>bleed</b></li></ul><p style='display:none'>obey</p>"
    assert "Call if:\n\n- you bleed\n" == load(text=html).text


def test_a_text_with_a_less_than_sign_is_no_html():
    assert "below <5 mg & above\n" == load(text="below <5 mg & above").text


def test_long_texts_under_several_names_are_sections():
    assert [("uses",), ("doses",)] == paths_of(load(title="A", text={"uses": "x" * 500, "doses": "y"}))


def test_a_record_of_attributes_is_a_list():
    assert (
        "- 适应症: 健忘; 头晕\n- 分类: 保健品\n"
        == load(name="丸", 适应症=["健忘", "头晕"], 分类="保健品").text
    )


def test_an_array_of_words_is_a_list():
    assert "- one\n- 2\n" == load(text=["one", 2]).text


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"[]", "is a JSON list, not an object"),
        (b"{", "is not JSON"),
        (b'{"title": "A"}', "has no text in any of the columns text, body"),
        (b'{"text": ""}', "has no text"),
        (b'{"text": "x", "language": "Spanish"}', "is in language 'Spanish'"),
        (b'{"text": "\\ud83d"}', "is not JSON"),
        (b"[" * 5000, "is not JSON"),
    ],
    ids=["array", "cut off", "title only", "empty", "Spanish", "half a character", "deep"],
)
def test_what_is_no_record_is_refused(raw: bytes, reason: str):
    with pytest.raises(UnreadableDocument, match=reason):
        load_record(raw, "a", DEFAULT)
