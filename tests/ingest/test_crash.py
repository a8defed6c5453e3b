import pytest
import typer
from typer.testing import CliRunner

from ingest.crash import guarded
from ingest.sources.entry import clean_name


def run(error: Exception | None, *arguments: str):
    """Run a command that raises an error."""
    app = typer.Typer()

    @app.command()
    @guarded
    def command(count: int = 1) -> None:
        """Do something."""
        if error is not None:
            raise error
        typer.echo(count)

    return CliRunner().invoke(app, arguments)


def test_a_command_that_does_not_crash_is_as_it_was():
    result = run(None, "--count", "3")
    assert (0, "3\n") == (result.exit_code, result.stdout)


def test_a_crash_ends_with_3_and_names_the_type_of_the_error():
    result = run(ZeroDivisionError("division\nby [zero]"))
    assert (3, "", True) == (
        result.exit_code,
        result.stdout,
        result.stderr.startswith("Crashed: ZeroDivisionError in crash.py, line "),
    )


def test_a_crash_is_one_line_whatever_the_message():
    stderr = run(ZeroDivisionError("division\nby [zero]")).stderr
    assert (1, True) == (len(stderr.splitlines()), ": division by [zero]. " in stderr)


def test_a_crash_names_the_last_place_in_our_own_code():
    app = typer.Typer()

    @app.command()
    @guarded
    def command() -> None:
        clean_name(None)

    assert "AttributeError in entry.py, line " in CliRunner().invoke(app).stderr


@pytest.mark.parametrize(
    ("expected", "error"), [(1, typer.Exit(1)), (2, typer.Exit(2)), (2, typer.BadParameter("no"))]
)
def test_an_end_that_a_command_chose_is_no_crash(expected: int, error: Exception):
    assert expected == run(error).exit_code
