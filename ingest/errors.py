"""Errors of the ingest package.

IngestError
├── SourceMissing          a source named on the command line cannot be listed
├── GoldenBroken           a file of golden questions has a line of another form
├── RayFailed              the Ray cluster cannot be had, or failed
└── UnreadableDocument     one entry cannot become a document; it is quarantined, the rest goes on
"""


class IngestError(Exception):
    """Base of all errors raised by this package; the message names the value and the remedy."""

    retryable = False


class SourceMissing(IngestError):
    """A source does not exist, cannot be listed or is an archive that cannot be opened."""


class GoldenBroken(IngestError):
    """A line of a `golden.jsonl` is not of the form it must have."""


class RayFailed(IngestError):
    """Ray cannot be had or reached, its workers died, or they have another release of medcite."""


class UnreadableDocument(IngestError):
    """One entry cannot become a document; the message is the reason in the quarantine list."""
