import ctypes

import pypdfium2 as pdfium
import pypdfium2.raw as raw

from ingest.loaders.pdf.calls import address_of, bounds_of, kind_of, object_at, places_in
from tests.ingest.loaders.factories import make_pdf, rule
from tests.ingest.loaders.pdf.factories import with_page

PAGE = make_pdf(rule(72, 500, 372, 500))


def bounds(page: pdfium.PdfPage) -> list[float]:
    values = (ctypes.c_float * 4)()
    bounds_of(object_at(address_of(page.raw), 0), *places_in(values))
    return values[:]


def test_the_places_of_an_array_are_its_values():
    values = (ctypes.c_double * 3)(1, 2, 3)
    assert [1, 2, 3] == [ctypes.c_double.from_address(place).value for place in places_in(values)]


def test_an_object_is_found_by_its_address():
    kind = with_page(PAGE, lambda page: kind_of(object_at(address_of(page.raw), 0)))
    assert raw.FPDF_PAGEOBJ_PATH == kind


def test_what_is_read_is_what_the_wrapper_reads():
    expected = with_page(PAGE, lambda page: list(next(page.get_objects()).get_bounds()))
    assert expected == with_page(PAGE, bounds)
