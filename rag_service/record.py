"""Record: a medical record that a user pasted, its question, and the parts that bear on it."""

import hashlib
import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

from knowledge.document import Imprint, Language
from knowledge.folding import fold_text
from knowledge.passage import Passage, passage_id
from knowledge.sentences import sentence_spans
from knowledge.synonyms import find_concepts, mentions
from knowledge.terms import terms

Span = tuple[int, int]
Gaps = tuple[re.Pattern[str] | None, ...]

RECORD_ID = "record"
_TITLES: dict[Language, str] = {"zh": "病历", "en": "Your record"}
# About as long as a passage of the index: short enough to choose among, long enough to be understood alone.
_PART_CHARS: dict[Language, int] = {"zh": 1200, "en": 1600}
# Longer, and what stands at the end (or the beginning) of a record is a part of it and no question.
_QUESTION_CHARS = 600
_MARKER_TOKENS = 8


def split_pasted(text: str, max_question_chars: int) -> tuple[str, str]:
    """Tell the record from the question in one pasted text.

    The question is what asks at the end, else at the beginning, by whole paragraphs, lines or sentences as they
    are short enough; where nothing asks it is the last of these. Words of asking count before bare question
    marks, which records hold too ("肺炎？"). A text of at most `max_question_chars` has no record.

    Returns:
        The record and the question, verbatim and without the white space around them.
    """
    if len(text) <= max_question_chars:
        return "", text
    room = max(1, min(max_question_chars, _QUESTION_CHARS))
    for asks in (_ASKS, _MARK):
        for gap in _GAPS:
            if (start := _tail(text, _units(text, gap), asks, room)) is not None:
                return text[:start].strip(), text[start:].strip()
        for gap in _GAPS:
            if end := _head(text, _units(text, gap), asks, room):
                return text[end:].strip(), text[:end].strip()
    end = len(text.rstrip())
    for gap in _GAPS:
        spans = _units(text[:end], gap)
        if spans and end - spans[-1][0] <= max_question_chars:
            return text[: spans[-1][0]].strip(), text[spans[-1][0] :].strip()
    return text[: end - room].strip(), text[end - room :].strip()


def cut_record(record: str, language: Language) -> list[Passage]:
    """Cut a record into parts at its headings, blank lines, lines and sentences.

    Returns:
        Passages of at most 1,200 characters (zh) or 1,600 (en); joined they are the record. Their headings are
        the section path, their tokens estimated: one a Han character, a quarter any other.
    """
    imprint = Imprint(document_id=RECORD_ID, title=_TITLES[language], language=language)
    revision = hashlib.sha256(record.encode("utf-8", "surrogatepass")).hexdigest()
    passages: list[Passage] = []
    for path, (section_start, section_end) in _sections(record):
        for start, end in _pack(record, (section_start, section_end), _PART_CHARS[language]):
            text = record[start:end]
            passages.append(Passage(
                passage_id=passage_id(RECORD_ID, revision, len(passages)), ordinal=len(passages), section_path=path,
                start=start, end=end, kind="prose", n_tokens=_n_tokens(text), text=text,
                context=" > ".join((imprint.title, *path)), imprint=imprint,
            ))  # fmt: skip
    return passages


def choose_parts(question: str, parts: Sequence[Passage], budget_tokens: int) -> list[Passage]:
    """Choose the parts of a record that bear on a question, whole and in the record's order.

    All of them where they fit. Else those nearest to the question take half of `budget_tokens`, then those with
    allergies or pregnancy, medicines taken, abnormal values and diagnoses, then what else is near. Nearness is shared terms
    and concepts, rarer ones weighing more, concepts in either language; where nothing is near, order counts.
    Headings are counted against the budget too, unless nothing fits with them.

    Returns:
        At least one part, if any is within the budget.
    """
    if sum(map(_cost, parts)) <= budget_tokens:
        return list(parts)
    scores = _scores(question, parts)
    ranked = sorted(range(len(parts)), key=lambda i: (-scores[i], i))
    least = _NEAR_SHARE * max(scores, default=0.0)
    near = [i for i in ranked if scores[i] >= least]
    signed = [_showing(sign, parts, scores) for sign in _SIGNS]
    # One part of each sign before the second of any, so that no sign crowds out another.
    urgent = [i for found in (*(found[:1] for found in signed), *signed) for i in found]
    chosen: set[int] = set()
    spent = 0
    for candidates, share in ((near, 0.5), (urgent, 1.0), (near, 1.0)):
        for i in candidates:
            cost = _cost(parts[i])
            # The nearest part may take more than its share: without it there is no answer.
            if i not in chosen and spent + cost <= budget_tokens * (share if chosen else 1):
                chosen.add(i)
                spent += cost
    if not chosen:
        chosen.update([i for i in ranked if parts[i].n_tokens <= budget_tokens][:1])
    return [parts[i] for i in sorted(chosen)]


