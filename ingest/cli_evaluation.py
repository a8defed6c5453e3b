"""The command `medcite-ingest eval retrieval`."""

import asyncio
import sys
from pathlib import Path
from typing import Annotated

import orjson
import typer
from rich.console import Console
from rich.markup import escape

from ingest.errors import IngestError
from knowledge.errors import KnowledgeError

Folders = Annotated[list[Path], typer.Argument(help="BEIR folders, or folders with a qa.jsonl.")]
Configurations = Annotated[
    list[str] | None,
    typer.Option(
        "--config", help="Such as dense_weight=0.7,understand=no; twice to compare.", metavar="TEXT"
    ),
]
Runs = Annotated[Path | None, typer.Option(help="Folder for the runs, in the format of TREC.", metavar="DIR")]
Field = Annotated[str, typer.Option(help="Field of a query that is asked.", metavar="NAME")]
JudgedOnly = Annotated[bool, typer.Option("--judged-only", help="Leave unjudged documents out of a run.")]
Limit = Annotated[int | None, typer.Option(min=1, help="Ask only the first N queries.", metavar="N")]
Grade = Annotated[int, typer.Option(min=1, help="From this grade on a document is right.", metavar="N")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]


def retrieval(
    folders: Folders,
    config: Configurations = None,
    runs: Runs = None,
    field: Field = "text",
    judged_only: JudgedOnly = False,
    limit: Limit = None,
    grade: Grade = 1,
    as_json: AsJson = False,
) -> None:
    """Measure search on labelled questions, with intervals; two configurations are compared."""
    # The pipeline is half a second of imports, which the other commands need not wait for.
    from ingest.evaluation.command import evaluate_all, parse_configurations
    from ingest.evaluation.evaluate import Demands

    try:
        configurations = parse_configurations(config or [], field)
        demands = Demands(runs, judged_only, limit, grade)
        outcomes = asyncio.run(evaluate_all([each.resolve() for each in folders], configurations, demands))
    except (KnowledgeError, IngestError, OSError) as error:
        Console(stderr=True).print(f"[red]Not measured[/]: {escape(str(error))}", soft_wrap=True)
        raise typer.Exit(2) from error
    if as_json:
        facts = [outcome.facts() for outcome in outcomes]
        sys.stdout.write(orjson.dumps(facts, option=orjson.OPT_INDENT_2).decode() + "\n")
        return
    for outcome in outcomes:
        outcome.print(Console())
