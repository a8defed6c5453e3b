"""How generations lie on a Qdrant server: names of collections and aliases, shards and replicas.

collection <prefix>_<generation>            one generation, its manifest among its points
collection <prefix>-lock                    one point: who writes
alias      <prefix>_current                 the current generation
alias      <prefix>_complete_<generation>   a generation that was finished; others are swept
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """How the store's collections are named and spread over the cluster.

    Two stores on one cluster need two prefixes. `write_consistency` is the number of replicas that
    must confirm a write; `green_within_s` bounds the wait for the indexes of a new generation.
    """

    prefix: str = "medcite"
    shards: int = 1
    replicas: int = 1
    write_consistency: int = 1
    green_within_s: float = 3600.0

    @property
    def lock(self) -> str:
        """Collection of the writer's lock; the hyphen keeps it apart from generations."""
        return f"{self.prefix}-lock"

    @property
    def current(self) -> str:
        """Alias of the current generation."""
        return f"{self.prefix}_current"

    def collection(self, generation: str) -> str:
        """Name the collection of a generation."""
        return f"{self.prefix}_{generation}"

    def complete(self, generation: str) -> str:
        """Name the alias that marks a generation as complete."""
        return f"{self.prefix}_complete_{generation}"

    def names(self, aliases: Mapping[str, str]) -> "Names":
        """Read the aliases of a server, alias to collection."""
        mark = self.complete("")
        current = aliases.get(self.current)
        return Names(
            current=current.removeprefix(self.collection("")) if current else None,
            complete=frozenset(alias.removeprefix(mark) for alias in aliases if alias.startswith(mark)),
        )

    @property
    def replication(self) -> dict[str, Any]:
        """Arguments of `create_collection` for the replicas of a collection."""
        return {"replication_factor": self.replicas, "write_consistency_factor": self.write_consistency}


@dataclass(frozen=True, slots=True)
class Names:
    """What the aliases say: the current generation and all complete ones."""

    current: str | None
    complete: frozenset[str]
