from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from knowledge.evidence import LeftOut, choose_evidence
from knowledge.passage import ScoredPassage
from tests.knowledge.factories import laws, make_passage

OLD, NEW = "hepatitis-b-2019", "hepatitis-b-2024"


def hit(
    text: str, score: float = 1.0, document_id: str = "a", ordinal: int = 0, **changes: Any
) -> ScoredPassage:
    passage = make_passage(text, ordinal, document_id=document_id, **changes)
    return ScoredPassage(passage, score, score, None)


def texts(hits: list[ScoredPassage]) -> list[str]:
    return [each.passage.text for each in hits]


def test_the_best_are_chosen_up_to_the_limit():
    hits = [hit("发热。", 0.9, "a"), hit("咳嗽。", 0.8, "b"), hit("头痛。", 0.7, "c")]
    evidence = choose_evidence(hits, limit=2)
    assert ["发热。", "咳嗽。"] == texts(evidence.chosen)
    assert [LeftOut(hits[2].passage.passage_id, "beyond_limit")] == evidence.left_out


def test_a_passage_far_weaker_than_the_best_is_left_out():
    evidence = choose_evidence([hit("发热。", 0.9, "a"), hit("咳嗽。", 0.2, "b")], limit=8)
    assert ["weak"] == [each.reason for each in evidence.left_out]


def test_a_passage_that_repeats_a_better_one_is_left_out():
    hits = [hit("血压 140/90 即为高血压。", 0.9, "a"), hit("血压 140/90 即为高血压", 0.8, "b")]
    evidence = choose_evidence(hits, limit=8)
    assert [LeftOut(hits[1].passage.passage_id, "repeats", hits[0].passage.passage_id)] == evidence.left_out


def test_two_tables_that_differ_in_one_dose_are_both_kept():
    words = "对乙酰氨基酚口服常释剂型成人每次最大剂量为"
    evidence = choose_evidence([hit(f"{words} 500 mg", 0.9, "a"), hit(f"{words} 1000 mg", 0.8, "b")], limit=8)
    assert 2 == len(evidence.chosen)


def test_a_replaced_document_that_says_nothing_else_gives_way():
    hits = [hit("每年查 1 次。", 0.9, OLD), hit("成人每年查 1 次,高危者 6 个月。", 0.8, NEW, supersedes=OLD)]
    evidence = choose_evidence(hits, limit=8)
    assert [NEW] == [each.passage.document_id for each in evidence.chosen]
    assert ["superseded"] == [each.reason for each in evidence.left_out]


def test_a_replaced_document_with_other_figures_stands_behind_the_new_one():
    hits = [hit("每 12 个月查。", 0.9, OLD), hit("每 6 个月查。", 0.8, NEW, supersedes=OLD)]
    assert [NEW, OLD] == [each.passage.document_id for each in choose_evidence(hits, limit=8).chosen]


def test_a_retracted_document_is_never_evidence():
    assert [] == choose_evidence([hit("发热。", status="retracted")], limit=8).chosen


def test_nothing_found_gives_no_evidence():
    assert [] == choose_evidence([], limit=8).chosen


@laws
@given(
    st.lists(st.tuples(st.sampled_from(["发热", "咳嗽 3 天", "头痛"]), st.floats(0, 1)), max_size=12),
    st.integers(1, 8),
)
def test_every_passage_is_chosen_or_left_out_with_a_reason(found: list[tuple[str, float]], limit: int):
    ranked = sorted(found, key=lambda pair: -pair[1])
    hits = [hit(text, score, f"d{i}") for i, (text, score) in enumerate(ranked)]
    evidence = choose_evidence(hits, limit)
    ids = [each.passage.passage_id for each in evidence.chosen] + [
        each.passage_id for each in evidence.left_out
    ]
    assert sorted(each.passage.passage_id for each in hits) == sorted(ids)
    assert len(evidence.chosen) <= limit
