from datetime import date

import pytest

from ingest.loaders.dates import make_date, read_date


@pytest.mark.parametrize(
    "text",
    [
        "2009-07-21",
        "2009-07-21T10:00:00Z",
        "2009/7/21",
        "2009.07.21",
        "20090721",
        "20090721103000",
        "2009年7月21日",
        "2009 年 7 月 21 日",
        "July 21, 2009",
        "Jul. 21 2009",
        "July 21st, 2009",
        "21 July 2009",
        " 2009-07-21 ",
    ],
)
def test_the_layouts_of_publishers_are_read(text: str):
    assert date(2009, 7, 21) == read_date(text)


@pytest.mark.parametrize(
    ("text", "day"),
    [("2009-07", date(2009, 7, 1)), ("July 2009", date(2009, 7, 1)), ("2009", date(2009, 1, 1))],
)
def test_a_missing_day_or_month_is_the_first(text: str, day: date):
    assert day == read_date(text)


@pytest.mark.parametrize(
    "text", [None, "", "soon", "7/8/2009", "2009-13-01", "2009-02-30", "99999999", "Julember 2009", "123"]
)
def test_what_is_no_certain_date_is_none(text: str | None):
    assert None is read_date(text)


def test_a_date_is_made_of_its_parts():
    assert (date(2014, 5, 6), date(2014, 5, 1), date(2014, 1, 1), None) == (
        make_date("2014", "May", "6"),
        make_date("2014", "05", None),
        make_date("2014", None, None),
        make_date(None, "5", "6"),
    )
