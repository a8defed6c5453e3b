"""How a model without a form for it says that the sources do not answer, in Chinese and English.

Generous on purpose, so that a refusal in whatever words counts as one; but always of the sources or
of answering, because medical texts deny much themselves.
"""

import re

_ZH_SOURCES = (
    r"(?:来源|资料|信息|文本|文献|文档|文中|原文|段落|参考|(?:上述|以上|提供的?|给定的?|所给的?|现有的?)内容)"
)
_ZH_TELL = (
    r"(?:提供|提及|提到|包含|包括|涵盖|涉及|说明|给出|讨论|描述|记载|列出|明确|指出|介绍|解释|回答|解答|显示|找到|"
    r"发现|出现|相关|有关|关于|直接|足够|充分|具体|帮助|有用|答案|确定|判断|得知|得出)"
)
_EN_SOURCES = (
    r"(?:sources?|passages?|texts?|context|documents?|materials?|excerpts?|references?|information|answer)"
)
_EN_NOT = r"(?:\b(?:do|does|did|is|are|was|were|has|have)(?: not|n['’]t)|\bfails? to|\blacks?)\b"
_EN_CANNOT = (
    r"\b(?:cannot|can['’]?t|can not|could not|couldn['’]t|unable to|not able to|(?:not |im)possible to)\b"
)
_EN_TELL = (
    r"(?:mention|contain|provid|address|answer|includ|specif|discuss|giv|stat|cover|offer|say|list|describ|help|"
    r"relevan|available|sufficien|enough|direct|explicit|found|find|relat|detail|explain|indicat|inform|any)"
)
# What a source says, it is not silent of.
_EN_OF_SOURCES = r"(?:(?!\b(?:states?|says?|mentions?|indicates?|recommends?|suggests?|advises?)\b)[^.,;])"

_PHRASES = (
    # Chinese
    rf"{_ZH_SOURCES}[^。；]{{0,25}}(?:没有|没|未|不|无|缺乏|缺少).{{0,10}}{_ZH_TELL}",
    r"(?:没有|未|无(?=相关|有关|直接|具体)|缺乏|缺少|未能|找不到|查不到)(?:找到|提供|提及|提到|包含|发现|给出)?[^。；]{0,20}"
    r"(?:相关|有关|关于|足够|充分|具体|直接|明确|任何)[^。；]{0,25}(?:信息|资料|来源|答案|说明|内容|描述|记载)",
    r"(?:无法|不能|难以|没法|没有办法|不足以)[^，。；,]{0,20}"
    r"(?:回答|作答|解答|答复|(?:得出|给出|提供|找到|做出)[^，。；,]{0,15}(?:答案|回答|信息|结论|建议))",
    r"抱歉|对不起|很遗憾|我不知道|没有答案|超出[^，。；,]{0,6}(?:来源|资料|信息|知识)",
    # English
    rf"\b{_EN_SOURCES}\b{_EN_OF_SOURCES}{{0,60}}{_EN_NOT}[^.;]{{0,50}}\b{_EN_TELL}",
    rf"\b(?:none|neither) of (?:the|these|them|those)\b[^.;]{{0,40}}\b{_EN_SOURCES}\b",
    r"\b(?:no|not any|not enough|insufficient|lack of)\b[^.;]{0,40}\b(?:information|mention|details?|answers?|"
    rf"guidance|references?)\b[^.;]{{0,80}}\b(?:{_EN_SOURCES}|provided|given|available|found|regarding|about|related|on)\b",
    rf"{_EN_CANNOT}[^.;]{{0,30}}\b(?:be answered|answer|respond to|assist with|"
    r"(?:provide|find|give) (?:\w+ ){0,4}(?:answers?|information|details?|advice|guidance))\b",
    rf"{_EN_CANNOT}[^.;]{{0,30}}\b(?:determine|say|tell|confirm|find)[^.;]{{0,60}}\b{_EN_SOURCES}\b",
    rf"\bnot (?:\w+ ){{0,2}}(?:mentioned|provided|specified|stated|addressed|covered|found|discussed|included|"
    rf"available|given|described|listed|answered)\b[^.;]{{0,40}}\b{_EN_SOURCES}\b",
    r"\bI (?:do not|don['’]t) (?:know|have)\b|\b(?:I['’]m|I am) sorry\b|^sorry\b|\bapologi[sz]e\b|\bunfortunately\b",
    r"\bbeyond the scope\b|\bempty response\b",
)
_NO_ANSWER = re.compile("|".join(f"(?:{phrase})" for phrase in _PHRASES), re.IGNORECASE)


def says_no_answer(sentence: str) -> bool:
    """Tell whether a sentence says that there is no answer in the sources."""
    return _NO_ANSWER.search(sentence) is not None
