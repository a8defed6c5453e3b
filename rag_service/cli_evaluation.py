"""The command `medcite-serve eval answers`."""

import asyncio
import logging
import sys
from pathlib import Path
from typing import Annotated

import orjson
import structlog
import typer
from rich.console import Console
from rich.markup import escape

from knowledge.errors import KnowledgeError
from knowledge.settings import read_settings
from rag_service.errors import ServiceError
from rag_service.settings import ServiceSettings

app = typer.Typer(help="Measure how well questions are answered.", no_args_is_help=True)

QuestionFile = Annotated[
    Path, typer.Argument(help="Questions with their answers, one a line.", metavar="QUESTIONS.jsonl")
]
Configurations = Annotated[
    list[str] | None,
    typer.Option("--config", help="Such as 'short: answer_tokens=300'; twice to compare.", metavar="TEXT"),
]
Answers = Annotated[
    Path | None, typer.Option(help="Folder that the answers are kept in and found again.", metavar="DIR")
]
Generations = Annotated[
    Path | None,
    typer.Option(help="Folder that what the model wrote is kept in and found again.", metavar="DIR"),
]
Types = Annotated[
    list[str] | None, typer.Option("--type", help="Ask only questions of this type.", metavar="TYPE")
]
Limit = Annotated[int | None, typer.Option(min=1, help="Ask only the first N questions.", metavar="N")]
Concurrency = Annotated[int, typer.Option(min=1, help="Questions under way at a time.", metavar="N")]
Anew = Annotated[bool, typer.Option("--anew", help="Ask again what has an answer in the folder.")]
ScoreOnly = Annotated[bool, typer.Option("--score-only", help="Ask nothing, measure the answers kept.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]


@app.callback()
def main() -> None:
    """Measure how well questions are answered."""
    # Standard output is for the report, which counts what the service only warns of.
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR),
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),
    )


@app.command()
def answers(
    questions: QuestionFile,
    config: Configurations = None,
    answers: Answers = None,
    generations: Generations = None,
    kinds: Types = None,
    limit: Limit = None,
    concurrency: Concurrency = 4,
    anew: Anew = False,
    score_only: ScoreOnly = False,
    as_json: AsJson = False,
) -> None:
    """Measure answers to questions whose answers are known, with intervals; two configurations are compared."""
    # Numpy and the index are half a second of imports, which the other commands need not wait for.
    from rag_service.evaluation.command import evaluate_answers, score_folder
    from rag_service.evaluation.configuration import parse_configurations
    from rag_service.evaluation.errors import EvaluationError
    from rag_service.evaluation.evaluate import Demands
    from rag_service.evaluation.question import read_questions

    if score_only and (answers is None or anew):
        raise typer.BadParameter("--score-only wants --answers DIR, and no --anew")
    demands = Demands(limit, kinds or (), concurrency, answers, anew)
    try:
        read_settings(ServiceSettings)
        asked = demands.choose(read_questions(questions))
        if score_only and answers is not None:
            outcome = score_folder(asked, answers, config or [])
        else:
            outcome = asyncio.run(
                evaluate_answers(asked, parse_configurations(config or []), demands, generations)
            )
    except (KnowledgeError, ServiceError, EvaluationError, OSError) as error:
        Console(stderr=True).print(f"[red]Not measured[/]: {escape(str(error))}", soft_wrap=True)
        raise typer.Exit(2) from error
    if as_json:
        sys.stdout.write(orjson.dumps(outcome.facts(), option=orjson.OPT_INDENT_2).decode() + "\n")
        return
    outcome.print(Console())
