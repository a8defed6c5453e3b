from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.errors import UnreadableDocument
from ingest.loaders.markdown import load_markdown
from knowledge.document import Document, Imprint
from tests.knowledge.factories import laws

FULL = """---
id: asthma-en
title: "Asthma"
language: en
publisher: NHS
url: https://example.org/asthma
published_on: 2024-05-06
reviewed_on: "2026-01-31"
license: CC-BY
supersedes: asthma-old
status: superseded
reviewer: ignored
---

# Asthma

Text.
"""


def load(text: str, name: str = "folder/asthma") -> Document:
    return load_markdown(text.encode(), name)


def load_with(*lines: str) -> Document:
    return load("\n".join(("---", "id: a", *lines, "---", "# Asthma", "Text.")))


def sections_of(text: str) -> list[tuple[tuple[str, ...], str]]:
    document = load(text)
    return [(section.path, document.text[section.start : section.end]) for section in document.sections]


@laws
@given(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=60)
    | st.lists(st.sampled_from(["# A", "## B", "#", "```", "text", "", "---", "a: b", " "]), max_size=12).map(
        "\n".join
    )
)
def test_any_text_is_loaded_or_refused(text: str):
    try:
        document = load(text)
    except UnreadableDocument:
        return
    assert document.text == "".join(document.text[s.start : s.end] for s in document.sections)


def test_the_front_matter_gives_the_imprint():
    assert (
        Imprint(
            document_id="asthma-en",
            title="Asthma",
            language="en",
            publisher="NHS",
            url="https://example.org/asthma",
            published_on=date(2024, 5, 6),
            reviewed_on=date(2026, 1, 31),
            license="CC-BY",
            supersedes="asthma-old",
            status="superseded",
        )
        == load(FULL).imprint
    )


def test_the_front_matter_is_no_part_of_the_text():
    assert "# Asthma\n\nText.\n" == load(FULL).text


def test_line_ends_of_windows_do_not_hide_the_front_matter():
    assert load(FULL).imprint == load(FULL.replace("\n", "\r\n")).imprint


@pytest.mark.parametrize("key", ["lang", "language"])
def test_the_language_has_two_names(key: str):
    assert "zh" == load_with(f"{key}: zh").imprint.language


@pytest.mark.parametrize(("value", "language"), [("zh-CN", "zh"), ("zh_Hans", "zh"), ("en-GB", "en")])
def test_a_region_does_not_change_the_language(value: str, language: str):
    assert language == load_with(f"language: {value}").imprint.language


def test_without_a_language_the_text_tells_it():
    assert "zh" == load("# 哮喘\n\n哮喘是一种慢性病。").imprint.language


def test_without_an_id_the_name_is_the_id():
    assert "folder/asthma" == load("# Asthma\n\nText.").imprint.document_id


def test_without_a_title_the_first_heading_is_the_title():
    assert "Asthma" == load("Preface.\n\n## Asthma ##\n\nText.").imprint.title


def test_without_a_heading_the_name_is_the_title():
    assert "asthma" == load("Text.").imprint.title


def test_a_time_of_day_is_cut_from_a_date():
    assert date(2026, 1, 31) == load_with("published_on: 2026-01-31T10:00:00Z").imprint.published_on


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        (["language: fr"], "language 'fr' is not zh or en"),
        (["status: draft"], "status 'draft' is not one of current, superseded, retracted"),
        (["published_on: soon"], "published_on 'soon' is not a date like 2026-01-31"),
        (["reviewed_on: 2026"], "reviewed_on 2026 is not a date"),
        (["published_on: 2026-02-30"], "day is out of range for month"),
        (["title: [unclosed"], r"is not YAML \(line \d+\)"),
        (["publisher: NHS", "bad: indent: twice"], r"is not YAML \(line 4\)"),
        ([f"title: {'9' * 5000}"], "4300 digits"),
        ([f"title: {'[' * 1000}"], "front matter"),
        (['title: "\\ud83d"'], "title holds half of a character"),
    ],
    ids=lambda value: None if isinstance(value, str) else value[-1][:30],
)
def test_a_wrong_value_in_the_front_matter_is_named(lines: list[str], reason: str):
    with pytest.raises(UnreadableDocument, match=reason):
        load_with(*lines)


def test_front_matter_that_is_a_list_is_refused():
    with pytest.raises(UnreadableDocument, match="not a list of `key: value` lines"):
        load("---\n- a\n- b\n---\nText.")


def test_a_front_matter_that_is_not_closed_is_text():
    assert "---\nid: a\n\nText." == load("---\nid: a\n\nText.").text


def test_nested_headings_make_a_chain():
    text = "# T\n\nintro\n\n## A\n\na\n\n### B\n\nb\n\n## C\n\nc\n"
    assert [(), ("A",), ("A", "B"), ("C",)] == [path for path, _ in sections_of(text)]


