import io

import numpy as np
import pytest
from rich.console import Console

from ingest.evaluation.measures import Estimate
from ingest.evaluation.outcome import Outcome, Row, compare

OUTCOME = Outcome("set", [Row("MRR@10", "as [served]", 3, Estimate(0.5, 0.25, 0.75))], ["3 documents"])


def printed(*, is_terminal: bool) -> str:
    stream = io.StringIO()
    OUTCOME.print(Console(file=stream, force_terminal=is_terminal, width=100, no_color=True))
    return stream.getvalue()


def test_two_configurations_are_compared_query_by_query():
    rows = compare({"a": {"m": np.array([0.0, 0.5])}, "b": {"m": np.array([0.25, 0.75])}})
    assert Row("m", "difference", 2, Estimate(0.25, 0.25, 0.25)) == rows[2]


@pytest.mark.parametrize("n", [1, 3])
def test_one_configuration_or_three_have_no_difference(n: int):
    rows = compare({str(i): {"m": np.array([0.5])} for i in range(n)})
    assert [str(i) for i in range(n)] == [row.configuration for row in rows]


def test_a_measure_without_values_has_no_row():
    assert [] == compare({"a": {"m": np.array([])}})


def test_a_measure_that_one_of_two_lacks_has_no_difference():
    assert ["a"] == [row.configuration for row in compare({"a": {"m": np.array([1.0])}, "b": {}})]


def test_without_a_terminal_there_are_lines_with_tabs():
    assert [
        "set\tmeasure\tconfiguration\tqueries\tvalue\t95 % interval",
        "set\tMRR@10\tas [served]\t3\t0.500\t0.250 to 0.750",
        "set: 3 documents",
    ] == printed(is_terminal=False).splitlines()


def test_on_a_terminal_there_is_a_table():
    assert all(words in printed(is_terminal=True) for words in ("┃", "as [served]", "0.250 to 0.750"))


def test_json_has_every_row_with_its_interval():
    row = {"measure": "MRR@10", "configuration": "as [served]", "n_queries": 3}
    interval = {"mean": 0.5, "low": 0.25, "high": 0.75}
    assert {"folder": "set", "notes": ["3 documents"], "rows": [row | interval]} == OUTCOME.facts()
