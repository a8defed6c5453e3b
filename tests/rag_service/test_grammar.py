import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag_service.citations import cite
from rag_service.grammar import answer_grammar
from rag_service.prompts import NO_ANSWER
from rag_service.sections import SECTIONS
from rag_service.sentence_stream import SentenceStream
from tests.rag_service.factories import law, make_passage

GOLDEN = Path(__file__).parent / "golden"
TOKEN = re.compile(
    r'(?P<literal>"(?:[^"\\]|\\.)*")|(?P<set>\[(?:[^\]\\]|\\.)+\])|(?P<name>[a-z]+)|(?P<sign>[|?+])|\s+'
)
SENTENCES = {"zh": ("血压偏高", "每日服用2.5 mg"), "en": ("It is high", "Take 2.5 mg, e.g., at night")}


def compile_grammar(grammar):
    """Compile EBNF without recursion to a regular expression; any text that is not EBNF fails."""
    rules = dict(line.split(" ::= ", 1) for line in grammar.splitlines())

    def expand(name):
        parts, at = [], 0
        while at < len(rules[name]):
            token = TOKEN.match(rules[name], at)
            assert token is not None, f"not EBNF: {rules[name][at:]!r}"
            at = token.end()
            if token["literal"]:
                parts.append(f"(?:{re.escape(json.loads(token['literal']))})")
            else:
                parts.append(
                    token["set"] or token["sign"] or (expand(token["name"]) if token["name"] else "")
                )
        return f"(?:{''.join(parts)})"

    return re.compile(expand("root"))


def handles(n_passages):
    return [f"[{marker}]" for marker in range(1, n_passages + 1)]


def accepts(language, text, n_passages=3, sections=()):
    return (
        compile_grammar(answer_grammar(language, handles(n_passages), sections)).fullmatch(text) is not None
    )


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_grammar_is_that_of_the_golden_file(language):
    assert (GOLDEN / f"grammar_{language}.ebnf").read_text(encoding="utf-8") == answer_grammar(
        language, handles(3)
    )


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_sentence_that_counts_as_no_answer_is_allowed_alone(language):
    assert accepts(language, NO_ANSWER[language])


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("zh", "血压偏高。[1]"),
        ("zh", "血压偏高。[1][3]\n应复测3次。[2]"),
        ("zh", "成人正常体温约为36.5～37 ℃。[1]"),
        ("zh", "血压≥140/90 mmHg（诊室）。[1]" * 5),
        ("en", "It is high. [1]"),
        ("en", "It is high. [1][3] Take 2.5 mg. [2]"),
        ("en", "Some foods (e.g., fish) help. [3]"),
        ("en", "It is high. [1] " * 5),
    ],
)
def test_one_to_five_sentences_with_one_or_two_markers_each_are_allowed(language, text):
    assert accepts(language, text)


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("zh", ""),
        ("zh", "。[1]"),
        ("zh", "血压偏高。"),
        ("zh", "血压偏高[1]。"),
        ("zh", "血压偏高。[4]"),
        ("zh", "血压偏高。[1][2][3]"),
        ("zh", "血压偏高。应复测。[1]"),
        ("zh", "血压偏高。[1]" * 6),
        ("zh", NO_ANSWER["zh"] + "血压偏高。[1]"),
        ("en", "It is high."),
        ("en", "It is high.[1]"),
        ("en", "It is high. [0]"),
        ("en", "It is high. Rest. [1]"),
        ("en", "It is\nhigh. [1]"),
        ("en", "It is high. [1] " * 6),
        ("en", NO_ANSWER["en"] + " [1] It is high."),
    ],
)
def test_a_sentence_without_the_marker_of_a_passage_is_not_allowed(language, text):
    assert not accepts(language, text)


@pytest.mark.parametrize(
    ("expected", "text"),
    [
        (True, "red_flags: It is high. [1]\n"),
        (True, "red_flags: It is high. [1][2]\nself_care: Rest. [3]\n"),
        (True, NO_ANSWER["en"]),
        (False, "It is high. [1]\n"),
        (False, "diagnosis: It is high. [1]\n"),
        (False, "red_flags: It is high. [1] self_care: Rest. [3]\n"),
        (False, "red_flags: It is high.\n"),
    ],
)
def test_with_sections_every_line_begins_with_the_name_of_one(expected, text):
    assert expected == accepts("en", text, sections=SECTIONS)


def test_the_handles_may_be_those_of_statements():
    grammar = compile_grammar(answer_grammar("zh", ["[1.1]", "[1.2]"]))
    assert [True, False] == [bool(grammar.fullmatch(f"血压偏高。{handle}")) for handle in ("[1.2]", "[1]")]


def test_every_passage_has_its_marker():
    assert all(accepts("zh", f"血压偏高。[{marker}]", n_passages=50) for marker in range(1, 51))


@pytest.mark.parametrize("language", ["zh", "en"])
@law
@given(data=st.data())
def test_every_answer_allowed_comes_out_as_sentences_that_each_cite(data, language):
    sentence = st.tuples(
        st.sampled_from(SENTENCES[language]),
        st.just("。" if language == "zh" else ". "),
        st.sampled_from(["[1]", "[2]", "[3][1]"]),
        st.sampled_from(["", "\n" if language == "zh" else " "]),
    ).map("".join)
    answer = data.draw(
        st.lists(sentence, min_size=1, max_size=5).map("".join).filter(lambda a: accepts(language, a))
    )
    stream = SentenceStream()
    written = [*stream.feed(answer), *stream.close()]
    passages = [make_passage("text")] * 3
    assert answer.count("。" if language == "zh" else ". [") == sum(
        bool(cite(s, passages).citations) for s in written
    )
