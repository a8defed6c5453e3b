import random
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.passage import Passage
from rag_service.record import choose_parts, cut_record, split_pasted
from tests.rag_service.factories import law

RECORD_ZH = "主诉：咳嗽3天。\n现病史：患者3天前受凉后咳嗽，少量白痰，无发热，否认胸痛。\n既往史：高血压10年。\n诊断：急性支气管炎？\n"
RECORD_EN = "## Medications\nLisinopril 10 mg daily.\n\n## Labs\nPotassium 5.9 mmol/L (H).\n\n## Impression\n?Hyperkalemia.\n"
BUDGET_TOKENS = 6000


def joined(parts: list[Passage]) -> str:
    return "".join(part.text for part in parts)


def packed(*texts: str) -> str:
    return "".join("".join(texts).split())


def visit_zh(chance: random.Random, year: int, month: int) -> str:
    systolic, pulse = chance.randint(118, 139), chance.randint(60, 90)
    complaint = chance.choice(["腰背酸胀", "睡眠欠佳", "咽部不适", "膝部酸软", "眼睛干涩", "食欲一般"])
    return (
        f"## {year}-{month:02d}-{chance.randint(1, 28):02d} 门诊记录\n"
        f"主诉：{complaint}{chance.randint(2, 9)}天。\n"
        f"现病史：患者近来{complaint}，工作劳累后明显，休息后缓解，无恶寒，二便调，精神可，纳可，曾自行热敷，效果一般。\n"
        f"查体：血压{systolic}/{chance.randint(70, 85)} mmHg，脉搏{pulse}次/分，心肺听诊无特殊，腹软，四肢活动可。\n"
        f"辅助检查：白细胞{chance.uniform(4, 9):.1f}，血红蛋白{chance.randint(120, 150)} g/L，肌酐{chance.randint(55, 90)} μmol/L，"
        f"总胆固醇{chance.uniform(5.3, 6.4):.2f} mmol/L ↑。\n"
        f"处理：注意休息，清淡饮食，适当锻炼，{chance.randint(1, 3)}个月后复诊。\n\n"
    )


def visit_en(chance: random.Random, year: int, month: int) -> str:
    complaint = chance.choice(["tired legs", "poor sleep", "a sore shoulder", "dry eyes", "mild back ache"])
    return (
        f"## {year}-{month:02d}-{chance.randint(1, 28):02d} Clinic visit\n"
        f"Chief complaint: {complaint} for {chance.randint(2, 9)} days.\n"
        f"History of present illness: The patient reports {complaint} after long days at work, better with rest, and is otherwise well "
        f"and in good spirits, sleeping six to seven hours and walking most evenings.\n"
        f"Physical exam: blood pressure {chance.randint(118, 139)}/{chance.randint(70, 85)} mmHg, pulse {chance.randint(60, 90)}, lungs clear, abdomen soft.\n"
        f"Labs: white cells {chance.uniform(4, 9):.1f}, haemoglobin {chance.randint(120, 150)} g/L, creatinine {chance.randint(55, 90)} umol/L, "
        f"total cholesterol {chance.uniform(5.3, 6.4):.2f} mmol/L (H).\n"
        f"Plan: rest, light meals, walking, return in {chance.randint(1, 3)} months.\n\n"
    )


