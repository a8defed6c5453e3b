"""What the command `eval answers` of `medcite-serve` does."""

import sys
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bar

from knowledge.embedding_process import EmbeddingProcess
from knowledge.open_reranker import open_reranker
from knowledge.open_store import open_store
from knowledge.retrieval import Reranking
from knowledge.search import SearchQuery
from knowledge.settings import KnowledgeSettings, read_settings
from rag_service.evaluation.configuration import Configuration, parse_configurations
from rag_service.evaluation.errors import AnswersBroken
from rag_service.evaluation.evaluate import Demands, Parts, Progress, evaluate, score_files
from rag_service.evaluation.kept_generations import KeptGenerator
from rag_service.evaluation.outcome import Outcome
from rag_service.evaluation.question import Question
from rag_service.generation import Generator, VllmGenerator
from rag_service.library import Library
from rag_service.screening import load_policy
from rag_service.settings import ServiceSettings


async def evaluate_answers(
    questions: Sequence[Question],
    configurations: Sequence[Configuration],
    demands: Demands,
    generations: Path | None = None,
) -> Outcome:
    """Answer questions as the settings say and measure the answers, with a progress bar where there is a terminal.

    What the model writes is kept in the folder `generations`, and found there again.

    Raises:
        KnowledgeError: A setting is wrong, or the store, the embedder or the reranker failed.
        ServiceError: There is no index, or the policy is broken.
        AnswersBroken: A file of answers is broken or was made with other settings.
    """
    policy = load_policy()
    async with _open_library(read_settings(KnowledgeSettings)) as library:
        with _progress() as progress:
            parts = Parts(library, policy, partial(_open_generator, generations), progress)
            return await evaluate(questions, configurations, parts, demands)


def score_folder(questions: Sequence[Question], folder: Path, texts: Sequence[str]) -> Outcome:
    """Measure the answers in a folder: those of the configurations named, or of every file.

    Raises:
        ConfigurationBroken: The text of a configuration is broken.
        AnswersBroken: There is no file, or one is broken.
    """
    if texts:
        files = {each.name: folder / each.file_name for each in parse_configurations(texts)}
    else:
        files = {path.stem: path for path in sorted(folder.glob("*.jsonl"))}
    if not files:
        raise AnswersBroken(f"{folder} holds no file of answers; run once without --score-only")
    return score_files(questions, files)


@asynccontextmanager
async def _open_library(knowledge: KnowledgeSettings) -> AsyncIterator[Library]:
    embedder = EmbeddingProcess(knowledge.embedding_model, knowledge.models_path)
    reranker = open_reranker(knowledge)
    time_box_s = knowledge.reranker_time_box_ms / 1000
    reranking = Reranking(reranker, knowledge.reranker_candidates, time_box_s) if reranker else None
    store = open_store(knowledge)
    library = Library(store, embedder, reranking)
    try:
        await library.open()
        # Waits for the model, so that its loading is no part of the first answers' time.
        await library.retrieve(SearchQuery("warm-up", 1))
        yield library
    finally:
        await library.close()
        await store.close()


@asynccontextmanager
async def _open_generator(generations: Path | None, settings: ServiceSettings) -> AsyncIterator[Generator]:
    generator = VllmGenerator(settings)
    try:
        yield KeptGenerator(generator, generations, settings) if generations else generator
    finally:
        await generator.close()


@contextmanager
def _progress() -> Iterator[Progress]:
    console = Console(stderr=True)
    if not console.is_terminal:
        yield _tell
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Bar(*columns, console=console, transient=True) as bar:
        task = bar.add_task("open the index", total=None)

        def show(what: str, done: int, total: int) -> None:
            bar.update(task, description=escape(what), completed=done, total=total)

        yield show


def _tell(what: str, done: int, total: int) -> None:
    """Write a line at each tenth: a run may take an hour, and its log be all there is to look at."""
    if done == total or done % max(1, total // 10) == 0:
        sys.stderr.write(f"{what}: {done} of {total}\n")
