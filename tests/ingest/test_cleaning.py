import time
import unicodedata
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.cleaning import clean_document, clean_line
from knowledge.document import Document, Page, Section
from tests.knowledge.factories import laws, make_document, make_imprint

# What cleaning looks for, whole and in pieces that could come together when something between them leaves.
PIECES = [
    *[
        "hyper-",
        "tension",
        "beta-",
        "blocker",
        "ab-",
        "cd",
        "COVID-",
        "19",
        "10-",
        "20 mg",
        "血压",
        "。",
        "e",
        "A",
    ],
    *[
        "\n",
        "\n\n",
        " ",
        "  ",
        "\t",
        "\u00a0",
        "\u3000",
        "\u2028",
        "\r\n",
        "\x0c",
        " - item",
        "1. x",
        "| a | b |",
    ],
    *[
        "\u200b",
        "\u00ad",
        "\ufffe",
        "\x02",
        "\u202e",
        "\ufeff",
        "\ud800",
        "\u0301",
        "\u212b",
        "\u1112",
        "\u1161",
    ],
    *[
        "<|im_start|>",
        "<|im_",
        "start|>",
        "<s>",
        "<!--",
        "-->",
        "<",
        "!",
        "-",
        "|",
        ">",
        "_",
        "[INST]",
        "[in-",
        "st]",
    ],
    *[
        "＜",
        "｜",
        "▁",
        "Skip to main content",
        "Skip to main con-",
        "tent",
        "分享到",
        "上一篇：a",
        "Page 3 of 4",
    ],
    *["HEAD 3", "Home", "About"],
]


@st.composite
def documents(draw: st.DrawFn) -> Document:
    text = "".join(draw(st.lists(st.sampled_from(PIECES), max_size=20)))
    cuts = st.lists(st.integers(0, len(text)), max_size=4).map(sorted)
    edges, leaves = draw(cuts), draw(cuts)
    return Document(
        imprint=make_imprint(title=text),
        text=text,
        sections=tuple(Section((str(start),), start, end) for start, end in spans(edges, text)),
        pages=tuple(Page(start, start, end) for start, end in spans(leaves, text)),
    )


def spans(edges: Sequence[int], text: str) -> list[tuple[int, int]]:
    return list(zip([0, *edges], [*edges, len(text)], strict=True))


def cleaned(text: str) -> str:
    return clean_document(make_document(text)).text


@laws
@given(documents())
def test_cleaning_twice_is_cleaning_once(document: Document):
    once = clean_document(document)
    assert once == clean_document(once)


@laws
@given(documents())
def test_the_pages_still_follow_each_other(document: Document):
    pages = clean_document(document).pages
    assert [page.end for page in pages[:-1]] == [page.start for page in pages[1:]]


@laws
@given(documents())
def test_the_text_is_composed(document: Document):
    assert unicodedata.is_normalized("NFC", clean_document(document).text)


@laws
@given(
    st.lists(
        st.sampled_from(["Blood", "pressure", "140/90", "mmHg", "血压", "m²", "½", "～", "＜"]), min_size=1
    ),
    st.lists(
        st.sampled_from(["\u200b", "\u200d", "\u202e", "\ufeff", "\x07", "\ufe0f", "\U000e0041"]), max_size=9
    ),
    st.data(),
)
def test_what_nobody_sees_leaves_the_text_and_its_sections_as_they_were(
    words: list[str], unseen: list[str], data: st.DataObject
):
    head, tail = " ".join(words) + "\n", "End. 结束。"
    dirty = head
    for char in unseen:
        place = data.draw(st.integers(0, len(dirty)))
        dirty = dirty[:place] + char + dirty[place:]
    document = Document(
        imprint=make_imprint(),
        text=dirty + tail,
        sections=(Section(("a",), 0, len(dirty)), Section(("b",), len(dirty), len(dirty + tail))),
    )
    expected = (head + tail, (Section(("a",), 0, len(head)), Section(("b",), len(head), len(head + tail))))
    assert expected == (clean_document(document).text, clean_document(document).sections)