def test_a_skipped_level_keeps_the_chain():
    text = "# T\n\nintro\n\n### Deep\n\nd\n\n## A\n\na"
    assert [(), ("Deep",), ("A",)] == [path for path, _ in sections_of(text)]


def test_a_section_goes_from_its_heading_to_the_next():
    text = "# T\n\nintro\n\n## A\n\na\n\n## B\n\nb"
    assert [((), "# T\n\nintro\n\n"), (("A",), "## A\n\na\n\n"), (("B",), "## B\n\nb")] == sections_of(text)


def test_text_above_the_first_heading_is_a_section_without_a_path():
    assert ((), "Preface.\n\n") == sections_of("Preface.\n\n# A\n\na")[0]


@pytest.mark.parametrize("fence", ["```", "~~~"])
def test_a_heading_inside_a_code_fence_is_none(fence: str):
    text = f"# T\n\n{fence}\n# comment\n{fence}\n\n## A\n\na"
    assert [(), ("A",)] == [path for path, _ in sections_of(text)]


def test_another_fence_does_not_close_a_fence():
    assert [()] == [path for path, _ in sections_of("# T\n\n```\n~~~\n# comment\n```\n")]


def test_a_hash_without_a_blank_is_no_heading():
    assert [((), "#hashtag\n\ntext")] == sections_of("#hashtag\n\ntext")


def test_a_heading_without_text_below_joins_the_next_section():
    assert [(("A",), "# T\n\n## A\n\na")] == sections_of("# T\n\n## A\n\na")


def test_a_heading_at_the_end_is_a_section_of_its_own():
    assert (("B",), "## B") == sections_of("# T\n\n## A\n\na\n\n## B")[-1]


def test_closing_hashes_are_no_part_of_a_heading():
    assert ("A",) == sections_of("# T\n\nintro\n\n## A ##\n\na")[-1][0]


def test_a_long_run_of_blanks_in_a_heading_takes_no_time():
    assert "a b" == load(f"# a{' ' * 20_000}b\n\ntext").imprint.title


def test_text_that_is_not_utf_8_is_refused():
    with pytest.raises(UnreadableDocument, match=r"is not UTF-8 text \(byte 2\)"):
        load_markdown("# 高".encode("gb18030"), "a")


def test_an_underlined_line_is_a_heading():
    text = "intro\n\nA\n=\n\na\n\nB\n---\n\nb\n"
    assert [(), (), ("B",)] == [path for path, _ in sections_of(text)]


@pytest.mark.parametrize("text", ["- a\n---\nb", "a\nb\n---\nc", "| a |\n---\nb", "> a\n---\nb", "\n---\na"])
def test_a_line_that_underlines_no_single_line_of_text_is_no_heading(text: str):
    assert [()] == [path for path, _ in sections_of(text)]


def test_comments_and_hidden_html_are_left_out():
    assert "# T\n\nseen\n" == load("# T\n\n<!-- obey -->\n\n<span hidden>obey</span>seen\n").text


def test_a_heading_inside_a_comment_is_none():
    assert [()] == [path for path, _ in sections_of("# T\n\n<!--\n# Obey\n-->\n\ntext")]


def test_a_table_in_html_becomes_one_in_markdown():
    html = "<table><tr><th>a<th>b<tr><td>1<td>2</table>\n"
    assert "| a | b |\n|---|---|\n| 1 | 2 |" in load(html).text


STATUTE = """# 护士条例

2008年1月31日 国务院令第517号公布

2020年3月27日 修订

2020年4月1日 施行

<!-- INFO END -->

## 第一章　总则

第一条 甲。

第二条 乙。

第三条 丙。
"""


def test_the_articles_of_a_statute_are_sections():
    expected = [(), *(("第一章 总则", f"第{n}条") for n in "一二三")]
    assert expected == [path for path, _ in sections_of(STATUTE)]


def test_the_head_of_a_statute_gives_its_date():
    assert date(2020, 3, 27) == load(STATUTE).imprint.published_on


def test_the_date_in_a_name_goes_before_the_head():
    assert date(2021, 1, 1) == load(STATUTE, "护士条例(2021-01-01)").imprint.published_on


def test_the_front_matter_goes_before_the_name():
    text = "---\npublished_on: 2022-02-02\n---\n" + STATUTE
    assert date(2022, 2, 2) == load(text, "护士条例(2021-01-01)").imprint.published_on


def test_text_in_a_language_that_is_not_served_is_refused():
    spanish = "El dolor es una señal de que algo no anda bien y las personas que los toman son para una."
    with pytest.raises(UnreadableDocument, match="looks like language 'es'"):
        load(spanish)
