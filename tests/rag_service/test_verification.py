import pytest

from rag_service.citations import cite
from rag_service.quantities import numbers
from rag_service.verification import check_sentence
from tests.rag_service.factories import make_passage, metformin, pressure


def verdict_of(sentence, passages):
    return check_sentence(cite(sentence, passages), passages).verdict


def test_a_sentence_copied_from_its_passage_is_supported():
    assert "supported" == verdict_of("诊室血压的标准是140/90 mmHg。[1]", pressure())


def test_a_close_paraphrase_is_supported():
    assert "supported" == verdict_of("The usual dose of metformin is 500 mg twice a day. [1]", metformin())


def test_a_loose_paraphrase_is_partly_supported():
    passages = [make_passage("Metformin lowers blood glucose in diabetes.")]
    assert "partly_supported" == verdict_of("Metformin lowers sugar levels. [1]", passages)


def test_a_sentence_about_something_else_is_unsupported():
    assert "unsupported" == verdict_of("Penicillin treats pneumonia in adults. [1]", metformin())


def test_a_sentence_that_cites_nothing_is_unsupported():
    assert "unsupported" == verdict_of("诊室血压的标准是140/90 mmHg。", pressure())


def test_a_number_that_no_cited_passage_has_makes_a_copied_sentence_unsupported():
    assert "unsupported" == verdict_of("诊室血压的标准是150/90 mmHg。[1]", pressure())


def test_a_number_of_a_passage_that_is_not_cited_does_not_count():
    assert "unsupported" == verdict_of("The usual starting dose is 500 mg twice a day. [2]", metformin())


def test_two_cited_passages_count_together():
    sentence = "Metformin starts at 500 mg twice a day and not below an eGFR of 30 mL/min. [1][2]"
    assert "supported" == verdict_of(sentence, metformin())


def test_a_marker_is_not_taken_for_a_number_of_the_sentence():
    assert "supported" == verdict_of("It seldom causes hypoglycaemia. [2]", metformin())


def test_the_headings_of_a_passage_count_as_its_words():
    passages = [make_passage("Starts at 500 mg.", context="Metformin > Dose")]
    assert "supported" == verdict_of("The metformin dose starts at 500 mg. [1]", passages)


def test_a_sentence_without_a_single_term_is_unsupported():
    assert "unsupported" == verdict_of("……。[1]", pressure())


def test_a_decimal_comma_is_not_read_as_a_number_ten_times_as_large():
    assert "unsupported" == verdict_of("Take 2,5 mg daily. [1]", [make_passage("Take 25 mg daily.")])


@pytest.mark.parametrize(
    ("expected", "text"),
    [
        ({"140", "90"}, "140/90 mmHg"),
        ({"36.5"}, "36.5℃"),
        ({"36.5"}, "３６．５℃"),
        ({"1000"}, "1,000 mg"),
        ({"1234567.5"}, "1,234,567.5"),
        ({"2", "5"}, "2,5 mg"),
        ({"5"}, "at most 5."),
        ({"36", "37"}, "36～37"),
        (set(), "七天"),
    ],
)
def test_numbers_are_found_with_widths_folded_and_thousands_joined(expected, text):
    assert expected == numbers(text)


def failed(sentence, text):
    passages = [make_passage(text)]
    checks = check_sentence(cite(sentence, passages), passages).checks
    return {check.kind: check.words for check in checks if not check.passed}


@pytest.mark.parametrize(
    ("expected", "sentence", "text"),
    [
        ({"quantity": ("5 g",)}, "Take 5 g of ibuprofen. [1]", "Take 5 mg of ibuprofen."),
        ({"name": ("布洛芬",)}, "儿童不用布洛芬退热。[1]", "儿童不用阿司匹林退热。"),
        ({"polarity": ("不应",)}, "孕妇应使用。[1]", "孕妇不应使用。"),
        ({"polarity": ("低于",)}, "心率低于平时应就医。[1]", "心率高于平时应就医。"),
        ({"quantity": ("每日3次",)}, "阿莫西林每日3次。[1]", "阿莫西林每日2次。"),
        ({}, "阿莫西林一天两次，每次500毫克。[1]", "阿莫西林每日2次，每次0.5 g。"),
        ({}, "孕妇不宜使用布洛芬。[1]", "孕妇禁用布洛芬。"),
    ],
)
def test_a_failed_check_names_the_offending_words(expected, sentence, text):
    assert expected == failed(sentence, text)


def test_a_dose_of_another_group_of_people_is_unsupported():
    passages = [make_passage("成人每次0.5 g。\n儿童每次0.2 g。\n", context="布洛芬")]
    assert "unsupported" == verdict_of("成人每次0.2 g。[1]", passages)


def test_a_limit_of_another_group_in_the_same_source_sentence_is_unsupported():
    passages = [make_passage("贫血标准：血红蛋白成年男性<120 g/L，成年女性<110 g/L，孕妇<100 g/L。")]
    assert "unsupported" == verdict_of("孕妇血红蛋白低于120 g/L即为贫血。[1]", passages)


def test_two_doses_that_have_changed_places_are_unsupported():
    passages = [make_passage("布洛芬成人每次服用0.4 g，儿童每次服用0.2 g，餐后服。")]
    assert "unsupported" == verdict_of("布洛芬成人每次服用0.2 g，儿童每次服用0.4 g，餐后服。[1]", passages)


def test_a_chinese_sentence_is_borne_out_by_an_english_passage():
    assert "supported" == verdict_of("二甲双胍的起始剂量为500毫克，每日两次。[1]", metformin())


def test_a_chinese_sentence_that_denies_what_the_english_passage_says_is_unsupported():
    assert "unsupported" == verdict_of("eGFR低于30 mL/min时可以使用二甲双胍。[2]", metformin())


def test_a_drug_that_the_passage_does_not_name_is_unsupported_in_another_language_too():
    assert "unsupported" == verdict_of("格列美脲的起始剂量为500毫克，每日两次。[1]", metformin())


def test_every_check_is_recorded_when_all_pass():
    checks = check_sentence(cite("诊室血压的标准是140/90 mmHg。[1]", pressure()), pressure()).checks
    assert ["citation", "quantity", "name", "polarity"] == [check.kind for check in checks if check.passed]


DOSES = [
    make_passage("成人一次0.5 g，每日不超过2 g。对布洛芬过敏者可以使用。", context="对乙酰氨基酚 > 用法"),
    make_passage("布洛芬一次0.2 g。对乙酰氨基酚一次0.5 g。", context="退热药"),
]


@pytest.mark.parametrize("marker", [1, 2])
def test_the_dose_of_another_drug_proves_nothing(marker):
    assert "unsupported" == verdict_of(f"布洛芬一次0.5 g。[{marker}]", DOSES)


@pytest.mark.parametrize("marker", [1, 2])
def test_the_dose_of_the_drug_itself_stands(marker):
    assert "supported" == verdict_of(f"对乙酰氨基酚一次0.5 g。[{marker}]", DOSES)
