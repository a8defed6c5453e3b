"""Answers side by side: medcite's and those of LlamaIndex's `CitationQueryEngine`, measured alike.

    python -m benchmarks.peers answers QUESTIONS.jsonl CORPUS_FOLDER

Both have the engine at MEDCITE_ENGINE_URL, its sampling, the embedder, the texts, and as many
passages; medcite searches the index at MEDCITE_KNOWLEDGE_PATH, which must be one of the same texts.
The sides answer one after the other: times are to be compared only where the machine did nothing else.
"""

import asyncio
import hashlib
import logging
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import orjson
import structlog
import typer
from rich.console import Console

from benchmarks.peers_citation import CitationSide, load_corpus, peer_settings
from benchmarks.peers_kept import PeerAnswers
from benchmarks.peers_response import as_shown, is_partly_refusing
from knowledge.document import Document
from knowledge.embedding import SentenceTransformerEmbedder
from knowledge.settings import KnowledgeSettings, read_settings
from rag_service.errors import ServiceError
from rag_service.evaluation.answer_file import read_answers
from rag_service.evaluation.command import evaluate_answers
from rag_service.evaluation.configuration import parse_configuration
from rag_service.evaluation.evaluate import Demands
from rag_service.evaluation.outcome import Measured, Outcome
from rag_service.evaluation.question import Question, read_questions
from rag_service.evaluation.recorded import RecordedAnswer
from rag_service.evaluation.scoring import Scores, score_by_kind
from rag_service.settings import ServiceSettings

app = typer.Typer(add_completion=False, help=__doc__)

PEER = "LlamaIndex"
OURS = "medcite"
_FIDELITY = "numeric_fidelity"
_NOTES = (
    f"{PEER} gives no verdicts: its sentences have those of medcite's verifier, and {_FIDELITY} counts all of "
    "its cited sentences, as it shows them all",
    f"{PEER} cites whole chunks, whose offsets were looked up for it: quote_integrity holds by construction, and "
    "quote_recall and quote_precision count a whole chunk as the quotation",
    f"{PEER} is asked without a seed, so that its answers vary a little from run to run",
)


class PeerMeasured(Measured):
    """The peer's answers: numeric fidelity over all cited sentences, not only those found supported."""

    @cached_property
    def scores(self) -> dict[str, Scores]:
        shown = score_by_kind(self.questions, {key: as_shown(each) for key, each in self.answers.items()})
        return {
            kind: {**scores, _FIDELITY: shown[kind][_FIDELITY]}
            for kind, scores in score_by_kind(self.questions, self.answers).items()
        }


@dataclass(frozen=True, slots=True)
class Sides:
    """The corpus, how many questions are under way at a time, and where answers are kept and found.

    `ours` is a file of our answers; without one our side is asked, with its answers in `folder`.
    """

    documents: Sequence[Document]
    concurrency: int
    folder: Path
    ours: Path | None = None


@app.callback()
def main() -> None:
    """Measure answers against a peer's."""
    # Standard output is for the report.
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR),
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),
    )


