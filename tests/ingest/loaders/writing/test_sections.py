from hypothesis import given
from hypothesis import strategies as st

from ingest.loaders.writing.sections import Heading, cut_sections
from tests.knowledge.factories import laws


def cut(text: str, *headings: tuple[str, int], title: str = "") -> list[tuple[tuple[str, ...], str]]:
    found = []
    for words, level in headings:
        start = text.index(words)
        found.append(Heading(start, start + len(words), level, words))
    return [(section.path, text[section.start : section.end]) for section in cut_sections(text, found, title)]


@laws
@given(st.lists(st.tuples(st.integers(0, 5), st.integers(1, 4), st.booleans()), max_size=8))
def test_sections_tile_any_text(blocks: list[tuple[int, int, bool]]):
    text, headings = "", []
    for n_chars, level, has_heading in blocks:
        if has_heading:
            headings.append(Heading(len(text), len(text) + 1, level, "H"))
            text += "H\n"
        text += "x" * n_chars
    sections = cut_sections(text, headings, "T")
    assert text == "".join(text[section.start : section.end] for section in sections)


def test_text_without_headings_is_one_section():
    assert [((), "text")] == cut("text")


def test_text_above_the_first_heading_has_no_path():
    assert [((), "intro\n"), (("A",), "A\na")] == cut("intro\nA\na", ("A", 1))


def test_headings_make_a_chain():
    found = cut("A\na\nB\nb\nC\nc", ("A", 1), ("B", 2), ("C", 1))
    assert [("A",), ("A", "B"), ("C",)] == [path for path, _ in found]


def test_a_heading_above_a_lower_one_begins_its_section():
    assert [(("A", "B"), "A\nB\nb")] == cut("A\nB\nb", ("A", 1), ("B", 2))


def test_a_heading_above_its_equal_is_a_section_of_its_own():
    found = cut("4.1 Liver disease\n4.2 Pregnancy\nText", ("4.1 Liver disease", 2), ("4.2 Pregnancy", 2))
    assert [("4.1 Liver disease",), ("4.2 Pregnancy",)] == [path for path, _ in found]


def test_a_heading_at_the_end_is_a_section_of_its_own():
    assert (("B",), "B") == cut("A\na\nB", ("A", 1), ("B", 1))[-1]


def test_the_title_is_no_part_of_a_path():
    assert [("B",)] == [path for path, _ in cut("A\nB\nb", ("A", 1), ("B", 2), title="A")]