# fmt: off
_ASKS = re.compile(r"[吗嘛]\s*[?？。!！]?\s*$|怎么[办样治看用吃回]|怎样|如何|为什么|是什么|什么[意原药问病]|哪[些种个里]|多久|能否|能不能|可不可以|要不要|是不是|会不会|有没有必要|请问|请教|想问|想知道|帮[我忙]|请您?(?:帮|看|分析|解读|解释|总结|判断|告诉)|^\W*(?:(?:so|and|please|hi|hello|doctor|my question is)\W+)*(?:what|how|why|when|where|which|who|can|could|should|would|will|is|are|do|does|did|may|am)\b[^.]*\?|^\W*(?:please|kindly)?\s*(?:explain|summari[sz]e|tell me|interpret|help me|advise|review)\b|\b(?:i (?:want|would like|need)|i'd like) to (?:know|understand|ask)\b|\bmy question\b", re.IGNORECASE)
_MARK = re.compile(r"(?<=[\w)）”\"'])\s?[?？]+[\"'”’)）]*\s*$")
_LINE = re.compile(r"\n+")
# From wide to narrow: paragraphs, lines, sentences.
_GAPS: Gaps = (re.compile(r"\n[^\S\n]*\n\s*"), _LINE, None)
_NAMES_ZH = ("主诉|现病史|既往史|个人史|家族史|过敏史|药物过敏史|婚育史|月经史|手术史|外伤史|用药史|目前用药|当前用药|用药|用药情况|长期用药|体格检查|查体|专科检查|专科情况|辅助检查|实验室检查|检验结果|检验报告|检查结果|检查报告|影像学检查|影像检查|化验|化验结果|诊断|初步诊断|入院诊断|出院诊断|最后诊断|诊疗经过|治疗经过|住院经过|入院情况|出院情况|出院医嘱|医嘱|处理|处理意见|治疗|治疗方案|治疗计划|病程记录|手术记录|门诊记录|病史|生命体征|基本信息|患者信息|随访|建议|病理|病理诊断|结论|印象")
_NAMES_EN = ("chief complaint|presenting complaint|reason for (?:visit|admission)|history of present(?:ing)? illness|hpi|(?:past )?(?:medical|surgical) history|pmh|psh|(?:family|social|obstetric|drug|medication) history|(?:current |home |discharge |admission )?medications?|allerg(?:y|ies)|review of systems|ros|vitals?(?: signs)?|(?:physical )?exam(?:ination)?|lab(?:s|oratory)?(?: (?:results|data))?|imaging|radiology|pathology|investigations|assessment(?: (?:and|&) plan)?|plan|impression|(?:discharge |admission |final )?diagnos[ie]s|problem list|hospital course|progress notes?|procedures?|immuni[sz]ations|follow[- ]?up|recommendations?|summary|findings")
_HEADING = re.compile(rf"(?P<hashes>#{{1,6}})\s+(?P<title>\S.*)|[【\[](?P<bracketed>[^】\]\n]{{1,30}})[】\]]|(?P<dated>(?:\d{{4}}[-./年]\d{{1,2}}[-./月]\d{{1,2}}日?)[^\n:：。]{{0,30}})[:：]?$"
    rf"|(?P<named>(?:[一二三四五六七八九十]+、|\d{{1,2}}[.、]\s?)?(?:{_NAMES_ZH}|(?i:{_NAMES_EN})))(?=\s*(?:[:：]|$))|(?P<plain>[^\s:：,，。|\d][^:：,，。|\d\n]{{0,28}})[:：]$|(?P<capitals>[A-Z][A-Z &/-]{{3,40}})$")
# A markdown heading has its own level; a dated visit stands above the headings of its parts.
_DATED_LEVEL, _NAMED_LEVEL = 7, 8
_TITLE_GROUPS = ("title", "bracketed", "dated", "named", "plain", "capitals")
_HAN = re.compile("[\u3400-\u9fff]")

# What a reader must not miss, the gravest first: allergies and pregnancy, medicines, abnormal values, diagnoses.
_SIGNS = (re.compile(r"过敏|皮试|怀孕|妊娠|孕\s?\d|哺乳|\ballerg|\banaphyla|\bpregnan|\bbreast-?feed|\blactating", re.IGNORECASE),
    re.compile(r"用药|服用|口服|医嘱|处方|\bmedications?\b|\bmeds\b|\btaking\b|\bprescri|\b(?:bid|tid|qid|qd|po|prn)\b", re.IGNORECASE),
    re.compile(r"[↑↓]|异常|偏[高低]|阳性|危急值|\babnormal|\bcritical\b|\bpositive\b|\((?:H|L|HH|LL)\)|\d\s(?:H|L|HH|LL)\b|\d\*\s*$", re.MULTILINE),
    re.compile(r"诊断|\bdiagnos[ei]|\bimpression\b|\bassessment\b|\bproblem list\b", re.IGNORECASE))
_NONE = re.compile(r"(?:否认|无|没有|未见)[^。\n]{0,8}过敏|过敏史?[:：]?\s*(?:无|否认|不详)|no known|\bnkda\b|\bdenies\b|\ballerg\w*:?\s*(?:none|no)\b", re.IGNORECASE)
_NEAR_SHARE = 0.15
# A single Han character is a weak sign next to a pair; a concept is a strong one next to a word.
_CHAR_WEIGHT = 0.2
_CONCEPT_WEIGHT = 2.0
# fmt: on


