"""The commands that make another generation current: `publish` and `rollback`."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import pytest
from click.testing import Result
from typer.testing import CliRunner

from ingest.cli import app
from ingest.gate import GateLimits
from ingest.golden import GoldenQuestion
from knowledge.generation import dump_manifest, load_manifest
from tests.ingest.factories import PRESSURE, SUGAR, point_commands_to, publish, write_texts

UNANSWERED = GoldenQuestion("血压？", frozenset({"unknown"}), "zh")


class Built(NamedTuple):
    """A store with three published generations, the last of them current, and a rejected one."""

    root: Path
    first: str
    second: str
    third: str
    rejected: str

    @property
    def current(self) -> str:
        return (self.root / "knowledge" / "current").read_text()

    def manifest(self, generation: str) -> Path:
        return self.root / "knowledge" / "generations" / generation / "manifest.json"

    def unlook(self, generation: str) -> None:
        """Take out what the gate found, as if the run had been killed before it looked."""
        path = self.manifest(generation)
        path.write_bytes(dump_manifest(replace(load_manifest(path.read_bytes()), gate=())))


def build(root: Path, limit: int, *questions: GoldenQuestion) -> str:
    """Ingest a text that names this limit; give the generation."""
    texts = write_texts(root / "texts", pressure=PRESSURE.replace("140", str(limit)), sugar=SUGAR)
    return str(publish(root, texts, golden=questions, limits=GateLimits(1, 1)).generation)


@pytest.fixture(scope="module")
def store(shared_path: Path) -> Built:
    published = [build(shared_path, limit) for limit in (140, 135, 130)]
    return Built(shared_path, *published, build(shared_path, 999, UNANSWERED))


@pytest.fixture
def built(store: Built, monkeypatch: pytest.MonkeyPatch) -> Iterator[Built]:
    """Give the store of this module, and put back afterwards what a test changed."""
    point_commands_to(store.root, monkeypatch)
    monkeypatch.setenv("MEDCITE_KEEP_GENERATIONS", "9")
    kept = {path: path.read_bytes() for path in map(store.manifest, store[1:])}
    yield store
    for path, raw in kept.items():
        path.write_bytes(raw)
    (store.root / "knowledge" / "current").write_text(store.third)


def invoke(*arguments: str) -> Result:
    return CliRunner().invoke(app, arguments)


def test_the_roll_back_goes_to_the_generation_that_was_replaced(built: Built):
    result = invoke("rollback")
    assert (0, built.second) == (result.exit_code, built.current)


def test_two_roll_backs_go_two_generations_back(built: Built):
    invoke("rollback")
    invoke("rollback")
    assert built.first == built.current


def test_a_roll_back_goes_to_the_generation_named_and_says_so(built: Built):
    result = invoke("rollback", built.first)
    said = f"Generation {built.first} is current; {built.third} was.\n"
    assert (said, built.first) == (result.stdout, built.current)


def test_there_may_be_nothing_to_go_back_to(built: Built):
    invoke("rollback", built.first)
    result = invoke("rollback")
    assert (2, True, built.first) == (
        result.exit_code,
        "there is no generation to go back to" in result.stderr,
        built.current,
    )


def test_a_published_generation_is_current(built: Built):
    result = invoke("publish", built.first)
    assert (f"Generation {built.first} is current.\n", built.first) == (result.stdout, built.current)


@pytest.mark.parametrize("command", ["rollback", "publish"])
def test_a_generation_that_does_not_exist_is_refused(built: Built, command: str):
    result = invoke(command, "nothing")
    assert (2, True, built.third) == (
        result.exit_code,
        "holds no generation 'nothing'" in result.stderr,
        built.current,
    )


@pytest.mark.parametrize("command", ["rollback", "publish"])
def test_a_generation_that_failed_the_gate_is_refused(built: Built, command: str):
    result = invoke(command, built.rejected)
    reason = f"{built.rejected} failed the gate (golden questions found, zh); `publish --force`"
    assert (2, True, built.third) == (result.exit_code, reason in result.stderr, built.current)


def test_force_publishes_a_generation_that_failed_the_gate_and_is_recorded(built: Built):
    result = invoke("publish", built.rejected, "--force")
    manifest = load_manifest(built.manifest(built.rejected).read_bytes())
    assert (0, built.rejected, True) == (result.exit_code, built.current, manifest.forced)


@pytest.mark.parametrize("command", ["rollback", "publish"])
def test_a_generation_that_the_gate_has_not_seen_is_refused(built: Built, command: str):
    built.unlook(built.first)
    result = invoke(command, built.first)
    assert (2, True, built.third) == (
        result.exit_code,
        f"{built.first} has not been before the gate" in result.stderr,
        built.current,
    )


def test_the_roll_back_passes_over_a_generation_that_the_gate_has_not_seen(built: Built):
    built.unlook(built.second)
    invoke("rollback")
    assert built.first == built.current


def test_a_corrupt_current_generation_can_be_rolled_back_from(built: Built):
    built.manifest(built.third).write_bytes(b"{")
    result = invoke("rollback")
    assert (0, max(built.first, built.second)) == (result.exit_code, built.current)


def test_with_a_corrupt_current_generation_the_others_are_listed(built: Built):
    built.manifest(built.third).write_bytes(b"{")
    result = invoke("generations")
    assert (0, True, True) == (
        result.exit_code,
        "The current generation is broken" in result.stderr,
        built.second in result.stdout,
    )


@pytest.mark.parametrize("command", ["rollback", "publish"])
def test_a_generation_that_cannot_be_read_is_not_made_current(built: Built, command: str):
    built.manifest(built.first).write_bytes(b"{")
    result = invoke(command, built.first)
    assert (2, built.third) == (result.exit_code, built.current)


def test_a_disk_that_cannot_be_written_is_told_without_a_traceback(built: Built):
    in_the_way = built.root / "knowledge" / "current.new"
    in_the_way.mkdir()
    result = invoke("rollback")
    in_the_way.rmdir()
    assert (2, True, True, built.third) == (
        result.exit_code,
        isinstance(result.exception, SystemExit),
        "cannot be written: " in result.stderr,
        built.current,
    )


def test_the_roll_back_passes_over_a_generation_that_was_rolled_back_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    point_commands_to(tmp_path, monkeypatch)
    first = build(tmp_path, 140)
    build(tmp_path, 999)
    invoke("rollback")
    build(tmp_path, 130)
    invoke("rollback")
    assert first == (tmp_path / "knowledge" / "current").read_text()
