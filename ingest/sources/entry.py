"""An entry: one candidate document of a source."""

import hashlib
import re
from dataclasses import dataclass
from functools import cached_property
from posixpath import splitext

from ingest.golden import FILE_NAME as GOLDEN_NAME

# A reference text of this size is a fault, not a book: the longest drug label known has 2 MB.
MAX_ENTRY_BYTES = 64 * 2**20

_DRIVE = re.compile(r"[A-Za-z]:")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
# Files that describe a collection, with any suffix, are no part of it.
_ABOUT = ("readme", "license")


@dataclass(frozen=True)
class Entry:
    """One candidate document: a file, a member of an archive, a record, the body of a URL.

    `source` is the name of its source, `name` the place below it (bytes that are not UTF-8
    escaped), and `raw` the bytes (None when they are missing, with the reason in `fault`).
    `media_type` and `etag` are what a server said of it, `url` is where people can read it.
    `defaults` is `Source.fingerprint`.
    """

    source: str
    name: str
    raw: bytes | None
    fault: str = ""
    is_record: bool = False
    media_type: str = ""
    etag: str = ""
    url: str = ""
    defaults: str = ""

    @property
    def path(self) -> str:
        """The place of the entry, for people."""
        return f"{self.source}/{self.name}" if self.name else self.source

    @cached_property
    def content_hash(self) -> str:
        """Sha256 of the bytes, 64 hexadecimal digits; empty when there are none.

        Where the source adds to the imprint, what it adds is hashed too: a licence that was
        corrected must reach documents whose bytes are the same.
        """
        if self.raw is None:
            return ""
        digest = hashlib.sha256(self.raw)
        digest.update(self.defaults.encode())
        return digest.hexdigest()


def clean_name(name: str) -> str:
    """Make a name from an archive or an object store safe to show and to compare.

    Roots, drives and `..` are dropped, control characters escaped. The name is an identity, it is
    never opened. Empty when nothing is left.
    """
    parts = [part for part in name.split("/") if part not in ("", ".", "..")]
    while parts and _DRIVE.fullmatch(parts[0]):
        del parts[0]
    return encodable(_CONTROL.sub(lambda match: f"\\x{ord(match.group()):02x}", "/".join(parts)))


def encodable(name: str) -> str:
    """Escape the bytes of a name that are not UTF-8, as GBK names are not: JSON cannot hold them."""
    return name.encode("utf-8", "backslashreplace").decode()


def is_left_out(name: str) -> bool:
    """Tell whether a name is hidden, or of a file that describes or checks a collection.

    Those are README and LICENSE with any suffix, and the golden questions.
    """
    last = name.rpartition("/")[2]
    is_about = last == GOLDEN_NAME or splitext(last)[0].lower() in _ABOUT
    return is_about or name.startswith(".") or "/." in name


def too_large(n_bytes: int | None) -> str:
    """Say that something is too large; `n_bytes` is None when nobody counted to its end."""
    size = f"{n_bytes}" if n_bytes is not None else f"more than {MAX_ENTRY_BYTES}"
    return f"has {size} bytes, at most {MAX_ENTRY_BYTES} are read"
