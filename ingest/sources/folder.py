"""Sources on disk: a file, a folder, a glob."""

import os
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from wcmatch import glob

from ingest.errors import SourceMissing
from ingest.sources.archives import is_archive
from ingest.sources.contents import read_contents
from ingest.sources.entry import Entry, encodable, is_left_out
from ingest.sources.file import File, read_each
from ingest.sources.source import Source


def list_path(source: Source) -> Iterator[Entry]:
    """Read a file, or the files of a folder or glob sorted by name.

    Hidden files and files that describe a collection (README, LICENSE) are left out; links are
    followed only for the source itself, so that a link cannot bring in a file from elsewhere.

    Raises:
        SourceMissing: There is nothing of this name, or a part of it cannot be listed or vanished
            while it was read; the rest has been yielded by then.
    """
    path = Path(source.location)
    try:
        if path.is_dir():
            yield from _list_folder(source, path, "**")
        elif path.is_file():
            yield from _read_file(source, "", path)
        elif glob.is_magic(source.location):
            folder, pattern = _split_glob(path)
            yield from _list_folder(source, folder, pattern)
        else:
            fault = "is a link that leads nowhere" if path.is_symlink() else "does not exist"
            raise SourceMissing(
                f"{path} {fault}; name a file, a folder or a tar or zip archive, or a glob in quotes"
            )
    except OSError as error:
        raise SourceMissing(f"{path} cannot be read: {error.strerror or error}") from error
    except ValueError as error:
        raise SourceMissing(f"{str(path)!r} is no path: {error}") from error


def _split_glob(path: Path) -> tuple[Path, str]:
    """Cut a glob at its first part that is not a plain name."""
    n_plain = next(i for i, part in enumerate(path.parts) if glob.is_magic(part))
    return Path(*path.parts[:n_plain]), "/".join(path.parts[n_plain:])


def _list_folder(source: Source, folder: Path, pattern: str) -> Iterator[Entry]:
    paths, faults = _walk(folder)
    named = {path.relative_to(folder).as_posix(): path for path in sorted(paths)}
    chosen = {
        name: path
        for name, path in named.items()
        if not is_left_out(name) and (pattern == "**" or glob.globmatch(name, pattern, flags=glob.GLOBSTAR))
    }
    if pattern != "**" and not chosen and not faults:
        raise SourceMissing(f"{folder}/{pattern} matches no file; correct the pattern or remove the source")
    yield from read_each(
        source, (partial(_read_below, source, encodable(name), path) for name, path in chosen.items())
    )
    if faults:
        raise SourceMissing(f"{folder}: {len(faults)} folders cannot be listed: {faults[0].strerror}")


def _walk(folder: Path) -> tuple[list[Path], list[OSError]]:
    """List the files below a folder, hidden folders left out, and what could not be listed."""
    paths: list[Path] = []
    faults: list[OSError] = []
    for parent, folders, names in os.walk(folder, onerror=faults.append):
        folders[:] = [name for name in folders if not name.startswith(".")]
        paths += [Path(parent, name) for name in names]
    return paths, faults


def _read_below(source: Source, name: str, path: Path) -> Iterator[Entry]:
    if path.is_symlink():
        return
    wanted = not source.excludes(name) if is_archive(name) else source.admits(name)
    if wanted and (path.is_file() or not path.exists()):
        yield from _read_file(source, name, path)


def _read_file(source: Source, name: str, path: Path) -> Iterator[Entry]:
    try:
        stream = path.open("rb")
    except FileNotFoundError as error:
        # Removed, or its disk is gone: who listed it a moment ago cannot tell.
        raise SourceMissing(f"{path} vanished while its source was read; run again") from error
    except OSError as error:
        yield Entry(source.name, name, None, f"cannot be read: {error.strerror or error}")
        return
    with stream:
        n_bytes = os.fstat(stream.fileno()).st_size
        yield from read_contents(File(source, name, encodable(path.name), stream, n_bytes))
