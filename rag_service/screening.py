"""Screening: rules that look at a question before anything else does."""

import re
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from knowledge.document import Language
from rag_service.errors import PolicyBroken

POLICY_PATH = Path(__file__).parent / "policy" / "emergency.yaml"


@dataclass(frozen=True, slots=True)
class Rule:
    """An emergency: fires when each group has a match and no exemption has one.

    `source` names the guideline and its date.
    """

    rule_id: str
    source: str
    groups: tuple[re.Pattern[str], ...]
    exemption: re.Pattern[str] | None

    def matches(self, folded: str) -> bool:
        """Tell whether the rule fires on a folded question."""
        if self.exemption is not None and self.exemption.search(folded):
            return False
        return all(group.search(folded) for group in self.groups)


@dataclass(frozen=True, slots=True)
class Policy:
    """The rules in force, their version and the notice of each language."""

    version: str
    rules: tuple[Rule, ...]
    notices: dict[Language, str]


def load_policy(path: Path = POLICY_PATH) -> Policy:
    """Read and compile a policy file.

    Raises:
        PolicyBroken: The file cannot be read, is not YAML, lacks a field or has a bad pattern.
    """
    try:
        facts = yaml.safe_load(path.read_text(encoding="utf-8"))
        return Policy(
            version=str(facts["version"]),
            rules=tuple(_rule(rule) for rule in facts["rules"]),
            notices={"zh": facts["notices"]["zh"], "en": facts["notices"]["en"]},
        )
    except (
        OSError,
        UnicodeDecodeError,
        yaml.YAMLError,
        KeyError,
        TypeError,
        AttributeError,
        re.error,
    ) as error:
        raise PolicyBroken(f"policy {path} cannot be used: {type(error).__name__}: {error}") from error


def screen_question(question: str, language: Language, policy: Policy) -> str | None:
    """Look for an emergency.

    Returns:
        The notice to show before everything else, None when no rule fires.
    """
    # Phones type a curly apostrophe, which NFKC leaves alone: "can’t breathe".
    folded = unicodedata.normalize("NFKC", question).lower().replace("’", "'")
    fires = any(rule.matches(folded) for rule in policy.rules)
    return policy.notices[language] if fires else None


def _rule(facts: dict[str, Any]) -> Rule:
    unless = facts.get("unless")
    return Rule(
        rule_id=facts["id"],
        source=facts["source"],
        groups=tuple(re.compile("|".join(group)) for group in facts["all"]),
        exemption=re.compile("|".join(unless)) if unless else None,
    )
