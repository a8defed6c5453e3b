from datetime import date

import pytest

from ingest.loaders.statute import article_headings, dated_head, dated_name
from ingest.loaders.writing.sections import Heading

STATUTE = """第一章 总则

第一条 为了保护健康，制定本法。

第二条 本法适用于全国。
依照第一条办理。

第二章　附则

第三条之一 本法自公布之日起施行。
"""


def test_articles_and_chapters_are_headings():
    assert [
        (3, "第一章 总则"),
        (7, "第一条"),
        (7, "第二条"),
        (3, "第二章 附则"),
        (7, "第三条之一"),
    ] == [(heading.level, heading.words) for heading in article_headings(STATUTE)]


def test_the_words_of_an_article_are_no_part_of_its_heading():
    first = article_headings(STATUTE)[1]
    assert "第一条" == STATUTE[first.start : first.end]


def test_chapters_that_are_known_are_not_listed_twice():
    known = [Heading(0, 6, 1, "第一章 总则")]
    assert [1, 7, 7, 7] == [heading.level for heading in article_headings(STATUTE, known)]


@pytest.mark.parametrize("text", ["", "第一条 甲\n第二条 乙\n", "根据第一条、第二条和第三条的规定。"])
def test_a_text_that_only_quotes_articles_is_no_statute(text: str):
    assert [] == article_headings(text)


@pytest.mark.parametrize(
    ("name", "day"),
    [
        ("护士条例(2020-03-27)", date(2020, 3, 27)),
        ("a/护士条例（2020-03-27）", date(2020, 3, 27)),
        ("护士条例(2020-02-30)", None),
        ("护士条例(2020-03-27) copy", None),
        ("2020-03-27", None),
    ],
)
def test_a_date_at_the_end_of_a_name_is_read(name: str, day: date | None):
    assert day == dated_name(name)


def test_the_latest_date_of_the_head_is_taken_and_not_when_it_takes_effect():
    head = "2003年7月30日 国务院通过\n\n2003年8月5日 公布\n\n2004年1月1日 施行\n"
    assert date(2003, 8, 5) == dated_head(head)


def test_a_head_without_dates_has_none():
    assert None is dated_head("# 化妆品监督管理条例\n")