@app.command()
def answers(
    questions: Annotated[Path, typer.Argument(metavar="QUESTIONS.jsonl")],
    corpus: Annotated[Path, typer.Argument(help="Folder of texts.", metavar="CORPUS_FOLDER")],
    limit: Annotated[int | None, typer.Option(min=1, help="Ask at most N questions.")] = None,
    offset: Annotated[int, typer.Option(min=0, help="Leave out the first N questions.")] = 0,
    every: Annotated[int, typer.Option(min=1, help="Ask every Nth question.")] = 1,
    concurrency: Annotated[int, typer.Option(min=1, help="Questions under way at a time.")] = 2,
    answers: Annotated[Path | None, typer.Option(help="Folder that answers are kept in.")] = None,
    ours: Annotated[Path | None, typer.Option(help="Our answers, as `eval answers` keeps them.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
) -> None:
    """Compare cited answers to the same questions; answers in the folder are not asked for again."""
    chosen = read_questions(questions)[offset::every][:limit]
    with TemporaryDirectory() as unkept:
        sides = Sides(load_corpus(corpus), concurrency, answers or Path(unkept), ours)
        outcome = compare(chosen, sides)
    if as_json:
        print(orjson.dumps(outcome.facts(), option=orjson.OPT_INDENT_2).decode())
    else:
        outcome.print(Console())


def compare(questions: Sequence[Question], sides: Sides) -> Outcome:
    """Answer on both sides what has no answer yet, and measure; the difference is ours less the peer's.

    With a file of our answers only the questions that it answers are asked of the peer.

    Raises:
        EvaluationError: A file of answers is broken or was made with other settings.
        KnowledgeError, ServiceError: Our side cannot be asked.
    """
    our_side = _our_side(questions, sides)
    shared = [question for question in questions if question.question_id in our_side.answers]
    if not shared:
        raise typer.BadParameter(f"{sides.ours} answers none of the questions")
    peer_side = asyncio.run(_peer_side(shared, sides))
    notes = [*_NOTES, *_notes_on(shared, peer_side.answers)]
    if len(shared) < len(questions):
        notes.append(f"{len(shared)} of {len(questions)} questions are measured: those in {sides.ours}")
    return Outcome([peer_side, Measured(OURS, shared, our_side.answers, our_side.settings)], notes)


def _our_side(questions: Sequence[Question], sides: Sides) -> Measured:
    if sides.ours is not None:
        kept = read_answers(sides.ours, questions)
        return Measured(OURS, questions, kept.answers, kept.settings)
    demands = Demands(concurrency=sides.concurrency, folder=sides.folder)
    served = asyncio.run(evaluate_answers(questions, [parse_configuration("")], demands))
    return served.measured[0]


async def _peer_side(questions: Sequence[Question], sides: Sides) -> Measured:
    knowledge, settings = read_settings(KnowledgeSettings), read_settings(ServiceSettings)
    embedder = SentenceTransformerEmbedder(knowledge.embedding_model, knowledge.models_path)
    made_with = peer_settings(settings, embedder) | {"corpus": _fingerprint(sides.documents)}
    file = PeerAnswers(sides.folder / f"{PEER}.jsonl", made_with)
    answers = file.open(questions)
    missing = [question for question in questions if question.question_id not in answers]
    if missing:
        side = CitationSide(sides.documents, embedder, settings)
        waiting = iter(missing)

        async def work() -> None:
            for question in waiting:
                answers[question.question_id] = file.append(question, await _ask(side, question))
                sys.stderr.write(f"{PEER}: {len(answers)} of {len(questions)}\n")

        try:
            await asyncio.gather(*(work() for _ in range(sides.concurrency)))
        finally:
            await side.close()
    return PeerMeasured(PEER, questions, answers, made_with)


async def _ask(side: CitationSide, question: Question) -> RecordedAnswer:
    try:
        return await side.answer(question.text)
    except ServiceError as error:
        return RecordedAnswer(failure=f"{type(error).__name__}: {error}")
    except Exception as error:  # noqa: BLE001 - one question that crashes must not cost the run
        return RecordedAnswer(failure=type(error).__name__)


def _fingerprint(documents: Sequence[Document]) -> str:
    revisions = "\n".join(sorted(document.revision for document in documents))
    return f"{len(documents)} documents, {hashlib.sha256(revisions.encode()).hexdigest()[:12]}"


def _notes_on(questions: Sequence[Question], answers: Mapping[str, RecordedAnswer]) -> list[str]:
    """Name the questions that hang on how a refusal is read from free text."""
    refused = [q.question_id for q in questions if q.answerable and answers[q.question_id].is_refusal]
    partly = [q.question_id for q in questions if is_partly_refusing(answers[q.question_id])]
    notes = {
        "answerable, and read as refused from its words": refused,
        "said to have no answer in the sources, and yet something cited; counted as answered": partly,
    }
    return [f"{PEER}, {name}: {', '.join(ids)}" for name, ids in notes.items() if ids]


if __name__ == "__main__":
    app()