@pytest.mark.parametrize(
    "text",
    [
        "# 高血压\n\n血压 ≥140/90 mmHg。\n\n- 缬沙坦 80 mg\n  - 每日一次\n\n| 药 | 剂量 |\n|---|---|\n| A | ½ 片 |\n",
        "A 5 m² area, 10⁹/L, ＜5％, 2～3 次, ①, ㎎ and ﬁne print stay.\n",
        "p<0.05 and [1] and <60 years, a|b, 3 < 5 > 2 <https://example.org>\n",
        "beta-blocker, non-steroidal, 10-20 mg, COVID-19\n",
        "Give 5 mg -\nthen wait.\n",
    ],
)
def test_a_clean_text_stays_as_it_is(text: str):
    assert text == cleaned(text)


@pytest.mark.parametrize(
    ("dirty", "clean"),
    [
        ("ig\u200bno\u200dre", "ignore"),
        ("\ufeffText", "Text"),
        ("\u202edesrever\u202c", "desrever"),
        ("hyper\u00adtension", "hypertension"),
        ("10\u00ad20 mg", "10-20 mg"),
        ("a\x00b\x07c\x7fd", "abcd"),
        ("half \ud83d here", "half here"),
        ("A\U000e0049\U000e0047B", "AB"),
        ("5\u00a0mg\u202f/\u2009kg", "5 mg / kg"),
        ("第一章\u3000总则", "第一章 总则"),
        ("a\u2028b\x0cc\r\nd\re", "a\nb\nc\nd\ne"),
        ("cafe\u0301 and \u1112\u1161\u11ab", "café and 한"),
        ("\u4e0d and \uf967", "不 and 不"),
    ],
)
def test_characters_without_meaning_are_folded(dirty: str, clean: str):
    assert clean == cleaned(dirty)


@pytest.mark.parametrize(
    ("dirty", "clean"),
    [
        ("a  b \t c", "a b c"),
        ("a  \nb\t\n", "a\nb\n"),
        ("   a\n\tb\n", "a\nb\n"),
        ("- a\n    - b\n", "- a\n    - b\n"),
        ("\n\na\n\n\n\nb", "a\n\nb"),
        ("a\n \n \nb", "a\n\nb"),
    ],
)
def test_runs_of_blanks_and_line_breaks_shrink(dirty: str, clean: str):
    assert clean == cleaned(dirty)


@pytest.mark.parametrize(
    ("dirty", "clean"),
    [
        ("hyper-\ntension rises", "hypertension rises"),
        ("hyper\u00ad\n  tension rises", "hypertension rises"),
        ("hyper\ufffetension rises", "hypertension rises"),
        ("a beta-\nblocker", "a beta-blocker"),
        ("alcohol\ufffebased hand rub", "alcohol-based hand rub"),
        ("an anti-\nviral is an antiviral", "an antiviral is an antiviral"),
        ("an anti-\nviral is an anti-viral", "an anti-viral is an anti-viral"),
        ("a clean-\nbody site is clean on the body", "a clean-body site is clean on the body"),
        ("elec-\ntrocar-\ndiogram", "electrocardiogram"),
        ("COVID-\n19 and 10-\n20 mg", "COVID-19 and 10-20 mg"),
        ("EPA\ufffeRegistered", "EPA-Registered"),
        ("an aside -\nlike this", "an aside -\nlike this"),
        ("a heading-\nAnother line", "a heading-\nAnother line"),
        ("list-\n1. item", "list-\n1. item"),
        ("hyper-\n\ntension", "hyper-\n\ntension"),
    ],
)
def test_a_word_broken_at_the_end_of_a_line_is_whole_again(dirty: str, clean: str):
    assert clean == cleaned(dirty)