def long_record(visit, n_visits: int, needles: list[str]) -> str:
    """About 30,000 tokens of quiet visits with the needles spread among them."""
    chance = random.Random(20261124)  # noqa: S311
    visits = [visit(chance, 2000 + number // 12, number % 12 + 1) for number in range(n_visits)]
    for position, needle in enumerate(needles, start=1):
        visits.insert(len(visits) * position // (len(needles) + 1), f"{needle}\n\n")
    return "".join(visits)


NEEDLES_ZH = [
    "过敏史：2009年静脉用碘海醇后出现喉头水肿，对碘造影剂过敏。",
    "## 2013-05-06 肺功能报告\n结论：FEV1/FVC 0.58，吸入沙丁胺醇后无改善，提示中度慢性阻塞性肺疾病。",
    "目前用药：噻托溴铵吸入，每日1次；华法林3 mg，每晚1次。",
]
NEEDLES_EN = [
    "Allergies: laryngeal swelling after iohexol in 2009, allergic to iodinated contrast.",
    "## 2013-05-06 Spirometry report\nFEV1/FVC 0.58 without change after salbutamol: moderate chronic obstructive pulmonary disease.",
    "Current medications: tiotropium inhaled once a day; warfarin 3 mg at night.",
]
RECORDS = {"zh": long_record(visit_zh, 215, NEEDLES_ZH), "en": long_record(visit_en, 235, NEEDLES_EN)}
NEEDLES = {"zh": NEEDLES_ZH, "en": NEEDLES_EN}


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_long_records_have_about_30_000_tokens(language):
    n_tokens = sum(part.n_tokens for part in cut_record(RECORDS[language], language))
    assert 25_000 <= n_tokens <= 40_000


@pytest.mark.parametrize("needle", range(3))
@pytest.mark.parametrize(
    ("language", "question"),
    [
        ("zh", "我有慢阻肺，做增强CT要注意什么？"),
        ("zh", "Do I have COPD, and how is it treated?"),
        ("en", "Do I have COPD, and how is it treated?"),
        ("en", "慢阻肺吃什么药？"),
    ],
)
def test_the_needles_of_a_long_record_are_chosen(language, question, needle):
    parts = cut_record(RECORDS[language], language)
    assert NEEDLES[language][needle] in joined(choose_parts(question, parts, BUDGET_TOKENS))


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_long_record_is_cut_and_chosen_from_in_good_time(language):
    started_at = time.perf_counter()
    choose_parts("慢阻肺 COPD?", cut_record(RECORDS[language], language), BUDGET_TOKENS)
    assert time.perf_counter() - started_at < 2


@pytest.mark.parametrize(
    ("text", "question"),
    [
        (RECORD_ZH + "\n请问需要吃抗生素吗？", "请问需要吃抗生素吗？"),
        (RECORD_ZH + "需要吃抗生素吗", "需要吃抗生素吗"),
        ("帮我看看这份病历，需要住院吗？\n\n" + RECORD_ZH, "帮我看看这份病历，需要住院吗？"),
        ("需要住院吗？\n" + RECORD_ZH, "需要住院吗？"),
        (RECORD_ZH + "\n是什么病？\n要怎么治？\n谢谢医生！", "是什么病？\n要怎么治？\n谢谢医生！"),
        (RECORD_ZH.replace("\n", "") + "这个病严重吗？", "这个病严重吗？"),
        (RECORD_EN + "\nIs my potassium dangerous?", "Is my potassium dangerous?"),
        (RECORD_EN + "Please explain my labs.", "Please explain my labs."),
        ("What does this mean?\n\n" + RECORD_EN, "What does this mean?"),
        (RECORD_EN + "\nWhat does this mean?\n\nThank you!", "What does this mean?\n\nThank you!"),
        (RECORD_EN.replace("\n", " ") + "Should I stop lisinopril?", "Should I stop lisinopril?"),
        (RECORD_EN + "\nPotassium still high ?", "Potassium still high ?"),
        ("Labs of May.\n\nPotassium 5.9.\n\nAll about my kidneys", "All about my kidneys"),
    ],
)
def test_the_question_is_told_from_the_record(text, question):
    assert question == split_pasted(text, 40)[1]


def test_a_short_text_has_no_record():
    assert ("", "  咳嗽怎么办？\n") == split_pasted("  咳嗽怎么办？\n", 100)


def test_the_record_is_what_is_not_the_question():
    assert RECORD_ZH.strip() == split_pasted(RECORD_ZH + "\n需要住院吗？", 40)[0]


@law
@given(st.text("咳嗽吗？?。.\n\t 请问what is ", max_size=300), st.integers(-1, 60))
def test_nothing_of_a_pasted_text_is_lost(text, max_question_chars):
    record, question = split_pasted(text, max_question_chars)
    assert packed(text) in (packed(record, question), packed(question, record))


@law
@given(st.text("咳嗽吗？?。.\n\t 请问what is ", max_size=300), st.integers(1, 60))
def test_no_question_is_longer_than_allowed(text, max_question_chars):
    assert len(split_pasted(text, max_question_chars)[1]) <= max_question_chars


PIECES = "主诉：|咳嗽3天。|## Labs|【诊断】|2020-01-02 门诊|Medications:|无|\n|\n\n| \r\n".split("|")
PIECES += ["x" * 900, "长" * 700]
TEXTS = st.text(max_size=400) | st.lists(st.sampled_from(PIECES), max_size=40).map("".join)


@law
@given(st.text(min_size=1, max_size=200).filter(str.strip), st.integers(1, 40))
def test_the_question_is_never_empty(text, max_question_chars):
    assert "" != split_pasted(text, max_question_chars)[1]


@law
@given(TEXTS, st.sampled_from(["zh", "en"]))
def test_the_parts_joined_are_the_record(record, language):
    assert record == joined(cut_record(record, language))


@law
@given(TEXTS, st.sampled_from(["zh", "en"]))
def test_a_part_stands_at_its_offsets(record, language):
    assert all(part.text == record[part.start : part.end] for part in cut_record(record, language))


@law
@given(TEXTS, st.sampled_from(["zh", "en"]))
def test_no_part_is_longer_than_allowed(record, language):
    limit = {"zh": 1200, "en": 1600}[language]
    assert all(0 < len(part.text) <= limit for part in cut_record(record, language))


@pytest.mark.parametrize(
    ("record", "language", "paths"),
    [
        (RECORD_ZH, "zh", [("主诉",), ("现病史",), ("既往史",), ("诊断",)]),
        (RECORD_EN, "en", [("Medications",), ("Labs",), ("Impression",)]),
        ("# 2020年\n## 门诊\n主诉：咳嗽。\n诊断：肺炎。\n", "zh", [("2020年", "门诊", "主诉"), ("2020年", "门诊", "诊断")]),
        ("2020-01-02 门诊\n主诉：咳嗽。\n2020-02-03 复诊\n好转。\n", "zh", [("2020-01-02 门诊", "主诉"), ("2020-02-03 复诊",)]),
        ("【过敏史】青霉素\n【诊断】肺炎\n", "zh", [("过敏史",), ("诊断",)]),
        ("Seen today.\nALLERGIES\nPenicillin\nMedications:\nAspirin\n", "en", [(), ("ALLERGIES",), ("Medications",)]),
        ("体温：36.5\n白细胞：12.3\n", "zh", [()]),
    ],
)  # fmt: skip
def test_headings_are_the_section_path(record, language, paths):
    assert paths == [part.section_path for part in cut_record(record, language)]


def test_a_part_is_a_passage_of_the_record():
    (part,) = cut_record("No known allergies.", "en")
    assert ("record", "Your record", "en") == (part.document_id, part.imprint.title, part.imprint.language)


def test_tokens_are_one_a_han_character_and_a_quarter_any_other():
    assert [5] == [part.n_tokens for part in cut_record("血压高12345", "zh")]


def test_parts_of_equal_records_have_equal_ids():
    first, second = cut_record(RECORD_ZH, "zh"), cut_record(RECORD_ZH, "zh")
    assert [part.passage_id for part in first] == [part.passage_id for part in second]


def test_an_empty_record_has_no_parts():
    assert [] == choose_parts("咳嗽", cut_record("", "zh"), -1)


def test_a_record_that_fits_is_kept_whole():
    parts = cut_record(RECORD_ZH, "zh")
    assert parts == choose_parts("咳嗽", parts, 1000)


def test_parts_are_chosen_in_the_order_of_the_record():
    chosen = choose_parts("慢阻肺 过敏 华法林", cut_record(RECORDS["zh"], "zh"), BUDGET_TOKENS)
    assert sorted(part.start for part in chosen) == [part.start for part in chosen]


def test_an_allergy_denied_gives_way_to_one_that_is_told():
    denied = "过敏史：否认药物过敏。\n查体：无特殊。\n"
    parts = cut_record(f"{denied * 30}过敏史：青霉素过敏。\n{denied * 30}", "zh")
    assert "青霉素" in joined(choose_parts("血压", parts, 60))


def test_the_part_that_answers_is_chosen_before_all():
    parts = cut_record(RECORDS["zh"], "zh")
    (part,) = choose_parts("肺功能 FEV1/FVC 结果怎么样", parts, 90)
    assert "FEV1/FVC 0.58" in part.text


LINES = st.lists(st.text("咳嗽过敏药高↑ab。\n ", min_size=1, max_size=80), min_size=1, max_size=12)


@law
@given(st.text("咳嗽过敏药高↑ab ", max_size=12), LINES, st.integers(-5, 200))
def test_the_parts_chosen_never_exceed_the_budget(question, lines, budget_tokens):
    parts = cut_record("\n## 查体\n".join(lines), "zh")
    assert sum(part.n_tokens for part in choose_parts(question, parts, budget_tokens)) <= max(
        0, budget_tokens
    )


@law
@given(LINES, st.integers(1, 200))
def test_one_part_is_chosen_where_any_fits(lines, budget_tokens):
    parts = cut_record("\n## 查体\n".join(lines), "zh")
    fits = any(part.n_tokens <= budget_tokens for part in parts)
    assert fits == bool(choose_parts("咳嗽", parts, budget_tokens))
