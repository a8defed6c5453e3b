"""What the health routes answer."""

from typing import Literal

from rag_service.protocol import Wire


class Health(Wire):
    """The process is alive."""

    status: Literal["ok"] = "ok"
    model: str


class Readiness(Wire):
    """Whether questions can be answered in full, and if not, why."""

    status: Literal["ready", "not_ready"]
    reasons: tuple[str, ...]
