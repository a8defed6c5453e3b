"""What can go wrong while a model is built."""

from __future__ import annotations


class ModelError(Exception):
    """A model could not be had.

    Attributes:
        remedy: what the operator can do about it; `None` means "use a hub model instead".
    """

    def __init__(self, problem: str, remedy: str | None = None) -> None:
        super().__init__(problem)
        self.remedy = remedy
