"""Environment variables in options: where secrets stand, and nowhere that is shown."""

import os
import re
from collections.abc import Iterator
from typing import Any

_VARIABLE = re.compile(r"\$\{(\w+)\}")


def unset_variables(value: Any) -> list[str]:
    """Name the variables in a YAML value, as in `${NAME}`, that the environment lacks."""
    return sorted({name for name in _names(value) if name not in os.environ})


def expand_variables(value: Any) -> Any:
    """Put the environment's values in place of `${NAME}`, in all texts of a YAML value.

    Raises:
        KeyError: A variable is not set.
    """
    if isinstance(value, str):
        return _VARIABLE.sub(lambda match: os.environ[match.group(1)], value)
    if isinstance(value, dict):
        return {key: expand_variables(each) for key, each in value.items()}
    return [expand_variables(each) for each in value] if isinstance(value, list) else value


def _names(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield from _VARIABLE.findall(value)
    elif isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from _names(each)
