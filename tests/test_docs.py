"""What the pages say is what the code has."""

import os
import re
from pathlib import Path
from typing import get_args

import pytest
import typer
from fastapi import FastAPI
from pydantic import TypeAdapter
from typer.testing import CliRunner

from ingest.cli import app as ingest_app
from ingest.errors import UnreadableDocument
from ingest.loaders import load_document
from ingest.sources import Entry
from knowledge.edge_store import EdgeStore
from knowledge.embedding_fake import HashingEmbedder
from knowledge.settings import NAMES, PREFIX
from rag_service import events, protocol
from rag_service.app import Parts, create_app
from rag_service.cli import app as serve_app
from rag_service.errors import PolicyBroken, ServiceError
from rag_service.generation_fake import ScriptedGenerator
from rag_service.library import Library
from rag_service.screening import load_policy
from rag_service.settings import ServiceSettings
from scripts import settings_docs
from scripts.bootstrap import ROOT

VARIABLES = {f"{PREFIX}{name.upper()}" for name in NAMES}
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
COMMANDS = {"medcite-ingest": ingest_app, "medcite-serve": serve_app}
EVENTS = [kind.model_fields["type"].default for kind in get_args(get_args(events.Event)[0])]


def page(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


def example_values() -> dict[str, str]:
    return dict(re.findall(rf"^#({PREFIX}\w+)=(.*)$", page(".env.example"), re.MULTILINE))


@pytest.fixture
def bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.upper().startswith((PREFIX, "XDG_"))]:
        monkeypatch.delenv(name)


@pytest.fixture
def service(tmp_path: Path, bare_environment: None) -> FastAPI:
    library = Library(EdgeStore(tmp_path), HashingEmbedder())
    return create_app(Parts(ServiceSettings(), library, ScriptedGenerator(), load_policy()))


def operations(service: FastAPI) -> set[str]:
    paths = service.openapi()["paths"]
    return {f"{method.upper()} {path}" for path, methods in paths.items() for method in methods}


def test_the_configuration_page_has_every_setting_and_no_other():
    assert VARIABLES == set(
        re.findall(rf"^\| `({PREFIX}\w+)` \|", page("docs/configuration.md"), re.MULTILINE)
    )


def test_the_example_environment_has_every_setting_and_no_other():
    assert VARIABLES == example_values().keys()


def test_the_example_environment_sets_nothing():
    assert [] == [line for line in page(".env.example").splitlines() if line and not line.startswith("#")]


@pytest.mark.parametrize("group", settings_docs.GROUPS, ids=lambda group: group.title)
def test_the_example_environment_has_the_defaults(
    group: settings_docs.Group, bare_environment: None, monkeypatch: pytest.MonkeyPatch
):
    default = group.kind()
    values = example_values()
    for variable, _ in settings_docs.variables(group):
        if values[variable]:
            monkeypatch.setenv(variable, re.sub(r"^~(?=/)", str(Path.home()), values[variable]))
    assert default == group.kind()


def test_the_pages_written_from_the_settings_are_up_to_date(bare_environment: None):
    assert [] == settings_docs.stale_pages(ROOT)


def test_a_page_that_was_edited_by_hand_is_out_of_date(bare_environment: None, tmp_path: Path):
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "configuration.md").write_text(page("docs/configuration.md") + "\n")
    (tmp_path / ".env.example").write_text(page(".env.example"))
    assert [tmp_path / "docs" / "configuration.md"] == settings_docs.stale_pages(tmp_path)


def test_the_check_of_pages_that_are_up_to_date_ends_with_0(bare_environment: None):
    assert 0 == CliRunner().invoke(settings_docs.app, ["--check"]).exit_code


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_page_names_only_settings_that_exist(path: Path):
    assert set() == set(re.findall(rf"{PREFIX}[A-Z]\w*", path.read_text("utf-8"))) - VARIABLES


