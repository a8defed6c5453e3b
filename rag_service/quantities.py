"""Quantities: the figures of a text with their units, comparators, ranges and frequencies."""

import re
import unicodedata
from dataclasses import dataclass
from decimal import Context, Decimal
from functools import lru_cache
from typing import Literal

Comparator = Literal["", "<", ">"]
Form = Literal["single", "range", "pair", "frequency", "interval"]

# Spellings, factor and base of each unit. Factors between units are those of UCUM: a day has 24
# hours, a week 7 days, a year 12 months; a month is not turned into days.
_DIGITS = Context(prec=15)
_UNITS: dict[str, tuple[str, str]] = {
    "kg 千克 公斤 kilogram kilograms": ("1e6", "mg"),
    "g 克 gram grams": ("1000", "mg"),
    "mg 毫克 milligram milligrams": ("1", "mg"),
    "\u03bcg mcg ug 微克 microgram micrograms": ("0.001", "mg"),
    "ng 纳克": ("1e-6", "mg"),
    "pg": ("1e-9", "mg"),
    "l 升 litre litres liter liters": ("1000", "ml"),
    "dl 分升": ("100", "ml"),
    "ml 毫升 millilitre millilitres milliliter milliliters": ("1", "ml"),
    "\u03bcl ul 微升": ("0.001", "ml"),
    "fl": ("1e-12", "ml"),
    "mol 摩尔": ("1000", "mmol"),
    "mmol 毫摩尔": ("1", "mmol"),
    "\u03bcmol umol 微摩尔": ("0.001", "mmol"),
    "nmol 纳摩尔": ("1e-6", "mmol"),
    "pmol": ("1e-9", "mmol"),
    "km 公里 千米": ("1e6", "mm"),
    "m 米 metre metres meter meters": ("1000", "mm"),
    "cm 厘米 公分": ("10", "mm"),
    "mm 毫米": ("1", "mm"),
    "m2 平方米": ("1", "m2"),
    "h hr hrs hour hours 小时 个小时 钟头": ("1", "h"),
    "min mins minute minutes 分钟 分": ("1/60", "h"),
    "s sec second seconds 秒 秒钟": ("1/3600", "h"),
    "d day days 天 日": ("24", "h"),
    "week weeks wk 周 星期 个星期": ("168", "h"),
    "month months mo 个月 月 月龄": ("1", "month"),
    "year years yr yrs 年 岁 周岁": ("12", "month"),
    "°c 度 摄氏度 degc": ("1", "°c"),
    "°f 华氏度": ("1", "°f"),
    "% percent 个百分点": ("1", "%"),
    "mmhg 毫米汞柱": ("1", "mmhg"),
    "kpa 千帕": ("1", "kpa"),
    "iu 国际单位": ("1", "iu"),
    "u unit units 单位": ("1", "u"),
    "kcal 千卡 大卡": ("1", "kcal"),
    "v 伏": ("1", "v"),
    "mosm": ("1", "mosm"),
    "time times 次": ("1", "times"),
    "tablet tablets 片": ("1", "tablet"),
    "capsule capsules 粒": ("1", "capsule"),
    "sachet sachets 袋": ("1", "sachet"),
    "drop drops 滴": ("1", "drop"),
    "puff puffs 喷 吸": ("1", "puff"),
    "dose doses 剂 剂次": ("1", "dose"),
    "cup cups 杯": ("1", "cup"),
    "fold 倍": ("1", "fold"),
}


def _factor(text: str) -> Decimal:
    top, _, bottom = text.partition("/")
    return Decimal(top) / Decimal(bottom or 1)


_BY_SPELLING = {
    spelling: (_factor(factor), base)
    for spellings, (factor, base) in _UNITS.items()
    for spelling in spellings.split()
}
_UNIT = "|".join(re.escape(spelling) for spelling in sorted(_BY_SPELLING, key=len, reverse=True))
_ONE_UNIT = re.compile(_UNIT)

