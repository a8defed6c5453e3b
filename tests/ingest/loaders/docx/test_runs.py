import io

import docx
from docx.document import Document as Word
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.opc.packuri import PackURI
from docx.opc.part import Part
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls

from ingest.loaders.docx import load_docx

W = nsdecls("w")


def load(word: Word) -> str:
    target = io.BytesIO()
    word.save(target)
    return load_docx(target.getvalue(), "a").text


def test_footnotes_stand_at_the_end():
    word = docx.Document()
    notes = (
        f'<w:footnotes {W}><w:footnote w:id="0" w:type="separator"><w:p/></w:footnote>'
        '<w:footnote w:id="2"><w:p><w:r><w:t>halve in renal failure</w:t></w:r></w:p></w:footnote></w:footnotes>'
    )
    part = Part(PackURI("/word/footnotes.xml"), "application/xml", notes.encode(), word.part.package)
    word.part.relate_to(part, RELATIONSHIP_TYPE.FOOTNOTES)
    runs = '<w:r><w:t>Take one</w:t></w:r><w:r><w:footnoteReference w:id="2"/></w:r><w:r><w:t>.</w:t></w:r>'
    word.element.body.insert(0, parse_xml(f"<w:p {W}>{runs}</w:p>"))
    assert "Take one [1].\n\n[1] halve in renal failure\n" == load(word)


def test_a_text_box_is_read_once():
    word = docx.Document()
    box = "<w:txbxContent><w:p><w:r><w:t>Danger</w:t></w:r></w:p></w:txbxContent>"
    alternatives = (
        '<mc:AlternateContent xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006">'
        f"<mc:Choice><w:drawing>{box}</w:drawing></mc:Choice><mc:Fallback><w:pict>{box}</w:pict></mc:Fallback>"
        "</mc:AlternateContent>"
    )
    word.element.body.insert(0, parse_xml(f"<w:p {W}><w:r><w:t>Take one.</w:t>{alternatives}</w:r></w:p>"))
    assert "Take one.\n\nDanger\n" == load(word)
