"""Sections of a structured answer, and which of them a statement belongs to."""

import re
from typing import get_args

from rag_service.protocol import Section
from rag_service.statements import Statement

SECTIONS: tuple[Section, ...] = get_args(Section)

_LABEL = re.compile(rf"\s*(?:[-*]\s*)?({'|'.join(SECTIONS)})\s*[:：]\s*")
# By the headings above a statement, the nearest first; most reference texts have sections of these names.
_HEADINGS: tuple[tuple[Section, re.Pattern[str]], ...] = (
    (
        "when_to_seek_care",
        re.compile(
            r"就医|就诊|急诊|求助|何时|seek|see (?:a|your) doctor|when to (?:call|get)|get help",
            re.IGNORECASE,
        ),
    ),
    (
        "red_flags",
        re.compile(
            r"危险|警示|红旗|警惕|急症|并发症|不良反应|red flag|warning|danger|emergenc|complication",
            re.IGNORECASE,
        ),
    ),
    (
        "suggested_tests",
        re.compile(r"检查|检验|诊断|监测|筛查|复查|test|diagnos|monitor|screen|exam", re.IGNORECASE),
    ),
    (
        "medication_information",
        re.compile(
            r"药|剂量|用法|禁忌|相互作用|疫苗|dos(?:e|age)|drug|medic|contraindic|interact|vaccin",
            re.IGNORECASE,
        ),
    ),
    (
        "self_care",
        re.compile(
            r"自我|家庭|居家|生活|饮食|运动|护理|预防|self|home|lifestyle|diet|exercise|prevent",
            re.IGNORECASE,
        ),
    ),
    (
        "possible_causes",
        re.compile(
            r"病因|原因|诱因|分型|分类|概述|表现|症状|cause|type|overview|symptom|sign", re.IGNORECASE
        ),
    ),
)


def split_label(sentence: str) -> tuple[Section | None, str]:
    """Take the name of its section off a sentence; None where it has none."""
    match = _LABEL.match(sentence)
    if match is None:
        return None, sentence
    section = next(each for each in SECTIONS if each == match[1])
    return section, sentence[match.end() :]


def find_section(statement: Statement) -> Section | None:
    """Tell the section of a statement by the headings it stands under; None where they name none."""
    for heading in reversed(statement.passage.section_path):
        for section, pattern in _HEADINGS:
            if pattern.search(heading):
                return section
    return None
