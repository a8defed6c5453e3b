"""Errors of the service, each with the HTTP status it becomes (RFC 9457).

ServiceError
├── InvalidQuestion     422  the question is empty, too long or not Unicode
├── NotFound            404  no passage or document has this id
├── KnowledgeAway       503  no index has been published, or the embedder is not loaded (retryable)
├── EngineUnavailable   503  no connection to the language model (retryable)
├── EngineTimedOut      504  the language model went silent (retryable)
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


class EngineTimedOut(ServiceError):
    """The language model sent nothing for too long."""

    status = 504
    title = "Language model timed out"
    retryable = True


class EngineFailed(ServiceError):
    """The language model answered with an error."""

    status = 502
    title = "Language model failed"


class PolicyBroken(ServiceError):
    """A policy file is not what the schema says."""
