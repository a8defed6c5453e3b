"""Errors of an evaluation.

EvaluationError
├── QuestionsBroken       the file of questions is missing, or a line of it has another form
├── ConfigurationBroken   the text of a configuration has an unknown key or a wrong value
└── AnswersBroken         a file of answers is missing, of another form, or was made in another way

They are no `ServiceError`: no request ends with one.
"""


class EvaluationError(Exception):
    """Base of what keeps answers from being measured; the message names the value and the remedy."""


class QuestionsBroken(EvaluationError):
    """The file of questions is missing or not of the form it must have."""


class ConfigurationBroken(EvaluationError):
    """The text of a configuration has an unknown key, or a value out of range."""


class AnswersBroken(EvaluationError):
    """A file of answers is missing, of another form, or was made with other settings."""
