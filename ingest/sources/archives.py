"""Archives: their members as files, never unpacked to disk."""

from collections.abc import Iterator

from ingest.sources.entry import Entry
from ingest.sources.file import File
from ingest.sources.tar import tar_members
from ingest.sources.zip import zip_members

_TAR_SUFFIXES = tuple(".tar .tar.gz .tgz .tar.bz2 .tbz2 .tbz .tar.xz .txz .tar.zst .tzst".split())


def is_archive(filename: str) -> bool:
    """Tell an archive by its suffix; DOCX and EPUB are zip files too, but one document each."""
    return filename.lower().endswith((*_TAR_SUFFIXES, ".zip"))


def archive_members(file: File) -> Iterator[File | Entry]:
    """Open the members of an archive one after another, links, hidden files and READMEs left out.

    A member's stream can be read until the next one is asked for. Those of a zip come sorted by
    name, those of a tar as they lie, because it can only be read forwards.

    Yields:
        Files, and entries with the fault of members that cannot be opened.

    Raises:
        SourceMissing: The archive is broken, or made to fill the machine; the members before that
            have been yielded.
    """
    return zip_members(file) if file.filename.lower().endswith(".zip") else tar_members(file)
