from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.loaders.markdown import load_markdown
from ingest.near_duplicates import NearDuplicate, NearDuplicates, sign
from knowledge.document import Document
from knowledge.signature import Signature
from tests.knowledge.factories import laws, make_document

ROOT = Path(__file__).parents[2]
REFQA = ROOT.parent / "shared" / "data" / "refqa" / "corpus"

GOUT = """Gout is a painful joint disease that comes from crystals of uric acid. Attacks often begin at night in
the big toe, which turns red and swollen. Rest the joint and cool it. Take naproxen 250 mg every 8 hours
for at most 5 days. Do not take it with kidney disease. Drink water through the day and keep a healthy
weight. Beer, liver and shellfish bring attacks on in many people. Allopurinol keeps uric acid low for
years, and your doctor checks the level in your blood from time to time. See a doctor soon when the joint
is hot and you have a fever, because an infection of the joint looks alike. Lumps of crystals under the
skin are called tophi; they grow slowly at the ears, elbows and fingers and can break open. Kidney stones
come from the same acid and hurt in the side and the groin. A sample of fluid from the swollen joint shows
the crystals under a microscope and settles the diagnosis. Blood taken during an attack may mislead,
since the acid falls while the joint is inflamed."""
CHINESE = """痛风是尿酸结晶引起的关节炎，常在夜间发作，大脚趾红肿剧痛。发作时应休息并冷敷患处。萘普生每次 250 mg，
每日两次，疗程至多 5 天。肾功能减退者禁用。平时要多饮水，控制体重。啤酒、动物内脏和海鲜容易诱发痛风发作。别嘌醇能长期
降低血尿酸，服药期间需要定期复查。关节红肿并伴有发热时应及时就医，因为感染性关节炎的表现与痛风相似。皮下的结晶团块叫作
痛风石，多见于耳廓、手指和肘部，可以破溃。尿酸还会形成肾结石，引起腰痛和血尿。抽取关节液在显微镜下找到结晶即可确诊。"""
FOOTER = "\nThis page is offered by the friends of the county library."
CHINESE_FOOTER = "\n本页由市图书馆健康频道转载。"


def find(document: Document, *others: Document) -> NearDuplicate | None:
    seen = NearDuplicates()
    for other in others:
        seen.add(other.imprint.document_id, sign(other))
    return seen.find(sign(document))


def gout(text: str = GOUT, document_id: str = "copy", **changes: object) -> Document:
    return make_document(text, document_id=document_id, **{"title": "Gout", "language": "en", **changes})


ORIGINAL = gout(document_id="original")


def test_a_copy_with_a_footer_is_linked_to_its_original():
    link = find(gout(GOUT + FOOTER), ORIGINAL)
    assert "original" == (link and link.document_id)


def test_the_similarity_is_that_of_the_shingles():
    link = find(gout(GOUT + FOOTER), ORIGINAL)
    # 181 shingles stand in both texts, 11 in the footer only; the standard error is 0.02.
    assert pytest.approx(181 / 192, abs=0.05) == (link and link.similarity)


def test_a_chinese_copy_with_a_footer_is_linked_to_its_original():
    link = find(gout(CHINESE + CHINESE_FOOTER, language="zh"), gout(CHINESE, "original", language="zh"))
    assert "original" == (link and link.document_id)


def test_an_original_is_linked_to_a_copy_that_came_first():
    link = find(ORIGINAL, gout(GOUT + FOOTER))
    assert "copy" == (link and link.document_id)


@pytest.mark.parametrize(
    "text",
    [
        GOUT,
        GOUT.replace("\n", " "),
        GOUT.upper(),
        GOUT.replace(",", " -"),
        GOUT.replace("250 mg", "２５０ mg"),
    ],
    ids=["the same", "other line breaks", "capitals", "other marks", "full-width figures"],
)
def test_the_same_words_are_a_copy_under_any_title_and_date(text: str):
    copy = gout(text, title="Painful toes", reviewed_on=date(2024, 5, 1), publisher="another")
    assert NearDuplicate("original", 1.0) == find(copy, ORIGINAL)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("250 mg", "500 mg"),
        ("250 mg", "250 g"),
        ("250 mg", "2.50 mg"),
        ("8 hours", "8 days"),
        ("at most", "at least"),
        ("Do not take", "Do take"),
    ],
)
def test_a_text_with_another_figure_unit_or_negation_is_no_copy(old: str, new: str):
    assert find(gout(GOUT.replace(old, new) + FOOTER), ORIGINAL) is None


