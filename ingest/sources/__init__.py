"""Where documents come from: files, archives, web addresses, object stores, LlamaIndex readers."""

from ingest.sources.defaults import apply_defaults
from ingest.sources.entry import MAX_ENTRY_BYTES, Entry
from ingest.sources.listing import list_entries
from ingest.sources.source import Source, Trust

__all__ = ["MAX_ENTRY_BYTES", "Entry", "Source", "Trust", "apply_defaults", "list_entries"]
