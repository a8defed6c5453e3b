"""The worker process: reads PDFs from its standard input, one after the other.

It stands between untrusted files and everything else: a file that crashes the parser, fills the
memory or never ends takes only this process with it.

    request   a head (`HEAD`) and the bytes of a PDF
    answer    what stands in the margins of its share of the pages
    request   what of that repeats over all pages
    answer    the blocks of its pages

All but the head are frames of a length (4 bytes, big-endian) and JSON. Empty frames are signs of
life; an answer with a fault ends the exchange.
"""

import gc
import os
import resource
import struct
import sys
import time
from collections.abc import Iterator
from typing import Any, BinaryIO

import orjson
import pypdfium2 as pdfium

from ingest.loaders.pdf.blocks import make_blocks
from ingest.loaders.pdf.furniture import drop_furniture, margin_keys
from ingest.loaders.pdf.page import PageContent, read_page, recognise_page

HEAD = struct.Struct(">QHH")
"""Bytes of the PDF; which share of the pages to read; of how many shares."""
LENGTH = struct.Struct(">I")

# Fewer pages are read faster by one process than shared out to two.
_MIN_SHARED_PAGES = 8
_MAX_PAGES = 20_000
_SIGN_OF_LIFE_S = 1.0
_MEMORY_BYTES = 1536 * 2**20
# What recognising a picture may map; the limit is raised only for as long as that takes.
_OCR_MEMORY_BYTES = 8192 * 2**20
_CPU_S = 1800


def main() -> None:
    """Answer requests until standard input ends."""
    # What a library prints must not get between the frames.
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES, _OCR_MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    # Nothing here makes cycles, and a collection looks at every line of every page.
    gc.disable()
    requests = sys.stdin.buffer
    while head := requests.read(HEAD.size):
        n_bytes, share, n_shares = HEAD.unpack(head)
        _limit_cpu()
        for answer in _answers(requests.read(n_bytes), share, n_shares, requests):
            frame = orjson.dumps(answer) if answer else b""
            answers.write(LENGTH.pack(len(frame)) + frame)
            answers.flush()


def _answers(source: bytes, share: int, n_shares: int, requests: BinaryIO) -> Iterator[dict[str, Any]]:
    try:
        document = pdfium.PdfDocument(source)
        try:
            yield from _read(document, share, n_shares, requests)
        finally:
            document.close()
    except pdfium.PdfiumError as error:
        is_locked = "password" in str(error).lower()
        yield {
            "fault": "is encrypted; remove the password" if is_locked else f"is not a complete PDF: {error}"
        }
    except (MemoryError, RecursionError) as error:
        yield {"fault": f"is too large to read ({type(error).__name__})"}
    except ImportError as error:
        yield {
            "fault": f"has pictures to be read by OCR, and a library of the extra medcite[ocr] is missing: {error}"
        }


def _read(
    document: pdfium.PdfDocument, share: int, n_shares: int, requests: BinaryIO
) -> Iterator[dict[str, Any]]:
    n_pages = len(document)
    if n_pages > _MAX_PAGES:
        yield {"fault": f"has {n_pages} pages, at most {_MAX_PAGES} are read"}
        return
    pages: list[PageContent] = []
    broken: list[int] = []
    recognised: list[int] = []
    alive = time.monotonic()
    for index in _share_of(n_pages, share, n_shares):
        try:
            page = read_page(document, index)
            pages.append(page)
            if page.is_picture:
                yield {}  # this page may take as long as the silence that is allowed
                if recognise_page(document, page):
                    recognised.append(page.number)
        except pdfium.PdfiumError:
            broken.append(index + 1)
        if time.monotonic() - alive > _SIGN_OF_LIFE_S:
            alive = time.monotonic()
            yield {}
    yield {"margins": [margin_keys(page) for page in pages]}
    (n_bytes,) = LENGTH.unpack(requests.read(LENGTH.size))
    repeated = orjson.loads(requests.read(n_bytes))
    for page in pages:
        drop_furniture(page, repeated)
    yield {
        "n_pages": n_pages,
        "title": "" if share else document.get_metadata_value("Title"),
        "pictures": [page.number for page in pages if page.is_picture and not page.lines],
        "broken": broken,
        "recognised": recognised,
        "pages": [{"number": page.number, "blocks": make_blocks(page.lines, page.grids)} for page in pages],
    }


def _share_of(n_pages: int, share: int, n_shares: int) -> list[int]:
    """Choose the pages of one share, counted from 0."""
    if n_pages < _MIN_SHARED_PAGES:
        return list(range(0 if share else n_pages))
    # There and back like a weaver's shuttle: left pages differ from right ones, and notes come in
    # runs, so that neither every second page nor the second half is half of the work.
    row = [*range(n_shares), *reversed(range(n_shares))]
    return [index for index in range(n_pages) if row[index % len(row)] == share]


def _limit_cpu() -> None:
    """Bound the time of one request, also when the parent process is gone."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    limit = int(used.ru_utime + used.ru_stime) + _CPU_S
    resource.setrlimit(resource.RLIMIT_CPU, (limit, resource.RLIM_INFINITY))


if __name__ == "__main__":
    main()
