"""How a command wants a run to be done."""

from dataclasses import dataclass
from typing import Literal

RunnerName = Literal["local", "ray"]


@dataclass(frozen=True, slots=True)
class Manner:
    """How a command wants a run to be done: see `Run` for `force` and `retry`."""

    force: bool = False
    retry: bool = False
    runner: RunnerName = "local"
