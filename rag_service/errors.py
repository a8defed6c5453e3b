"""Errors of the service, each with the HTTP status it becomes (RFC 9457).

ServiceError
├── InvalidQuestion     422  the question is empty, too long or not Unicode
├── NotFound            404  no passage or document has this id
├── KnowledgeAway       503  no index has been published, or the embedder is not loaded (retryable)
├── EngineUnavailable   503  no connection to the language model, or it was lost (retryable)
├── EngineBusy          503  the language model takes no requests; an EngineUnavailable (retryable)
├── EngineTimedOut      504  the language model went silent or took too long (retryable)
├── EngineFailed        502  the language model answered with an error
└── PolicyBroken             a policy file cannot be used; the service does not start
"""

from typing import ClassVar


class ServiceError(Exception):
    """Base of all errors raised by this package; the message names the value and the remedy."""

    status: ClassVar[int] = 500
    title: ClassVar[str] = "Internal error"
    retryable: ClassVar[bool] = False


class InvalidQuestion(ServiceError):
    """The question is empty, too long or not Unicode."""

    status = 422
    title = "Invalid question"


class NotFound(ServiceError):
    """Nothing has this id in the current generation."""

    status = 404
    title = "Not found"


class KnowledgeAway(ServiceError):
    """There is no index to answer from."""

    status = 503
    title = "Knowledge not ready"
    retryable = True


class EngineUnavailable(ServiceError):
    """The language model cannot be reached."""

    status = 503
    title = "Language model not reachable"
    retryable = True


class EngineBusy(EngineUnavailable):
    """The language model takes no requests at the moment; it may have said for how long."""

    def __init__(self, message: str, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class EngineTimedOut(ServiceError):
    """The language model sent nothing for too long, or did not finish in time."""

    status = 504
    title = "Language model timed out"
    retryable = True


class EngineFailed(ServiceError):
    """The language model answered with an error; `engine_status` is its HTTP status, if it had one."""

    status = 502
    title = "Language model failed"

    def __init__(self, message: str, engine_status: int | None = None) -> None:
        super().__init__(message)
        self.engine_status = engine_status


class PolicyBroken(ServiceError):
    """A policy file is not what the schema says."""
