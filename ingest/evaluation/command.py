"""What the command `eval retrieval` of `medcite-ingest` does."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bar

from ingest.evaluation.configurations import Configuration, parse_configuration
from ingest.evaluation.errors import ConfigurationBroken
from ingest.evaluation.evaluate import Demands, evaluate
from ingest.evaluation.outcome import Outcome
from ingest.evaluation.parts import Parts
from ingest.evaluation.remembered import RememberedQuestions
from ingest.run import Progress
from ingest.settings import IngestSettings
from knowledge.embedding import SentenceTransformerEmbedder
from knowledge.microbatch import QueryEmbedder
from knowledge.open_reranker import open_reranker
from knowledge.retrieval import Reranking
from knowledge.settings import KnowledgeSettings, read_settings

# Nobody waits for an answer here: what is measured is the order, not the time.
_TIME_BOX_S = 600.0


def parse_configurations(texts: Sequence[str], field: str) -> list[Configuration]:
    """Read the configurations of a command line; without any, what is served.

    Raises:
        ConfigurationBroken: One is not of the form it must have, or stands there twice.
    """
    configurations = [parse_configuration(text, field) for text in texts or ("",)]
    if len({each.name for each in configurations}) < len(configurations):
        raise ConfigurationBroken("two --config are the same; give each once")
    return configurations


async def evaluate_all(
    folders: Sequence[Path], configurations: Sequence[Configuration], demands: Demands
) -> list[Outcome]:
    """Evaluate folders as the settings say, with a progress bar where there is a terminal.

    Raises:
        KnowledgeError: A setting is wrong, or the store, the embedder or the reranker failed.
        IngestError: Labels are broken, or a corpus could not be indexed.
    """
    settings, recipe = read_settings(KnowledgeSettings), read_settings(IngestSettings)
    embedder = SentenceTransformerEmbedder(settings.embedding_model, settings.models_path)
    questions = QueryEmbedder(RememberedQuestions(embedder))
    reranking = _reranking(settings) if any(each.rerank for each in configurations) else None
    try:
        with _progress() as progress:
            cache = settings.cache / "eval"
            parts = Parts(embedder, questions, cache, recipe.passage_tokens, progress, reranking)
            return [await evaluate(folder, configurations, parts, demands) for folder in folders]
    finally:
        questions.close()
        if reranking is not None:
            await reranking.reranker.close()


def _reranking(settings: KnowledgeSettings) -> Reranking | None:
    reranker = open_reranker(settings)
    return Reranking(reranker, settings.reranker_candidates, _TIME_BOX_S) if reranker else None


@contextmanager
def _progress() -> Iterator[Progress]:
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Bar(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("list", total=None)

        def show(stage: str, done: int, total: int) -> None:
            bar.update(task, description=escape(stage), completed=done, total=total or None)

        yield show