_HAN_DIGITS = {"半": "0.5", "两": "2", "十": "10"} | {
    h: str(i) for i, h in enumerate("一二三四五六七八九", 1)
}
_NUMBER_WORDS = {
    word: str(value)
    for value, word in enumerate("one two three four five six seven eight nine ten eleven twelve".split(), 1)
} | {"half": "0.5", "once": "1", "twice": "2", "thrice": "3"}
_WORDS = "|".join(_NUMBER_WORDS)
_FIGURE = r"\d+(?:,\d{3}(?!\d))*(?:\.\d+)?"
# "十二" and "二十四" are read, "一百" is not: such figures are written with digits in our field.
_HAN_FIGURE = r"[一二三四五六七八九]?十[一二三四五六七八九]?|[半一二两三四五六七八九]"
# A Chinese numeral or a number word is a figure only before one of these: "一般" and "one of" are not.
_HAN_UNITS = "次|天|日|周|个月|月龄|年|岁|个?小时|分钟|片|粒|袋|滴|喷|剂|杯|倍"
_UNITS_AFTER_WORD = (
    "hours?|minutes?|days?|weeks?|months?|years?|times?|tablets?|capsules?|doses?|puffs?|cups?"
)
_LESS = (
    "<=?|≤|不超过|不高于|不多于|不大于|不[得应能要可宜]超过|低于|小于|少于|不足|不到|未满|不满|至多|最多|"
    r"no (?:more|higher|greater) than|not (?:exceed(?:ing)?|(?:[a-z]+ )?more than|above)|(?:less|lower|fewer) than|"
    "below|under|at most|up to|within"
)
_MORE = (
    ">=?|≥|不低于|不少于|不小于|高于|大于|多于|超过|至少|"
    r"no (?:less|fewer|lower) than|not (?:less than|below)|(?:more|higher|greater) than|above|over|at least|exceed(?:s|ing)?"
)
# "以上" and "以下" include the figure (Civil Code of the PRC, article 1259, 2021); whether the bound
# itself is included is not told apart here, only the side.
_LESS_AFTER = r"或?及?以下|以内|之内|\s?(?:or|and) (?:less|lower|below|under|younger|fewer)(?!\s?\d)"
_MORE_AFTER = r"或?及?以上|\s?(?:or|and) (?:more|higher|above|over|older|greater)(?!\s?\d)"
_PER = r"(?:每|一|1)(?:日|天|周|个?月|年)|(?:a|per|each|every)\s(?:day|week|month|year)|daily|weekly|monthly|yearly|(?:qd|bid|tid|qid)(?![a-z])"
_QUANTITY = re.compile(
    # Most characters begin no quantity, and are passed over at once.
    r"(?:(?<![a-z])(?=[a-z])|(?=[\d<>≤≥不低小少未至最高大多超半一二两三四五六七八九十]))"
    rf"(?P<sign>(?:(?P<less>{_LESS})|(?P<more>{_MORE}))\s?)?"
    rf"(?:(?P<a>(?<![a-z\d.]){_FIGURE}|(?:{_HAN_FIGURE})(?=(?:\s?[~至到-]\s?(?:{_HAN_FIGURE}))?(?:{_HAN_UNITS}))|(?<![a-z])(?:{_WORDS})(?=(?:\s(?:to|or)\s(?:{_WORDS}))?[\s-](?:{_UNITS_AFTER_WORD})(?![a-z])))"
    rf"(?:\s?(?P<a_unit>{_UNIT})(?=\s?(?:[~〜–—-]|至|到|to\s)\s?\d))?"
    rf"(?:\s?(?P<joint>[~〜–—-]|至|到|/|\sto\s|to\s)\s?(?P<b>{_FIGURE}|(?:{_HAN_FIGURE})(?={_HAN_UNITS})|(?:{_WORDS})(?![a-z])))?"
    rf"(?:[\s-]?(?P<unit>{_UNIT})(?P<per>(?:/\(?(?:{_UNIT})(?:[·.](?:{_UNIT})\))?)*)(?![a-z]))?)"
    rf"(?P<after>(?P<less_after>{_LESS_AFTER})|(?P<more_after>{_MORE_AFTER}))?"
)
# Only before three digits: "2,5 mg" must not pass for 25 mg.
_THOUSANDS_COMMA = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
_NUMBER = re.compile(r"\d+(?:\.\d+)*")
_PERIODS = {
    "d": "日 天 day daily qd bid tid qid".split(), "week": "周 week weekly".split(),
    "month": "月 month monthly".split(), "year": "年 year yearly".split(),
}  # fmt: skip
# bid, tid and qid: twice, three and four times a day. "Every 8 hours" is kept apart from "three
# times a day": the first asks for even gaps, the second does not.
_LATIN_TIMES = {"qd": "1", "bid": "2", "tid": "3", "qid": "4"}
_COUNT = rf"{_FIGURE}|{_HAN_FIGURE}|{_WORDS}"
_FREQUENCY = re.compile(
    r"(?:(?=[每一1])|(?<![a-z\d.])(?=[a-z\d]))(?:"
    rf"(?P<zh_per>[每一1]个?(?:日|天|周|星期|月|年))(?:服用?|使用|口服|用药|给药|吸入)?\s?(?P<zh>{_FIGURE}|{_HAN_FIGURE})(?P<zh_to>\s?[~–至到-]\s?(?:{_FIGURE}|{_HAN_FIGURE}))?\s?次"
    rf"|(?<![a-z\d.])(?P<en>{_COUNT})(?P<en_to>\s?(?:-|–|to|or)\s?(?:{_COUNT}))?(?:\stimes?)?\s(?P<en_per>(?:a|per|each|every)\s(?:day|week|month|year)|daily|weekly|monthly|yearly)(?![a-z])"
    r"|(?<![a-z])(?P<latin>qd|bid|tid|qid)(?![a-z])"
    rf"|每(?:隔|间隔)?\s?(?P<gap_zh>{_FIGURE}|{_HAN_FIGURE})(?P<gap_zh_to>\s?[~–至到-]\s?(?:{_FIGURE}))?\s?(?P<gap_zh_unit>个?小时|天|日|周|个月|月|年)(?:(?:服用?|使用|给药)?(?:1|一)次)?"
    rf"|(?<![a-z])every\s(?P<gap>{_COUNT})(?P<gap_to>\s?(?:-|–|to)\s?(?:{_COUNT}))?\s(?P<gap_unit>hours?|days?|weeks?|months?|years?))"
)


