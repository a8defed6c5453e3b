import pytest

from rag_service import wording
from rag_service.asked import Asked
from rag_service.draft import Draft
from rag_service.gathering import Gathered
from rag_service.packing import pack
from rag_service.protocol import Refusal
from rag_service.proving import prove
from rag_service.record import cut_record
from rag_service.sections import SECTIONS
from tests.rag_service.factories import metformin, pressure

PASSAGES = [*pressure(), *metformin()]
COPIED = "诊室血压的标准是140/90 mmHg。[1]"
LIE = "诊室血压的标准是150/90 mmHg。[1]"


def make_draft(passages=PASSAGES, policy="withhold_facts", **gathered):
    packing = pack(passages, [1] * len(passages), 100)
    asked = Asked("诊室血压的标准？", "诊室血压的标准？", "zh")
    return Draft("id", asked, Gathered(packing=packing, **gathered), [], {}, 0.0, policy)


def released(*sentences, origin="written", **options):
    draft = make_draft(**options)
    return draft, [draft.release(prove(sentence, PASSAGES), origin) for sentence in sentences]


def test_a_proved_sentence_becomes_an_event():
    _, (event,) = released(COPIED)
    assert ("sentence", "诊室血压的标准是140/90 mmHg[1]。", "supported") == (
        event.type,
        event.text,
        event.verdict,
    )


def test_the_event_of_a_sentence_is_the_sentence_of_the_answer():
    draft, (event,) = released(COPIED)
    assert [event.model_dump(exclude={"type"})] == [sentence.model_dump() for sentence in draft.sentences]


def test_sentences_are_numbered_in_the_order_of_their_release():
    draft, _ = released(COPIED, "测量前应安静休息5分钟。[2]")
    assert [0, 1] == [sentence.index for sentence in draft.sentences]


@pytest.mark.parametrize("origin", ["written", "quoted"])
def test_a_sentence_tells_its_origin(origin):
    draft, _ = released(COPIED, origin=origin)
    assert [origin] == [sentence.origin for sentence in draft.sentences]


def test_a_sentence_tells_that_its_citations_are_not_those_of_the_model():
    draft, _ = released(COPIED, LIE.replace("150/90 mmHg。[1]", "140/90 mmHg，在诊室。[2]"))
    assert [False, True] == [sentence.reattributed for sentence in draft.sentences]


def test_a_sentence_that_may_not_be_shown_is_no_event():
    assert [None] == released(LIE)[1]


def test_of_a_sentence_that_may_not_be_shown_no_words_are_kept_but_those_of_its_checks():
    draft, _ = released(LIE)
    (withheld,) = draft.withheld
    assert {"verdict", "checks"} == set(withheld.model_dump())


def test_a_withheld_sentence_takes_no_number():
    draft, _ = released(LIE, COPIED)
    assert [0] == [sentence.index for sentence in draft.sentences]


def test_a_sentence_that_was_said_is_no_event_again():
    assert released(COPIED, COPIED)[1][1] is None


def test_the_first_sentence_is_timed_once():
    draft, _ = released(COPIED)
    first = draft.timings_ms["first_sentence"]
    draft.release(prove("测量前应安静休息5分钟。[2]", PASSAGES), "written")
    assert first == draft.timings_ms["first_sentence"]


def test_a_notice_is_kept_and_becomes_an_event():
    draft = make_draft()
    event = draft.add_notice("degraded", "text")
    assert [("degraded", "text")] * 2 == [(n.kind, n.text) for n in (event, *draft.notices)]


def test_an_answer_with_a_sentence_is_no_refusal():
    assert released(COPIED)[0].refusal() is None


def test_what_search_refused_is_the_refusal():
    refusal = Refusal(reason="needs_context", text="which?", questions=("which?",))
    assert refusal == make_draft(refused=refusal).refusal()


@pytest.mark.parametrize(
    ("reason", "says_no_answer"), [("sources_do_not_answer", True), ("not_enough_evidence", False)]
)
def test_an_answer_without_a_sentence_is_a_refusal_with_its_reason_and_words(reason, says_no_answer):
    draft = make_draft()
    draft.says_no_answer = says_no_answer
    assert Refusal(reason=reason, text=wording.REFUSAL[reason]["zh"]) == draft.refusal()


def test_the_sources_are_the_packed_passages_numbered_from_one():
    expected = [(marker, passage.passage_id) for marker, passage in enumerate(PASSAGES, start=1)]
    assert expected == [(source.marker, source.passage_id) for source in make_draft().sources()]


def test_a_source_tells_a_reference_text_from_a_part_of_the_record():
    passages = [*pressure()[:1], *cut_record("过敏史：青霉素。", "zh")]
    assert ["reference", "record"] == [source.kind for source in make_draft(passages).sources()]


def test_the_text_of_a_source_is_that_of_its_passage():
    assert [p.text for p in PASSAGES] == [source.text for source in make_draft().sources()]


def test_a_structured_answer_has_its_sentences_by_section():
    draft = make_draft()
    draft.is_structured = True
    draft.release(prove(COPIED, PASSAGES), "written", "suggested_tests")
    assert {"suggested_tests": 1} == {name: len(found) for name, found in draft.structured().items() if found}


def test_a_structured_answer_has_every_section():
    draft = make_draft()
    draft.is_structured = True
    assert set(SECTIONS) == set(draft.structured())


def test_an_answer_that_is_not_structured_has_no_sections():
    assert released(COPIED)[0].structured() is None
