"""The shape of the house: who may import whom, what an import costs, who owns the names."""

import re
import subprocess
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from ingest.loaders.markdown import load_markdown
from knowledge.document import Document
from scripts.bootstrap import ROOT

PACKAGES = ("knowledge", "ingest", "rag_service")
HEAVY = {"torch", "transformers", "sentence_transformers", "llama_index", "vllm"}
MAX_LINES = 250
# What marks a sample text for readers, in each language.
SAMPLE_MARKS = {"zh": "未经临床医师审阅", "en": "not reviewed by a clinician"}


def sources(package: str) -> list[Path]:
    # The front end's node_modules hold Python of other people.
    return sorted(path for path in (ROOT / package).rglob("*.py") if "node_modules" not in path.parts)


def modules(package: str) -> list[str]:
    names = [".".join(path.relative_to(ROOT).with_suffix("").parts) for path in sources(package)]
    return [name.removesuffix(".__init__") for name in names]


def loaded_by(names: list[str]) -> set[str]:
    program = f"import sys, {', '.join(names)}; print(*sys.modules, sep='\\n')"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, check=True, capture_output=True, text=True
    )
    return {name.partition(".")[0] for name in done.stdout.split()}


@pytest.fixture(scope="module")
def starter() -> list[Document]:
    return [
        load_markdown(path.read_bytes(), path.stem) for path in (ROOT / "knowledge" / "starter").glob("*.md")
    ]


def han_count(text: str) -> int:
    return sum("\u3400" <= char <= "\u9fff" for char in text)


def word_count(text: str) -> int:
    return len(re.findall(r"[A-Za-z]+(?:[-'’][A-Za-z]+)*", text))


def test_ingest_and_the_service_stand_on_knowledge_and_do_not_know_each_other():
    lint = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([lint, "--no-cache"], cwd=ROOT, check=False, capture_output=True, text=True)
    assert 0 == done.returncode, done.stdout


@pytest.mark.parametrize("package", ["knowledge", "rag_service"])
def test_importing_a_package_loads_no_model_library(package: str):
    assert set() == loaded_by([package]) & HEAVY


def test_importing_every_module_of_the_service_loads_no_model_library():
    assert set() == loaded_by(modules("rag_service")) & HEAVY


def test_no_other_distribution_has_packages_of_these_names():
    owners = packages_distributions()
    # An editable install lists no packages of its own.
    assert {} == {name: owners[name] for name in PACKAGES if owners.get(name, ["medcite"]) != ["medcite"]}


@pytest.mark.parametrize("package", PACKAGES)
def test_no_module_is_longer_than_250_lines(package: str):
    lengths = {path: len(path.read_text("utf-8").splitlines()) for path in sources(package)}
    assert {} == {str(path.relative_to(ROOT)): n for path, n in lengths.items() if n > MAX_LINES}


@pytest.mark.parametrize(("language", "least"), [("zh", 16), ("en", 8)])
def test_the_sample_texts_are_many_enough(starter: list[Document], language: str, least: int):
    assert least <= sum(document.imprint.language == language for document in starter)


def test_the_sample_texts_are_long_enough(starter: list[Document]):
    short = [
        document.imprint.document_id
        for document in starter
        if not (han_count(document.text) >= 900 or word_count(document.text) >= 600)
    ]
    assert [] == short


def test_every_sample_text_has_a_table(starter: list[Document]):
    table = re.compile(r"^\|.+\|\n\|[-| :]+\|\n\|.+\|$", re.MULTILINE)
    assert [] == [d.imprint.document_id for d in starter if not table.search(d.text)]


def test_every_sample_text_has_a_date(starter: list[Document]):
    assert [] == [
        d.imprint.document_id for d in starter if not (d.imprint.published_on or d.imprint.reviewed_on)
    ]


def test_every_sample_text_says_that_it_is_one(starter: list[Document]):
    unmarked = [d.imprint for d in starter if SAMPLE_MARKS[d.imprint.language] not in d.imprint.publisher]
    assert [] == unmarked