@pytest.mark.parametrize(
    ("old", "new"),
    [("250 mg", "500 mg"), ("每日两次", "每日三次"), ("5 天", "5 周"), ("禁用", "可用"), ("降低", "升高")],
)
def test_a_chinese_text_with_another_figure_unit_or_negation_is_no_copy(old: str, new: str):
    changed = gout(CHINESE.replace(old, new) + CHINESE_FOOTER, language="zh")
    assert find(changed, gout(CHINESE, "original", language="zh")) is None


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("naproxen", "diclofenac"),
        ("Allopurinol", "Febuxostat"),
        ("big toe", "thumb"),
        ("Drink water", "Drink tea"),
    ],
)
def test_a_text_with_a_word_replaced_is_no_copy(old: str, new: str):
    assert find(gout(GOUT.replace(old, new)), ORIGINAL) is None


def test_two_figures_that_change_places_make_another_text():
    swapped = GOUT.replace("every 8 hours", "every 5 hours").replace("at most 5 days", "at most 8 days")
    assert find(gout(swapped + FOOTER), ORIGINAL) is None


def test_a_text_with_a_paragraph_more_is_no_copy():
    assert find(gout(GOUT + FOOTER * 4), ORIGINAL) is None


@pytest.mark.parametrize(
    "changes",
    [
        {"title": "Pseudogout"},
        {"supersedes": "original"},
        {"reviewed_on": date(2024, 5, 1)},
        {"published_on": date(2019, 1, 1)},
        {"status": "superseded"},
        {"language": "zh"},
    ],
)
def test_an_altered_text_that_is_another_document_by_its_imprint_is_no_copy(changes: dict[str, object]):
    assert find(gout(GOUT + FOOTER, **changes), ORIGINAL) is None


@pytest.mark.parametrize("changes", [{"supersedes": "original"}, {"status": "superseded"}])
def test_a_revision_with_the_same_words_is_no_copy(changes: dict[str, object]):
    assert find(gout(**changes), ORIGINAL) is None


def test_the_most_similar_of_several_is_named():
    others = [gout(GOUT + FOOTER, "near"), ORIGINAL]
    link = find(gout(GOUT + FOOTER + " With thanks to all our readers."), *others)
    assert "near" == (link and link.document_id)


def test_of_equal_texts_the_first_is_named():
    assert NearDuplicate("first", 1.0) == find(gout(), gout(document_id="first"), gout(document_id="second"))


def test_nothing_is_linked_before_anything_was_seen():
    assert NearDuplicates().find(sign(ORIGINAL)) is None


def test_a_signature_is_the_same_on_every_machine():
    # Kept in manifests: when this fails, VERSION must change.
    expected = Signature(
        text="498e5983d48c8c7a",
        facts="1032522a47973e16",
        minhash=(
            "m4yutivlFZKcZEXbN1R7DDz2hE4UilRdk/pt/eVlfTpno2GXyT16zCQLNxHVj9mobSORPZyMWoFaM+sCQiaWsspiu3U/PqF6dVPgxnVdAeKx"
            "ZYTVNyeNv7all1CkkmDW3mDlY86RnahrP4hrMNkXXBD0hChSjT2L6hgWaKNB/Qc="
        ),
        n_shingles=2,
    )
    assert expected == sign(gout("Naproxen 250 mg every 8 hours.", reviewed_on=date(2024, 5, 1)))


@laws
@given(st.text(max_size=60))
def test_any_text_has_a_signature_of_the_same_size(text: str):
    signature = sign(make_document(text))
    assert (16, 16, 172) == (len(signature.text), len(signature.facts), len(signature.minhash))


@laws
@given(st.text(max_size=60))
def test_any_text_is_a_copy_of_itself(text: str):
    assert NearDuplicate("copy", 1.0) == find(make_document(text), make_document(text, document_id="copy"))


def test_a_very_long_text_is_signed_in_pieces():
    long = " ".join(f"word{n} passes" for n in range(40_000))
    assert sign(make_document(long)).n_shingles > 16_384


def test_no_two_texts_of_the_starter_corpus_are_copies():
    assert [] == links(sorted((ROOT / "knowledge" / "starter").glob("*.md")))


def test_revisions_and_translations_of_the_development_corpus_are_not_copies():
    if not REFQA.is_dir():
        pytest.skip("the reference data stand beside the checkout, in ../shared/data, and are not there")
    assert [] == links(sorted(REFQA.glob("*.md")))


def links(paths: list[Path]) -> list[tuple[str, str]]:
    assert paths
    seen, found = NearDuplicates(), []
    for path in paths:
        signature = sign(load_markdown(path.read_bytes(), path.stem))
        link = seen.find(signature)
        if link:
            found.append((path.stem, link.document_id))
        seen.add(path.stem, signature)
    return found
