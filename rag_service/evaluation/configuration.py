"""A configuration: settings of the service that differ from the environment's, under a name."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import SecretStr, ValidationError

from rag_service.evaluation.errors import ConfigurationBroken
from rag_service.settings import ServiceSettings

AS_SERVED = "as served"

_NAMED = re.compile(r"\s*([^:=,]*?)\s*:(.*)", re.DOTALL)
# An answer is the same wherever the service listens and the engine is.
_BESIDE_THE_ANSWER = frozenset(
    "host port engine_url engine_api_key engine_connect_timeout_s engine_silence_timeout_s".split()
)


@dataclass(frozen=True, slots=True)
class Configuration:
    """One way to answer: its name on the command line and in files, and its settings."""

    name: str
    settings: ServiceSettings

    @property
    def file_name(self) -> str:
        """Name of its file of answers."""
        return re.sub(r"[^\w.=,-]+", "_", self.name) + ".jsonl"

    def settings_of_answers(self) -> dict[str, str]:
        """Give the settings that answers depend on, as text; secrets are left out."""
        return {
            key: str(value)
            for key, value in self.settings
            if key not in _BESIDE_THE_ANSWER and not isinstance(value, SecretStr)
        }


def parse_configurations(texts: Sequence[str]) -> list[Configuration]:
    """Read the configurations of a command line; without any, what is served.

    Raises:
        ConfigurationBroken: One is not of the form it must have, or two have one name.
    """
    configurations = [parse_configuration(text) for text in texts or ("",)]
    if len({each.file_name for each in configurations}) < len(configurations):
        raise ConfigurationBroken(
            "two --config have the same name; give each its own, as in 'NAME: KEY=VALUE'"
        )
    return configurations


def parse_configuration(text: str) -> Configuration:
    """Read a configuration such as `short: answer_tokens=300,engine_grammar=false`.

    What it leaves out is as the environment says. Without a name it is called by its text.

    Raises:
        ConfigurationBroken: A key is unknown or given twice, or a value out of range; the message
            names what is possible.
    """
    named = _NAMED.fullmatch(text)
    name, rest = (named[1], named[2]) if named else (text.strip() or AS_SERVED, text)
    if not name:
        raise ConfigurationBroken(f"{text!r} has no name before the colon; write it as 'NAME: KEY=VALUE'")
    values: dict[str, str] = {}
    for part in filter(None, map(str.strip, rest.split(","))):
        key, _, value = (each.strip() for each in part.partition("="))
        if key not in ServiceSettings.model_fields:
            known = ", ".join(sorted(ServiceSettings.model_fields))
            raise ConfigurationBroken(f"unknown key {key!r} in {text!r}; known: {known}")
        if key in values:
            raise ConfigurationBroken(f"{key} stands twice in {text!r}; give it once")
        values[key] = value
    return Configuration(name, _settings(text, values))


def _settings(text: str, values: dict[str, str]) -> ServiceSettings:
    try:
        return ServiceSettings.model_validate(values)
    except ValidationError as error:
        faults = "; ".join(f"{each['loc'][0]}: {each['msg']}" for each in error.errors())
        raise ConfigurationBroken(f"{text!r}: {faults}") from error
