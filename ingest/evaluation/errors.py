"""Errors of an evaluation.

IngestError
├── LabelsBroken          a folder of labelled questions lacks a file, or a line of one has another form
├── ConfigurationBroken   the text of a configuration has an unknown key or a wrong value
└── EvaluationFailed      something it needs is missing or failed: an extra, the corpus, the reranker
"""

from ingest.errors import IngestError


class LabelsBroken(IngestError):
    """A file of labelled questions is missing or not of the form it must have."""


class ConfigurationBroken(IngestError):
    """The text of a configuration has an unknown key, or a value out of range."""


class EvaluationFailed(IngestError):
    """What an evaluation needs is missing or failed."""
