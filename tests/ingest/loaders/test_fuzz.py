"""No bytes may raise anything but `UnreadableDocument`, whatever loader they reach."""

import io
import zipfile

import docx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.errors import UnreadableDocument
from ingest.loaders import load_document
from ingest.loaders.columns import ColumnMap
from ingest.loaders.records import split_records
from ingest.sources import Entry
from tests.ingest.loaders.factories import make_epub, make_pdf, make_zip, put, put_lines, rule

fuzzing = settings(deadline=None, database=None, max_examples=40)


def make_word() -> bytes:
    word = docx.Document()
    word.add_heading("Gout", 0)
    word.add_paragraph("one", style="List Number")
    table = word.add_table(2, 2)
    table.cell(0, 0).merge(table.cell(0, 1)).text = "Dose"
    target = io.BytesIO()
    word.save(target)
    return target.getvalue()


SEEDS: dict[str, bytes] = {
    "a.txt": "高血压\n\n第一条 甲。\n第二条 乙。\n第三条 丙。\n".encode("gb18030"),
    "a.md": (
        b"---\nid: a\ntitle: Gout\n---\n# Gout\n\n<table><tr><td>1</table>\n\n```\n<!-- x -->\n```\n<b>y</b><sup>9</sup>"
    ),
    "a.html": (
        b'<!doctype html><html lang=en><meta charset="gbk"><title>Gout</title><script type="application/ld+json">'
        b'{"@type":"Article","headline":"x"}</script><main><h1>Gout</h1><ul><li>one<li>two</ul><table><tr><th '
        b'colspan=2>a<tr><td rowspan=2>1<td>2</table><p style="color:#fff">x<sup>9</sup></p></main></html>'
    ),
    "jats.xml": (
        b"<article><front><article-meta><title-group><article-title>Gout</article-title></title-group><abstract><p>x</p>"
        b"</abstract></article-meta></front><body><sec><label>1</label><title>M</title><p>a<xref ref-type='bibr'>3</xref>"
        b"<math><msup><mn>1</mn><mn>9</mn></msup></math></p><list><list-item><label>1</label><p>y</p></list-item></list>"
        b"<fig><label>F</label><caption><p>c</p></caption></fig></sec></body></article>"
    ),
    "spl.xml": (
        b'<document xmlns="urn:hl7-org:v3"><title>X</title><effectiveTime value="20130930"/><setId root="1"/><component>'
        b'<structuredBody><component><section><code code="34066-1" displayName="BOXED WARNING SECTION"/><text><list>'
        b"<item><caption>a</caption>b</item></list><table><tr><td>1<footnote ID='f'>n</footnote></td></tr></table></text>"
        b"</section></component></structuredBody></component></document>"
    ),
    "topics.xml": (
        b'<health-topics><health-topic title="Gout" language="English" id="1" date-created="01/07/2003">'
        b"<full-summary>&lt;p&gt;x&lt;/p&gt;</full-summary></health-topic></health-topics>"
    ),
    "medquad.xml": (
        b"<Document source='GHR'><Focus>Gout</Focus><QAPairs><QAPair><Question>a?</Question><Answer>b</Answer></QAPair>"
        b"</QAPairs></Document>"
    ),
    "a.json": b'{"id": 1, "title": "Gout", "text": {"uses": "<p>x</p>", "doses": ["a", 1]}, "date": "2009"}',
    "a.docx": make_word(),
    "a.epub": make_epub("<h1>Gout</h1><p>x</p>"),
    "a.pdf": make_pdf(
        put(72, 700, "Gout", 20, "F2")
        + put_lines(72, 600, "• one thing", "2. another")
        + "".join(rule(72, y, 372, y) for y in (500, 480))
        + "".join(rule(x, 480, x, 500) for x in (72, 222, 372))
        + put(80, 486, "a")
        + put(72, 300, "hidden", colour="1 g"),
        compress=True,
    ),
}
TABLES = {
    "a.csv": b'id,text\n1,"a\nb"\n2,c\n',
    "a.jsonl": b'{"id": 1, "text": "x"}\n{"id": 2, "text": "y"}\n',
    "a.json": b'{"results": [{"id": 1, "text": "x"}, {"id": 2, "name": "y", "uses": ["z"]}]}',
    "a.xml": SEEDS["topics.xml"],
}


def outcome(name: str, raw: bytes, is_record: bool = False) -> str:
    """Load an entry: its text, or the reason of the refusal; anything else is let through."""
    try:
        return load_document(Entry("/texts", name, raw, is_record=is_record)).text.strip()
    except UnreadableDocument as error:
        return str(error)


def changed(data: st.DataObject, raw: bytes) -> bytes:
    """Replace a stretch of a file by other bytes."""
    start, length = data.draw(st.integers(0, len(raw))), data.draw(st.integers(0, 20))
    return raw[:start] + data.draw(st.binary(max_size=12)) + raw[start + length :]


def members_of(raw: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.mark.parametrize("name", SEEDS)
def test_the_whole_file_is_read(name: str):
    assert load_document(Entry("/texts", name, SEEDS[name])).text.strip()


@pytest.mark.parametrize("name", SEEDS)
@fuzzing
@given(raw=st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(name: str, raw: bytes):
    assert outcome(name, raw)


@pytest.mark.parametrize("name", SEEDS)
@fuzzing
@given(data=st.data())
def test_a_file_cut_off_anywhere_is_read_or_refused(name: str, data: st.DataObject):
    assert outcome(name, SEEDS[name][: data.draw(st.integers(0, len(SEEDS[name])))])


@pytest.mark.parametrize("name", SEEDS)
@fuzzing
@given(data=st.data())
def test_a_file_with_a_stretch_changed_is_read_or_refused(name: str, data: st.DataObject):
    assert outcome(name, changed(data, SEEDS[name]))


@pytest.mark.parametrize("name", ["a.docx", "a.epub"])
@fuzzing
@given(data=st.data())
def test_an_archive_with_a_member_changed_is_read_or_refused(name: str, data: st.DataObject):
    members = members_of(SEEDS[name])
    member = data.draw(st.sampled_from(sorted(members)))
    members[member] = changed(data, members[member])
    assert outcome(name, make_zip(members))


@pytest.mark.parametrize("name", ["a.docx", "a.epub"])
def test_an_archive_without_one_of_its_members_is_read_or_refused(name: str):
    members = members_of(SEEDS[name])
    for missing in members:
        assert outcome(
            name, make_zip({each: content for each, content in members.items() if each != missing})
        )


@pytest.mark.parametrize("name", TABLES)
@fuzzing
@given(data=st.data())
def test_a_collection_with_a_stretch_changed_is_cut_or_refused(name: str, data: st.DataObject):
    try:
        records = list(split_records(changed(data, TABLES[name]), name, ColumnMap()))
    except UnreadableDocument:
        records = []
    for record_id, record in records:
        assert outcome(f"{name}#{record_id}", record, is_record=True)
