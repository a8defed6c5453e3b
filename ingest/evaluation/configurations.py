"""A configuration: one way to search, as it is written on the command line."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, get_args

from ingest.evaluation.errors import ConfigurationBroken
from knowledge.fusion import DENSE_WEIGHT

Stage = Literal["search", "evidence"]
Legs = Literal["hybrid", "dense", "sparse", "rrf"]


@dataclass(frozen=True, slots=True)
class Configuration:
    """One way to search.

    `name` is how it was written. `stage` says what is ranked: all that search found, or the evidence
    that goes before a reader. `field` is the text of a query that is asked. `legs` are both fused by
    score, one alone, or both fused by rank; `dense_weight` is the share of the dense one.
    """

    name: str
    dense_weight: float = DENSE_WEIGHT
    understand: bool = True
    rerank: bool = False
    stage: Stage = "search"
    field: str = "text"
    legs: Legs = "hybrid"

    @property
    def weight(self) -> float:
        """The dense leg's share, 1 or 0 where one leg stands alone."""
        return {"dense": 1.0, "sparse": 0.0}.get(self.legs, self.dense_weight)

    @property
    def is_servable(self) -> bool:
        """True when the service could search this way, so that its choice of evidence can be measured."""
        return self.understand and self.legs != "rrf"


def parse_configuration(text: str, field: str = "text") -> Configuration:
    """Read a configuration such as `dense_weight=0.7,understand=no`; what it leaves out is as served.

    Args:
        text: Keys and values; empty for what is served.
        field: The field of a query that is asked where the text names none.

    Raises:
        ConfigurationBroken: A key is unknown or given twice, a value out of range, or two exclude
            each other; the message names what is possible.
    """
    values: dict[str, Any] = {"field": field}
    given: set[str] = set()
    for part in filter(None, map(str.strip, text.split(","))):
        key, _, value = (each.strip() for each in part.partition("="))
        if key not in _READERS:
            raise ConfigurationBroken(
                f"unknown key {key!r} in {text!r}; known: {', '.join(sorted(_READERS))}"
            )
        if key in given:
            raise ConfigurationBroken(f"{key} stands twice in {text!r}; give it once")
        given.add(key)
        values[key] = _READERS[key](key, value)
    configuration = Configuration(text.strip() or "as served", **values)
    if "dense_weight" in given and configuration.legs != "hybrid":
        raise ConfigurationBroken(f"{text!r}: dense_weight is for legs=hybrid; leave one of them out")
    if configuration.stage == "evidence" and not configuration.is_servable:
        raise ConfigurationBroken(
            f"{text!r}: stage=evidence is what the service does; leave out understand=no and legs=rrf"
        )
    return configuration


def _share(key: str, value: str) -> float:
    try:
        share = float(value)
    except ValueError:
        share = -1.0
    if not 0 <= share <= 1:
        raise ConfigurationBroken(f"{key}={value}: want a number from 0 to 1")
    return share


def _claim(key: str, value: str) -> bool:
    return _one_of("yes", "no")(key, value) == "yes"


def _one_of(*values: str) -> Callable[[str, str], str]:
    def read(key: str, value: str) -> str:
        if value not in values:
            raise ConfigurationBroken(f"{key}={value}: want one of {', '.join(values)}")
        return value

    return read


def _word(key: str, value: str) -> str:
    if not value:
        raise ConfigurationBroken(f"{key}= has no value; name a field of queries.jsonl")
    return value


_READERS: dict[str, Callable[[str, str], Any]] = {
    "dense_weight": _share,
    "understand": _claim,
    "rerank": _claim,
    "stage": _one_of(*get_args(Stage)),
    "field": _word,
    "legs": _one_of(*get_args(Legs)),
}