def _tail(text: str, spans: list[Span], asks: re.Pattern[str], room: int) -> int | None:
    """Find where the question at the end begins."""
    end = len(text.rstrip())
    return _edge(((end - start, text[start:stop], start) for start, stop in reversed(spans)), asks, room)


def _head(text: str, spans: list[Span], asks: re.Pattern[str], room: int) -> int | None:
    """Find where the question at the beginning ends."""
    begin = len(text) - len(text.lstrip())
    units = ((len(text[begin:stop].rstrip()), text[start:stop], stop) for start, stop in spans)
    return _edge(units, asks, room)


def _edge(units: Iterable[tuple[int, str, int]], asks: re.Pattern[str], room: int) -> int | None:
    """Go inwards through (characters so far, words, offset) to the end of the first run that asks."""
    found = None
    for n_chars, words, offset in units:
        if n_chars > room:
            break
        if any(asks.search(words[start:end].strip()) for start, end in sentence_spans(words)):
            found = offset
        elif found is not None:
            break
    return found


def _units(text: str, gap: re.Pattern[str] | None) -> list[Span]:
    """Cut after each gap, without one into sentences; the spans tile the text."""
    if gap is None:
        return sentence_spans(text)
    edges = [0, *(match.end() for match in gap.finditer(text)), len(text)]
    return [(start, end) for start, end in pairwise(edges) if start < end]


def _sections(record: str) -> Iterator[tuple[tuple[str, ...], Span]]:
    """Yield the headings above each stretch of a record, and the stretch; these tile it."""
    path: list[tuple[int, str]] = []
    start, has_body = 0, False
    for line_start, line_end in _units(record, _LINE):
        line = record[line_start:line_end].strip()
        heading = _HEADING.match(line)
        if heading is None:
            has_body = has_body or bool(line)
            continue
        level = len(heading["hashes"] or "") or (_DATED_LEVEL if heading["dated"] else _NAMED_LEVEL)
        title = next(str(heading[name]) for name in _TITLE_GROUPS if heading[name]).strip(" :：#")
        # A heading right under a wider one goes on with it: alone it would tell nothing.
        if line_start > start and (has_body or (path and level <= path[-1][0])):
            yield tuple(title for _, title in path), (start, line_start)
            start = line_start
        has_body = bool(heading["bracketed"] or line[heading.end() :].strip(" :："))
        path = [*((wider, name) for wider, name in path if wider < level), (level, title)]
    if start < len(record):
        yield tuple(title for _, title in path), (start, len(record))


def _pack(record: str, span: Span, limit_chars: int) -> list[Span]:
    packed: list[Span] = []
    for start, end in _atoms(record, span, limit_chars, _GAPS):
        if packed and end - packed[-1][0] <= limit_chars:
            packed[-1] = (packed[-1][0], end)
        else:
            packed.append((start, end))
    return packed


def _atoms(record: str, span: Span, limit_chars: int, gaps: Gaps) -> Iterator[Span]:
    """Cut a stretch that is too long, first at blank lines, at last anywhere."""
    start, end = span
    if end - start <= limit_chars:
        yield span
    elif not gaps:
        yield from ((at, min(at + limit_chars, end)) for at in range(start, end, limit_chars))
    else:
        for first, last in _units(record[start:end], gaps[0]):
            yield from _atoms(record, (start + first, start + last), limit_chars, gaps[1:])


def _n_tokens(text: str) -> int:
    n_han = len(_HAN.findall(text))
    return n_han + math.ceil((len(text) - n_han) / 4)


def _showing(sign: re.Pattern[str], parts: Sequence[Passage], scores: list[float]) -> list[int]:
    """Find the parts with a sign: those that deny it last, then the nearest first, then the latest."""
    found = [i for i, part in enumerate(parts) if sign.search(part.text)]
    return sorted(found, key=lambda i: (bool(_NONE.search(parts[i].text)), -scores[i], -i))


def _cost(part: Passage) -> int:
    return part.n_tokens + _n_tokens(part.context) + _MARKER_TOKENS


def _scores(question: str, parts: Sequence[Passage]) -> list[float]:
    """Score each part by the terms and concepts it shares with the question."""
    asked = set(terms(question))
    shared = [asked.intersection(terms(f"{part.context}\n{part.text}")) for part in parts]
    n_with = Counter(term for found in shared for term in found)
    weights = {term: _rarity(n, len(parts)) for term, n in n_with.items()}
    weights.update({term: weight * _CHAR_WEIGHT for term, weight in weights.items() if _HAN.fullmatch(term)})
    scores = [sum(weights[term] for term in found) for found in shared]
    folded = [fold_text(part.text) for part in parts]
    for concept in find_concepts(question):
        holding = [i for i, text in enumerate(folded) if mentions(text, concept)]
        for i in holding:
            scores[i] += _CONCEPT_WEIGHT * _rarity(len(holding), len(parts))
    return scores


def _rarity(n_with: int, n_parts: int) -> float:
    return math.log(1 + n_parts / n_with)
