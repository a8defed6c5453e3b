from itertools import pairwise

import pytest

from ingest.boilerplate import BOILERPLATE_LINE, running_lines
from ingest.offsets import MarkedText


def emptied(line: str) -> str:
    return BOILERPLATE_LINE.sub("", f"before\n{line}\nafter")


@pytest.mark.parametrize(
    "line",
    [
        "Skip to main content",
        "[Skip to main content](#main)",
        "- Jump to navigation",
        "Back to top",
        "This website uses cookies to give you the best experience.",
        "By continuing to use this site you agree to our use of cookies.",
        "Accept all cookies",
        "Share this page",
        "Share on Facebook",
        "Follow us on Twitter",
        "Sign up for our newsletter",
        "Toggle navigation",
        "Please enable JavaScript to view this page.",
        "An official website of the United States government",
        "Was this page helpful?",
        "Page 3 of 44",
        "- 12 -",
        "Home > Health Topics > Gout",
        "Home | About us | Contact",
        "Facebook Twitter LinkedIn Email",
        "责任编辑：王小明",
        "（责编：李华）",
        "分享到：微信 微博 QQ空间",
        "打印本页",
        "【打印】【关闭】",
        "上一篇：高血压的饮食",
        "下一篇",
        "返回顶部",
        "字号：[大 中 小]",
        "扫一扫在手机打开当前页",
        "浏览次数：1234",
        "您现在的位置：首页 > 健康科普 > 高血压",
        "当前位置：首页 > 疾病",
        "首页 | 关于我们 | 联系我们",
        "第 3 页 共 44 页",
        "跳到主要內容區塊",
        "友善列印",
        "上一則：流感疫苗",
        "本网站使用cookie改善体验",
    ],
)
def test_a_line_of_a_web_page_is_emptied(line: str):
    assert "before\n\nafter" == emptied(line)


@pytest.mark.parametrize(
    "line",
    [
        "Home",
        "Previous",
        "Print",
        "Search",
        "| Home | Clinic |",
        "Home: below 135/85 mmHg",
        "Skip to main content is what a screen reader says first.",
        "Share your medicines with no one",
        "Share needles with nobody",
        "Follow us: the heart, lungs and liver tour",
        "Search strategy and selection criteria",
        "Contact your doctor",
        "Contact precautions",
        "Email your doctor",
        "Advertisement and promotion of medicines",
        "12",
        "5 of the patients",
        "140/90 mmHg",
        "编辑基因的疗法",
        "责任编辑负责审核全文的医学准确性",
        "分享餐具可能传播幽门螺杆菌",
        "打印纸过敏",
        "关闭伤口",
        "位置：上腹部疼痛多见于溃疡病",
        "当前位置：右上腹",
        "140 / 90",
        "1 of 3",
        "-5-",
        "- 分享给他人",
        "Share via blood",
        "阅读率：30",
        "首页",
        "第 3 页脚注说明剂量",
        "上一篇文章报道了 3 例患者，剂量为 5 mg",
        "Pages 3",
    ],
)
def test_a_line_that_may_be_content_stays(line: str):
    assert f"before\n{line}\nafter" == emptied(line)


def strip(*pages: str) -> str:
    edges = [0]
    for page in pages:
        edges.append(edges[-1] + len(page))
    text = "".join(pages)
    return MarkedText(text).edited(running_lines(text, list(pairwise(edges)))).text


def test_a_header_that_every_page_repeats_stays_once():
    assert "GUIDE\nalpha\n\nbeta\n\ngamma\n" == strip("GUIDE\nalpha\n", "GUIDE\nbeta\n", "GUIDE\ngamma\n")


def test_a_footer_whose_page_number_counts_up_is_the_same_footer():
    assert "alpha\nGuide 1\nbeta\n\ngamma\n\n" == strip(
        "alpha\nGuide 1\n", "beta\nGuide 2\n", "gamma\nGuide 3\n"
    )


def test_bare_page_numbers_all_leave():
    assert "alpha\n\nbeta\n\ngamma\n\n" == strip("alpha\n1\n", "beta\n2\n", "gamma\n3\n")


def test_a_header_of_two_lines_leaves_whole():
    pages = [f"GUIDE\n2024 edition of the guide\n{word}\n" for word in ("alpha", "beta", "gamma", "delta")]
    assert 1 == strip(*pages).count("GUIDE")


def test_a_line_on_two_pages_only_stays():
    assert "GUIDE\nalpha\nGUIDE\nbeta\n" == strip("GUIDE\nalpha\n", "GUIDE\nbeta\n")


def test_the_header_row_of_a_table_stays_on_every_page():
    pages = [f"| drug | dose |\n| {word} | 5 mg |\n" for word in ("a", "b", "c")]
    assert "".join(pages) == strip(*pages)


def test_equal_lines_in_the_middle_of_pages_stay():
    pages = [f"{word}\nTreatment\n{word}!\n" for word in ("alpha", "beta", "gamma")]
    assert "".join(pages) == strip(*pages)


def test_lines_that_differ_in_a_dose_stay():
    pages = [f"Dose {dose} mg daily\n{word}\n" for dose, word in ((5, "a"), (10, "b"), (20, "c"))]
    assert "".join(pages) == strip(*pages)
