"""Calls of pdfium that a page needs by the hundred, with plain addresses for pointers.

pypdfium2 declares a type for each pointer, and ctypes makes and checks an object for every one that
goes in or out: half of what such a call costs. Nothing is checked here: handles must be open, and
what is written to must outlive the call.
"""

import ctypes
from collections.abc import Callable
from typing import Any

import pypdfium2.raw as raw

_ADDRESS, _INT, _DOUBLE = ctypes.c_void_p, ctypes.c_int, ctypes.c_double


def address_of(handle: Any) -> int:
    """Give the address that a handle of pypdfium2 holds."""
    return ctypes.cast(handle, ctypes.c_void_p).value or 0


def places_in(array: "ctypes.Array[Any]") -> list[int]:
    """Give the address of each value of an array."""
    start, size = ctypes.addressof(array), ctypes.sizeof(array) // len(array)
    return [start + n * size for n in range(len(array))]


def _plain(call: Any, result: Any, *arguments: Any) -> Callable[..., Any]:
    # Keeps Python's lock, which nobody else in the worker process waits for.
    return ctypes.PYFUNCTYPE(result, *arguments)(address_of(call))


object_at = _plain(raw.FPDFPage_GetObject, _ADDRESS, _ADDRESS, _INT)
part_at = _plain(raw.FPDFFormObj_GetObject, _ADDRESS, _ADDRESS, _INT)
kind_of = _plain(raw.FPDFPageObj_GetType, _INT, _ADDRESS)
mode_of = _plain(raw.FPDFTextObj_GetTextRenderMode, _INT, _ADDRESS)
fill_of = _plain(raw.FPDFPageObj_GetFillColor, _INT, *[_ADDRESS] * 5)
bounds_of = _plain(raw.FPDFPageObj_GetBounds, _INT, *[_ADDRESS] * 5)
font_size_at = _plain(raw.FPDFText_GetFontSize, _DOUBLE, _ADDRESS, _INT)
font_at = _plain(raw.FPDFText_GetFontInfo, ctypes.c_ulong, _ADDRESS, _INT, _ADDRESS, ctypes.c_ulong, _ADDRESS)
matrix_at = _plain(raw.FPDFText_GetMatrix, _INT, _ADDRESS, _INT, _ADDRESS)
origin_at = _plain(raw.FPDFText_GetCharOrigin, _INT, _ADDRESS, _INT, _ADDRESS, _ADDRESS)
box_at = _plain(raw.FPDFText_GetCharBox, _INT, _ADDRESS, _INT, *[_ADDRESS] * 4)