def test_the_api_page_has_every_route_and_no_other(service: FastAPI):
    listed = re.findall(r"^\| `((?:GET|POST|PUT|PATCH|DELETE) [^`]+)` \|", page("docs/api.md"), re.MULTILINE)
    assert operations(service) == set(listed)


def test_the_api_page_shows_every_event():
    assert set(EVENTS) == set(re.findall(r"^event: (\S+)$", page("docs/api.md"), re.MULTILINE))


def test_the_events_on_the_api_page_keep_the_contract():
    shown = re.findall(r"^event: (\S+)\ndata: (.+)$", page("docs/api.md"), re.MULTILINE)
    event = TypeAdapter(events.Event)
    assert [name for name, _ in shown] == [event.validate_json(data).type for _, data in shown]


@pytest.mark.parametrize("kind", protocol.Wire.__subclasses__(), ids=lambda kind: kind.__name__)
def test_the_api_page_names_every_field(kind: type[protocol.Wire]):
    text = page("docs/api.md")
    assert [] == [name for name in kind.model_fields if f"`{name}`" not in text and f'"{name}":' not in text]


def test_the_api_page_has_every_problem():
    expected = {
        (kind.status, kind.title) for kind in ServiceError.__subclasses__() if kind is not PolicyBroken
    }
    listed = re.findall(r"^\| (\d{3}) \| ([^|]+) \|", page("docs/api.md"), re.MULTILINE)
    assert set() == expected - {(int(status), title) for status, title in listed}


@pytest.mark.parametrize("program", COMMANDS)
def test_every_command_and_option_stands_on_a_page(program: str):
    text = "\n".join(path.read_text("utf-8") for path in PAGES)
    wanted: list[str] = []
    for name, command in commands(program).items():
        wanted += [f"{program} {name}"]
        wanted += [option for parameter in command.params for option in parameter.opts if option[:2] == "--"]
    assert [] == [words for words in wanted if words not in text]


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_page_names_only_commands_that_exist(path: Path):
    named = re.findall(r"(medcite-ingest|medcite-serve) ([a-z]+)", path.read_text("utf-8"))
    assert [] == [f"{program} {name}" for program, name in named if name not in commands(program)]


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_page_names_only_make_targets_that_exist(path: Path):
    targets = set(re.findall(r"^([a-z]+):", page("Makefile"), re.MULTILINE))
    named = re.findall(r"(?:^|`)make ([a-z]+)", path.read_text("utf-8"), re.MULTILINE)
    assert set() == set(named) - targets


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_the_relative_links_of_a_page_lead_somewhere(path: Path):
    links = re.findall(r"\]\((?!https?:|mailto:)([^)#\s]+)", path.read_text("utf-8"))
    assert [] == [link for link in links if not (path.parent / link).exists()]


def test_the_ingest_page_has_every_format_that_is_read():
    with pytest.raises(UnreadableDocument, match="known: ") as refusal:
        load_document(Entry("/srv/texts", "scan.tiff", b"II*"))
    known = str(refusal.value).rpartition("known: ")[2].split(", ")
    assert [] == [
        suffix for suffix in known if f"| `{suffix}`" not in page("docs/ingest.md").replace("`, `", "` | `")
    ]


def test_the_safety_page_has_every_emergency_rule_with_its_source():
    rows = [line for line in page("docs/safety.md").splitlines() if line.startswith("| `")]
    listed = {(cells[1].strip("` "), cells[-2].strip()) for cells in (row.split("|") for row in rows)}
    assert {(rule.rule_id, rule.source) for rule in load_policy().rules} == listed


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_safety_page_quotes_the_emergency_notice(language: str):
    assert f"> {load_policy().notices[language]}" in page("docs/safety.md")


def test_the_changelog_has_a_place_for_what_is_not_released():
    assert "\n## [Unreleased]\n" in page("CHANGELOG.md")


def commands(program: str) -> dict:
    group = typer.main.get_command(COMMANDS[program])
    return dict(group.commands)
