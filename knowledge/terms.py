"""Search terms: the words, numbers and characters by which a text is found.

Qdrant's built-in tokenizers fail on Chinese medical text ("140/90" vanishes, a clause becomes one
token), so terms are made here.
"""

import re
from functools import lru_cache

import snowballstemmer

from knowledge.folding import fold_text

# One spelling of each unit, so that "2.5毫克" and "2.5 mg" meet. Folding makes the micro sign a mu.
_UNIT_SPELLINGS = {
    "毫摩尔": "mmol", "微摩尔": "\u03bcmol", "umol": "\u03bcmol", "毫米汞柱": "mmhg",
    "mcg": "\u03bcg", "ug": "\u03bcg", "微克": "\u03bcg", "毫克": "mg", "千克": "kg", "公斤": "kg", "克": "g",
    "毫升": "ml", "ul": "\u03bcl", "微升": "\u03bcl", "升": "l", "毫米": "mm", "厘米": "cm",
    "国际单位": "iu", "单位": "u", "小时": "h", "天": "d", "分钟": "min", "秒": "s", "千卡": "kcal",
}  # fmt: skip
_UNIT = "|".join(
    sorted(
        (
            *_UNIT_SPELLINGS, *"mmol \u03bcmol mmhg \u03bcg mg kg ng pg g dl ml \u03bcl l iu u mm cm m".split(),
            *"kcal kj h d min s °c %".split(),
        ),
        key=len,
        reverse=True,
    )
)  # fmt: skip
_TOKEN = re.compile(
    rf"(?P<number>(?P<sign>[<>≤≥]=?\s?)?(?P<figure>\d+(?:[.,]\d+)*(?:\s?/\s?\d+(?:\.\d+)*)?)"
    rf"(?:\s?(?P<unit>{_UNIT})(?P<per>(?:/(?:{_UNIT}))*)(?![a-z]))?)"
    r"|(?P<word>[a-z\u0370-\u03ff][a-z0-9\u0370-\u03ff]*(?:[-'’][a-z0-9\u0370-\u03ff]+)*)"
    r"|(?P<han>[\u3400-\u9fff]+)"
)
_ANY_UNIT = re.compile(_UNIT)
_SIGNS = {"<=": "≤", ">=": "≥"}
_THOUSANDS = re.compile(r"\d{1,3}(?:,\d{3})+")
_JOINT = re.compile(r"[-'’]")
# Function words of English; medical words that happen to be short ("no", "not") are kept.
_STOP = frozenset(
    "a an and are as at be been but by can do does for from had has have he her him his how i if in is it its "
    "me my of on or our she should so that the their them there these they this to was we were what when which "
    "who why will with would you your".split()
)
_ENGLISH = snowballstemmer.stemmer("english")


def terms(text: str) -> list[str]:
    """Cut a text into search terms, in order, with repeats.

    Han runs give single characters and pairs; English words are stemmed without function words. A
    number is given with its sign, whole with its unit, with the first unit alone, and bare: "<2.5
    mg/d" is "<2.5", "2.5mg/d", "2.5mg" and "2.5". Hyphenated names are given whole and in parts.
    Forms of one character are folded (`knowledge.folding`), spellings of one unit too.
    """
    found: list[str] = []
    for match in _TOKEN.finditer(fold_text(text)):
        kind, token = match.lastgroup, match.group()
        if kind == "han":
            found.extend(token)
            found.extend(token[i : i + 2] for i in range(len(token) - 1))
        elif kind == "number":
            found.extend(_number_terms(match))
        else:
            found.extend(_word_terms(token))
    return found


def _number_terms(match: re.Match[str]) -> list[str]:
    figure = re.sub(r"\s", "", match["figure"])
    if _THOUSANDS.fullmatch(figure):
        figure = figure.replace(",", "")
    found = [figure]
    if match["unit"]:
        one = figure + _spelling(match["unit"])
        found.insert(0, one)
        if match["per"]:
            found.insert(0, one + _ANY_UNIT.sub(lambda unit: _spelling(unit.group()), match["per"]))
    if match["sign"]:
        sign = match["sign"].strip()
        found.insert(0, _SIGNS.get(sign, sign) + figure)
    return found


def _spelling(unit: str) -> str:
    return _UNIT_SPELLINGS.get(unit, unit)


def _word_terms(token: str) -> list[str]:
    if "-" not in token and "'" not in token and "’" not in token:
        return [] if token in _STOP else [_stem(token)]
    parts = [_stem(part) for part in _JOINT.split(token) if part not in _STOP and part != "s"]
    return [token.replace("’", "'"), *parts]


@lru_cache(maxsize=65_536)
def _stem(word: str) -> str:
    return str(_ENGLISH.stemWord(word))
