"""Small makers of files in the formats that the loaders read."""

import io
import zipfile
import zlib
from collections.abc import Mapping

from knowledge.document import Document

_FONTS = {"F1": "Helvetica", "F2": "Helvetica-Bold", "F3": "Times-Roman"}


def sections_of(document: Document) -> list[tuple[tuple[str, ...], str]]:
    """Give path and text of each section."""
    return [(section.path, document.text[section.start : section.end]) for section in document.sections]


def paths_of(document: Document) -> list[tuple[str, ...]]:
    """Give the path of each section."""
    return [section.path for section in document.sections]


def make_pdf(*pages: str, title: str = "", compress: bool = False) -> bytes:
    """Make a PDF of pages of 600 by 800 points from their content streams."""
    fonts = " ".join(
        f"/{key} << /Type /Font /Subtype /Type1 /BaseFont /{name} /Encoding /WinAnsiEncoding >>"
        for key, name in _FONTS.items()
    )
    kids = " ".join(f"{4 + 2 * n} 0 R" for n in range(len(pages)))
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>".encode(),
        f"<< /Title ({title}) >>".encode("latin-1"),
    ]
    for n, page in enumerate(pages):
        stream = page.encode("cp1252")
        extra = ""
        if compress:
            stream, extra = zlib.compress(stream, 9), "/Filter /FlateDecode"
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Contents {5 + 2 * n} 0 R "
            f"/Resources << /Font << {fonts} >> >> >>".encode()
        )
        objects.append(f"<< /Length {len(stream)} {extra} >>\nstream\n".encode() + stream + b"\nendstream")
    return _file(objects)


def make_picture_pdf(n_pages: int = 1) -> bytes:
    """Make a PDF whose pages are grey pictures without text."""
    kids = " ".join(f"{5 + 2 * n} 0 R" for n in range(n_pages))
    picture = (
        b"<< /Type /XObject /Subtype /Image /Width 1 /Height 1 /ColorSpace /DeviceGray /BitsPerComponent 8 "
        b"/Length 1 >>\nstream\n\x80\nendstream"
    )
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {n_pages} >>".encode(),
        b"<< >>",
        picture,
    ]
    draw = b"q 600 0 0 800 0 0 cm /Im Do Q"
    for n in range(n_pages):
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Contents {6 + 2 * n} 0 R "
            "/Resources << /XObject << /Im 4 0 R >> >> >>".encode()
        )
        objects.append(f"<< /Length {len(draw)} >>\nstream\n".encode() + draw + b"\nendstream")
    return _file(objects)


def put(x: float, y: float, words: str, size: float = 12, font: str = "F1", colour: str = "0 g") -> str:
    """Draw words at a place of a PDF page; F1 is Helvetica, F2 bold, F3 Times."""
    escaped = words.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")
    return f"BT {colour} /{font} {size} Tf {x} {y} Td ({escaped}) Tj ET\n"


def put_lines(x: float, y: float, *lines: str, size: float = 12, font: str = "F1", pitch: float = 14) -> str:
    """Draw lines one below the other."""
    return "".join(put(x, y - n * pitch, line, size, font) for n, line in enumerate(lines))


def rule(x0: float, y0: float, x1: float, y1: float) -> str:
    """Draw a line on a PDF page."""
    return f"0 G 1 w {x0} {y0} m {x1} {y1} l S\n"


def make_zip(members: Mapping[str, str | bytes]) -> bytes:
    """Make a zip archive."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return target.getvalue()


def make_epub(*chapters: str, metadata: str = "<dc:title>Gout</dc:title>", **members: str) -> bytes:
    """Make an EPUB of the bodies of its chapters; `members` are added by their name."""
    items = "".join(
        f'<item id="c{n}" href="c{n}.xhtml" media-type="application/xhtml+xml"/>'
        for n in range(len(chapters))
    )
    spine = "".join(f'<itemref idref="c{n}"/>' for n in range(len(chapters)))
    package = (
        '<package xmlns="http://www.idpf.org/2007/opf" xmlns:dc="http://purl.org/dc/elements/1.1/">'
        f"<metadata>{metadata}</metadata><manifest>{items}</manifest><spine>{spine}</spine></package>"
    )
    container = (
        '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
        '<rootfile full-path="OEBPS/book.opf"/></rootfiles></container>'
    )
    return make_zip(
        {
            "mimetype": "application/epub+zip",
            "META-INF/container.xml": container,
            "OEBPS/book.opf": package,
            **{
                f"OEBPS/c{n}.xhtml": f'<html xmlns="http://www.w3.org/1999/xhtml"><body>{body}</body></html>'
                for n, body in enumerate(chapters)
            },
            **members,
        }
    )


def _file(objects: list[bytes]) -> bytes:
    out = bytearray(b"%PDF-1.7\n")
    offsets: list[int] = []
    for number, content in enumerate(objects, start=1):
        offsets.append(len(out))
        out += f"{number} 0 obj\n".encode() + content + b"\nendobj\n"
    start = len(out)
    out += f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n".encode()
    for offset in offsets:
        out += f"{offset:010} 00000 n \n".encode()
    out += f"trailer << /Size {len(objects) + 1} /Root 1 0 R /Info 3 0 R >>\nstartxref\n{start}\n%%EOF\n".encode()
    return bytes(out)
