"""Supported sentences with one planted error each, and the same sentences untouched or reworded."""

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from knowledge.folding import fold_text
from knowledge.passage import Passage
from knowledge.sentences import sentence_spans
from knowledge.synonyms import find_concepts
from tests.rag_service.factories import make_passage

SEEDS = (20261124, 7)
N_SENTENCES = 300

Kind = Literal["number", "unit", "drug", "negation"]

_ROOT = Path(__file__).parents[2]
# The question set lies beside the checkout on some machines only.
_FOLDERS = (_ROOT / "knowledge" / "starter", _ROOT.parent / "shared" / "data" / "refqa" / "corpus")

_DRUGS = {
    "zh": "阿托伐他汀 氨氯地平 二甲双胍 华法林 左甲状腺素 奥美拉唑 阿莫西林 布洛芬".split(),
    "en": "atorvastatin amlodipine metformin warfarin levothyroxine omeprazole amoxicillin ibuprofen".split(),
}
_UNITS = {
    "mg": "g", "g": "mg", "μg": "mg", "mcg": "mg", "mL": "L", "mmol/L": "mg/dL", "mmHg": "kPa", "小时": "天",
    "分钟": "小时", "天": "周", "周": "个月", "个月": "年", "岁": "月龄", "℃": "℉", "hours": "days",
    "minutes": "hours", "days": "weeks", "weeks": "months", "months": "years", "years": "months", "%": " mg",
    "cm": "mm", "mm": "cm",
}  # fmt: skip
_UNIT = re.compile(
    r"(?<=\d)(\s?)(" + "|".join(sorted(_UNITS, key=len, reverse=True)) + r")(?![A-Za-z/])(?!.{0,2}/)"
)
_NEGATIONS = (
    ("不应", "应"), ("不要", "应"), ("不能", "能"), ("不得", "可以"), ("不宜", "宜"), ("不推荐", "推荐"), ("禁用", "可用"),
    ("不可", "可"), ("应", "不应"), ("可以", "不可以"), ("需要", "不需要"), ("高于", "低于"), ("低于", "高于"),
    ("升高", "降低"), ("降低", "升高"), ("增加", "减少"), ("减少", "增加"), ("超过", "不足"), ("以上", "以下"),
    ("do not", "do"), ("should not", "should"), ("must not", "must"), ("is not", "is"), ("are not", "are"),
    ("cannot", "can"), ("should", "should not"), ("must", "must not"), ("can ", "cannot "), ("is ", "is not "),
    ("are ", "are not "), ("above", "below"), ("below", "above"), ("higher", "lower"), ("lower", "higher"),
    ("increases", "reduces"), ("reduces", "increases"), ("more than", "less than"), ("less than", "more than"),
)  # fmt: skip
# The same said otherwise: spellings of units and of frequencies.
_REWORDINGS = (
    (r"(?<=\d) ?mg(?![/\w])", "毫克"), (r"(?<=\d) ?mL(?![/\w])", "毫升"), (r"℃", "°C"), (r"(?<=\d)～(?=\d)", "-"),
    (r"每日([1-4])次", r"一天\1次"), (r"(?<![a-z])twice a day", "2 times a day"), (r"once daily", "once a day"),
    (r"(?<=\d) hours", "h"), (r"不超过", "≤"), (r"不应", "不宜"), (r"do not", "don't"),
)  # fmt: skip


@dataclass(frozen=True)
class Planted:
    """A sentence of a passage with one fact of it changed."""

    kind: Kind
    original: str
    text: str
    passage: Passage


def supported_sentences(seed: int) -> list[tuple[str, Passage]]:
    """Choose sentences, each with the passage, a section of a document, that it is copied from."""
    found = [pair for passage in _passages() for pair in _sentences(passage)]
    return random.Random(seed).sample(found, min(N_SENTENCES, len(found)))  # noqa: S311


def planted_errors(seed: int) -> list[Planted]:
    """Change one fact in each chosen sentence, of every kind that the sentence has."""
    rng = random.Random(seed)  # noqa: S311
    changes = {"number": _other_number, "unit": _other_unit, "drug": _other_drug, "negation": _other_negation}
    return [
        Planted(kind, text, changed, passage)
        for text, passage in supported_sentences(seed)
        for kind, change in changes.items()
        if (changed := change(text, rng)) and changed != text
    ]


def reworded(text: str) -> str:
    """Say the same with other spellings of units and frequencies."""
    for pattern, other in _REWORDINGS:
        text = re.sub(pattern, other, text)
    return text


def _passages() -> Iterator[Passage]:
    for folder in _FOLDERS:
        for path in sorted(folder.glob("*.md")):
            _, front, body = path.read_text(encoding="utf-8").split("---\n", 2)
            title = re.search(r'title: "?([^"\n]+)', front)
            for section in re.split(r"(?m)^(?=## )", body):
                heading, _, text = section.partition("\n")
                if text.strip():
                    yield make_passage(text, context=f"{title[1] if title else ''} > {heading.strip('# ')}")


def _sentences(passage: Passage) -> Iterator[tuple[str, Passage]]:
    for start, end in sentence_spans(passage.text):
        text = re.sub(r"^(?:[-*]|\d+\.)\s+", "", passage.text[start:end].strip())
        if len(text) >= 12 and not text.startswith(("#", "|")):
            yield text, passage


def _other_number(text: str, rng: random.Random) -> str | None:
    places = list(re.finditer(r"(?<![\w.])\d+(?:\.\d+)?|(?<=[\u4e00-\u9fff])\d+(?:\.\d+)?", text))
    if not places:
        return None
    place = rng.choice(places)
    other = float(place.group()) * rng.choice((2, 3, 10, 0.5, 0.1)) or 5
    return f"{text[: place.start()]}{other:g}{text[place.end() :]}"


def _other_unit(text: str, rng: random.Random) -> str | None:
    places = list(_UNIT.finditer(text))
    if not places:
        return None
    place = rng.choice(places)
    return f"{text[: place.start()]}{place[1]}{_UNITS[place[2]]}{text[place.end() :]}"


def _other_drug(text: str, rng: random.Random) -> str | None:
    folded = fold_text(text)
    drugs = [concept for concept in find_concepts(text) if concept.kind == "drugs"]
    names = sorted({name for drug in drugs for name in drug.names if len(name) > 2 and name in folded})
    if not names:
        return None
    name = max(names, key=len)
    language = "en" if name.isascii() else "zh"
    others = [drug for drug in _DRUGS[language] if drug not in folded]
    return re.sub(re.escape(name), rng.choice(others), text, count=1, flags=re.IGNORECASE)


def _other_negation(text: str, rng: random.Random) -> str | None:
    options = [
        (match.start(), match.end(), other)
        for word, other in _NEGATIONS
        for match in re.finditer(_whole(word), text)
    ]
    if not options:
        return None
    start, end, other = rng.choice(options)
    return text[:start] + other + text[end:]


def _whole(word: str) -> str:
    """Match a word where it is not part of another one that says the contrary."""
    if word.isascii():
        return rf"\b{word}(?![a-z])(?! not\b)(?<!not )"
    return (
        rf"(?<![不无未反适相对效]){word}(?![激急用答付])" if word in ("应", "可以", "需要", "超过") else word
    )
