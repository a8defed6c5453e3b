"""Boilerplate: whole lines that belong to a web page or a printed page, not to its text.

Only lines that can be nothing else are named. A single word that a table cell may hold ("Home",
"Previous", "Print") stays: home readings of blood pressure have their own thresholds.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from ingest.offsets import Edit

# Words of navigation; a line of two or more of them and nothing else is a menu.
_MENU_WORD = (
    r"(?:home(?:page)?|about(?: us)?|contact(?: us)?|site ?map|search|log ?in|sign in|register|menu|print|email|"
    r"share|tweet|facebook|twitter|linkedin|pinterest|whatsapp|instagram|youtube|rss|newsletter|subscribe|"
    r"privacy(?: policy)?|terms of (?:use|service)|accessibility|disclaimer|careers|feedback|help|faqs?|"
    r"previous|next|back|top|close|"
    r"首页|首頁|关于我们|關於我們|联系我们|聯絡我們|网站地图|網站導覽|登录|注册|打印|列印|关闭|收藏|分享|返回|"
    r"微信|微博|新浪微博|qq空间|朋友圈|无障碍|意见反馈|上一页|下一页|上一頁|下一頁|回首頁|回上頁)"
)
_ENGLISH = (
    r"(?:skip|jump) to (?:the )?(?:main |page )?(?:content|navigation|menu|search|footer)",
    r"(?:back|return) to (?:the )?top(?: of (?:the )?page)?|top of page",
    r"(?:this|our) (?:web)?site (?:uses|makes use of) cookies.{0,300}|we use cookies.{0,300}",
    r"by (?:continuing to (?:use|browse)|using) (?:this|our) (?:web)?site.{0,80}\bcookies.{0,200}",
    r"(?:accept|reject|allow|manage)(?: all)? cookies|cookie (?:settings|preferences|policy|notice)",
    r"(?:share|print|e-?mail|save|bookmark|tweet) this(?: page| article| story)?",
    r"share (?:on|to|via) (?:facebook|twitter|x|linkedin|pinterest|whatsapp|reddit|wechat|weibo|e-?mail)"
    r"(?:[ ,|]{1,3}\w{1,12}){0,6}|follow us(?: on .{1,60})?",
    r"(?:sign up|subscribe) (?:for|to) .{0,40}(?:newsletters?|e-?mail updates|alerts)",
    r"(?:toggle|open|close|show|hide) (?:the )?(?:main )?(?:menu|navigation)",
    r"(?:please )?enable javascript.{0,120}|javascript (?:is|must be) .{0,120}|loading(?:\.{3}|…)",
    r"an official (?:web)?site of the united states government.{0,40}|here['’]s how you know.{0,20}",
    r"official websites use \.gov|secure \.gov websites use https",
    r"was this (?:page|article|information) helpful\??|advertisement|sponsored content",
    r"page \d{1,4}(?: (?:of|/) \d{1,4})?|[-–—] \d{1,4} [-–—]",
    r"(?:you are here ?: ?)?home(?: [>›»] [^>›»\n]{1,80}){1,8}|you are here ?:.{0,200}",
)
_CHINESE = (
    r"跳[转轉至到过過]+(?:主要)?(?:内容|內容|导航)(?:区|區塊)?",
    r"(?:责任|責任|执行|网站)?(?:编辑|編輯)[:：] ?\S{1,20}|责编[:：] ?\S{1,20}",
    r"分享[到至](?: ?[:：].{0,60})?|分享[到至]? ?(?:微信|微博|新浪微博|朋友圈|qq空间|facebook|line).{0,40}|轉寄(?:友人|好友)",
    r"(?:打印|列印|收藏|关闭|關閉|友善列印)(?:本页|此页|本文|本頁|此頁|窗口|視窗)?(?: ?[】\])）] ?[【\[(（] ?(?:打印|列印|关闭|關閉|收藏)(?:本页|本頁|窗口)?)+",
    r"(?:打印|列印|收藏|关闭|關閉)(?:本页|此页|本文|本頁|此頁|窗口|視窗)|友善列印",
    r"(?:上一篇|下一篇|上一则|下一则|上一則|下一則)(?:文章)?(?: ?[:：].{0,120})?",
    r"(?:返回|回到?)(?:页面|頁面|网页)?(?:顶部|頂部|首页|首頁|列表|上一页|上一頁)",
    r"(?:字号|字體|字体|字級|字级)[大小]?[:：]? ?[\[【(（]? ?[大中小特 、|]{1,16}[\]】)）]?",
    r"(?:扫一扫|掃一掃|扫描二维码|扫码)(?:.{0,30}(?:关注|分享|手机|手機|查看|下载).{0,20})?",
    r"(?:浏览|點閱|点击|閱讀|阅读)(?:次数|次數|数|數|量)[:：]? ?\d{1,9} ?次?",
    r"(?:您|你)?(?:现在的?|当前|目前|所在)的?位置[:：].{0,40}(?:首页|首頁|[>›»]).{0,160}",
    r"本(?:网站|網站|站)使用 ?cookies?.{0,200}|加载中(?:\.{3}|…{1,2})?",
    r"第 ?\d{1,4} ?[页頁](?:[,，/ ]{0,3}共 ?\d{1,4} ?[页頁])?",
)
# A list mark or an opening bracket may stand before, the rest of a Markdown link after.
BOILERPLATE_LINE = re.compile(
    r"^ {0,16}(?:[-*•·] )?[【\[(（]? ?(?:"
    + "|".join((*_ENGLISH, *_CHINESE, rf"{_MENU_WORD}(?: ?[|·•>›»/] ?{_MENU_WORD}| {_MENU_WORD}){{1,30}}"))
    + r") ?[】\])）]?(?:\([^()\s]{0,300}\))?$",
    re.IGNORECASE | re.MULTILINE,
)

_PAGE_NUMBER = re.compile(r"^\d{1,4}(?: [|·–—-])? |(?: [|·–—-])? \d{1,4}$|^\d{1,4}$")
_LINE = re.compile(r"[^\n]+")
_MIN_PAGES = 3
_MAX_LINE_CHARS = 120


def running_lines(text: str, pages: Sequence[tuple[int, int]]) -> Iterator[Edit]:
    """Find headers and footers: the same line at the top or the bottom of half of the pages or more.

    Page numbers in them may differ. The first of the equal lines stays, it may be the title; of bare
    page numbers none does. Table rows stay: a table's header is repeated on purpose.

    Args:
        text: The text, blanks folded.
        pages: (start, end) offsets of each page.

    Returns:
        Edits that empty those lines, in order; the line breaks stay.
    """
    lines = [_lines(text, start, end) for start, end in pages]
    least = max(_MIN_PAGES, (len(pages) + 1) // 2)
    found = [*_strip(text, lines, 0, least), *_strip(text, lines, -1, least)]
    return iter([Edit(start, end) for start, end in sorted(found)])


def _lines(text: str, start: int, end: int) -> list[tuple[int, int]]:
    return [
        (match.start(), match.end())
        for match in _LINE.finditer(text, start, end)
        if not text[match.start() : match.end()].isspace()
    ]


def _strip(
    text: str, lines: Sequence[list[tuple[int, int]]], side: int, least: int
) -> Iterator[tuple[int, int]]:
    """Take equal lines off one side of the pages, again and again until none is common."""
    while True:
        outer = [_key(text, page[side]) if page else "" for page in lines]
        common = {key for key, n in Counter(filter(None, outer)).items() if n >= least}
        if not common:
            return
        seen: set[str] = {"#"}
        for key, page in zip(outer, lines, strict=True):
            if key in common and key in seen:
                yield page.pop(side)
            seen.add(key)


def _key(text: str, span: tuple[int, int]) -> str:
    """Make lines comparable that differ in their page number; empty for lines that must stay."""
    start, end = span
    line = text[start:end].strip()
    is_whole = text[start - 1 : start] in ("", "\n") and text[end : end + 1] in ("", "\n")
    if not is_whole or len(line) > _MAX_LINE_CHARS or line.startswith("|"):
        return ""
    return _PAGE_NUMBER.sub("", line, count=1).lower() or "#"