@pytest.mark.parametrize(
    "token",
    [
        *[
            "<|im_start|>",
            "<|im_end|>",
            "<|endoftext|>",
            "<|user|>",
            "<|start_header_id|>",
            "<|eot_id|>",
            "<|/user|>",
        ],
        *[
            "[INST]",
            "[/INST]",
            "<<SYS>>",
            "<</SYS>>",
            "<s>",
            "</s>",
            "<bos>",
            "<start_of_turn>",
            "<end_of_turn>",
        ],
        *["[TOOL_CALLS]", "<think>", "</tool_call>", "<｜begin▁of▁sentence｜>", "<｜User｜>"],
        *["＜|ｉｍ＿ｓｔａｒｔ|＞", "＜｜im_end｜＞", "［INST］", "〈|im_start|〉", "<|im_\u200bstart|>"],
    ],
)
def test_a_chat_template_token_is_removed(token: str):
    assert "a b" == cleaned(f"a{token}b")


def test_what_is_left_of_a_token_never_forms_another():
    assert "a <|im_ start|> b" == cleaned("a <|im_<s>start|> b")


@pytest.mark.parametrize(
    ("dirty", "clean"),
    [
        ("a <!-- ignore the rest --> b", "a b"),
        ("a <!-- two\nlines --> b", "a b"),
        ("a <!-- not closed", "a <!-- not closed"),
    ],
)
def test_a_comment_that_no_reader_sees_is_removed(dirty: str, clean: str):
    assert clean == cleaned(dirty)


def test_a_boilerplate_line_leaves_a_paragraph_break():
    assert "Gout is painful.\n\nDrink water." == cleaned("Gout is painful.\nShare this page\nDrink water.")


def test_sections_move_with_their_text():
    first, second = "\u200bGout\n\n\n\nPain.\n\n\n", "Diet\u00a0\nWater.\n"
    document = Document(
        imprint=make_imprint(),
        text=first + second,
        sections=(
            Section(("Gout",), 0, len(first)),
            Section(("Gout", "Diet"), len(first), len(first + second)),
        ),
    )
    clean = clean_document(document)
    texts = [(section.path, clean.text[section.start : section.end]) for section in clean.sections]
    assert [(("Gout",), "Gout\n\nPain.\n\n"), (("Gout", "Diet"), "Diet\nWater.\n")] == texts


def test_a_section_without_any_text_left_is_gone():
    text = "Gout.\n\u200b\u200b"
    document = Document(
        imprint=make_imprint(), text=text, sections=(Section(("a",), 0, 6), Section(("b",), 6, len(text)))
    )
    assert (Section(("a",), 0, 6),) == clean_document(document).sections


def test_pages_move_with_their_text():
    pages = ("GUIDE\nalpha\u00ad beta\n1\n", "GUIDE\ngamma\n2\n", "GUIDE\ndelta\n3\n")
    edges = [sum(map(len, pages[:n])) for n in range(4)]
    text = "".join(pages)
    document = Document(
        imprint=make_imprint(),
        text=text,
        sections=(Section((), 0, len(text)),),
        pages=tuple(Page(n + 1, edges[n], edges[n + 1]) for n in range(3)),
    )
    clean = clean_document(document)
    expected = ["GUIDE\nalpha beta", "gamma", "delta"]
    assert expected == [clean.text[page.start : page.end].strip() for page in clean.pages]


def test_titles_publishers_and_headings_are_cleaned_too():
    clean = clean_document(
        make_document("a", ("Di\u200bet<|im_end|>", "\u200b"), title="Gout \n care", publisher="N\u200bIH")
    )
    assert ("Gout care", "NIH", ("Diet",)) == (
        clean.imprint.title,
        clean.imprint.publisher,
        clean.sections[0].path,
    )


def test_a_heading_is_put_on_one_line():
    assert "Blood pressure" == clean_line(" Blood\u00a0\npres-\nsure ")


def test_a_document_of_nothing_but_noise_has_no_sections():
    clean = clean_document(make_document("\u200b\n\n"))
    assert ("", ()) == (clean.text, clean.sections)


@pytest.mark.parametrize(
    "piece", [" ", "\n", "<!--", "<|a", "ab-\n", "a\ufffe", "e\u0301", "home | ", "\u00ad\n"]
)
def test_no_text_takes_more_than_seconds_for_200_000_characters(piece: str):
    text = piece * (200_000 // len(piece))
    start = time.process_time()
    cleaned(text)
    assert time.process_time() - start < 3
