"""Scope: which questions the reference texts cannot answer, and what to ask back."""

import re

from knowledge.document import Language
from knowledge.retrieval import Retrieved
from knowledge.understanding import Understood
from rag_service import wording
from rag_service.asked import Asked
from rag_service.protocol import Refusal, RefusalReason

# A question that speaks of something named nowhere: "这个药能吃吗", "how much should I take?".
_LEANS = re.compile(
    r"(?:这|那)(?:个|种|款|些|盒)?(?:药|东西|病|检查|针|片|胶囊)|^(?:它|这个|那个)|(?:吃|服|用|打|喝)多少(?:合适|好)?[?？]?$"
    r"|\b(?:this|that|these|those)\s+(?:drug|medicine|medication|pill|tablet|test|disease|condition|one)s?\b"
    r"|^(?:can|should|may)\s+i\s+(?:take|use|stop)\s+(?:it|this|that|them)\b"
    r"|^how\s+(?:much|many|often)\s+(?:of\s+it\s+)?(?:should|can|do|may)\s+i\s+(?:take|use)\b[\s?]*$",
    re.IGNORECASE,
)
_MEDICINE = re.compile(r"药|吃|服|片|胶囊|打针|drug|medic|pill|tablet|take|dose", re.IGNORECASE)

# What a question may be about; a finding or a side effect may be of anything.
_TOPICS = ("drugs", "diseases", "tests")
_ASK_WHICH: dict[Language, tuple[str, str]] = {
    "zh": ("请问说的是哪一种药、疾病或检查？", "是给谁用（年龄、是否怀孕、有无过敏、正在用什么药）？"),
    "en": (
        "Which medicine, condition or test do you mean?",
        "Who is it for (age, pregnancy, allergies, medicines taken now)?",
    ),
}


def why_refused(asked: Asked, retrieved: Retrieved, least_sufficiency: float) -> Refusal | None:
    """Say why a question cannot be answered from what was found; None when it can.

    One that names nothing and has no conversation before it is asked back. Where nothing found is
    enough, a question that names nothing medical is out of scope.
    """
    language = asked.language
    understood = retrieved.understood
    names_no_topic = not any(concept.kind in _TOPICS for concept in understood.concepts)
    if names_no_topic and not asked.record and _LEANS.search(asked.standalone):
        wanted = _ASK_WHICH[language] if _MEDICINE.search(asked.standalone) else _ASK_WHICH[language][:1]
        text = " ".join([wording.REFUSAL["needs_context"][language], *wanted])
        return Refusal(reason="needs_context", text=text, questions=wanted)
    if retrieved.sufficiency >= least_sufficiency:
        return None
    reason: RefusalReason = "out_of_scope" if _names_nothing(understood) else "not_enough_evidence"
    return Refusal(reason=reason, text=wording.REFUSAL[reason][language])


def _names_nothing(understood: Understood) -> bool:
    return not understood.concepts