@dataclass(frozen=True, slots=True)
class Quantity:
    """One or two figures in a base unit; `start` and `end` are offsets into the folded text.

    `words` is the text it was read from. A frequency counts times, its unit is the period.
    """

    form: Form
    values: tuple[Decimal, ...]
    unit: str
    comparator: Comparator
    start: int
    end: int
    words: str

    def agrees_with(self, proof: "Quantity") -> bool:
        """Tell whether a proof says the same: figures and unit equal, not on opposite sides.

        A unit that only the proof names is no contradiction.
        """
        if self.comparator and proof.comparator and self.comparator != proof.comparator:
            return False
        if (self.form, self.values) == (proof.form, proof.values):
            return self.unit in ("", proof.unit)
        return False


@lru_cache(maxsize=4096)
def find_quantities(folded: str) -> tuple[Quantity, ...]:
    """Read the quantities of a folded text (`knowledge.folding`), in order, without overlap."""
    found = [_frequency(match) for match in _FREQUENCY.finditer(folded)]
    taken = [(quantity.start, quantity.end) for quantity in found]
    found.extend(
        _quantity(match)
        for match in _QUANTITY.finditer(folded)
        if not any(match.start() < end and start < match.end() for start, end in taken)
    )
    return tuple(sorted(found, key=lambda quantity: quantity.start))


def numbers(text: str) -> set[str]:
    """Find the numbers of a text, full-width digits folded and thousands commas dropped."""
    return set(_NUMBER.findall(_THOUSANDS_COMMA.sub("", unicodedata.normalize("NFKC", text))))


def _frequency(match: re.Match[str]) -> Quantity:
    gap = match["gap"] or match["gap_zh"]
    if gap:
        factor, unit = _BY_SPELLING[(match["gap_unit"] or match["gap_zh_unit"]).strip()]
        values = _values(gap, match["gap_to"] or match["gap_zh_to"])
        return _made("interval", tuple(value * factor for value in values), unit, "", match)
    if match["latin"]:
        return _made("frequency", (Decimal(_LATIN_TIMES[match["latin"]]),), "/d", "", match)
    period = match["zh_per"] or match["en_per"]
    unit = next(unit for unit, words in _PERIODS.items() if any(word in period for word in words))
    values = _values(match["zh"] or match["en"], match["zh_to"] or match["en_to"])
    return _made("frequency", values, f"/{unit}", "", match)


def _quantity(match: re.Match[str]) -> Quantity:
    less = match["less"] or match["less_after"]
    comparator: Comparator = "<" if less else ">" if match["more"] or match["more_after"] else ""
    factor, unit = _scale(match["unit"] or match["a_unit"] or "", match["per"] or "")
    first_factor = factor
    if match["a_unit"] and match["unit"]:
        first_factor, first_unit = _scale(match["a_unit"], "")
        # "20 mg to 50 %" is no range of anything, and must not pass for one.
        unit = unit if first_unit == unit.partition("/")[0] or not match["b"] else f"{first_unit}|{unit}"
    values = [_value(match["a"]) * first_factor]
    if match["b"]:
        values.append(_value(match["b"]) * factor)
    form: Form = "single" if not match["b"] else "pair" if match["joint"] == "/" else "range"
    return _made(form, tuple(values), unit, comparator, match)


def _scale(unit: str, per: str) -> tuple[Decimal, str]:
    """Give the factor to the base unit and the base unit, "mg/dl" as 1/100 "mg/ml"."""
    if not unit:
        return Decimal(1), ""
    factor, base = _BY_SPELLING[unit]
    bases = [base]
    for part in _ONE_UNIT.findall(per):
        part_factor, part_base = _BY_SPELLING[part]
        factor /= part_factor
        bases.append(part_base)
    return factor, "/".join(bases)


def _values(first: str, then: str | None) -> tuple[Decimal, ...]:
    last = re.search(rf"(?:{_COUNT})$", then) if then else None
    return (_value(first), _value(last.group())) if last else (_value(first),)


def _value(figure: str) -> Decimal:
    if figure in _NUMBER_WORDS:
        return Decimal(_NUMBER_WORDS[figure])
    if figure in _HAN_DIGITS:
        return Decimal(_HAN_DIGITS[figure])
    if "十" in figure:
        tens, _, ones = figure.partition("十")
        return 10 * Decimal(_HAN_DIGITS.get(tens, "1")) + Decimal(_HAN_DIGITS.get(ones, "0"))
    return Decimal(figure.replace(",", ""))


def _made(
    form: Form, values: tuple[Decimal, ...], unit: str, side: Comparator, match: re.Match[str]
) -> Quantity:
    # A third of an hour has no end: rounded, 20 minutes and 1/3 h are one value.
    kept = tuple(_DIGITS.plus(value).normalize() for value in values)
    return Quantity(form, kept, unit, side, match.start(), match.end(), match.group().strip())
