import pytest

from ingest.evaluation.command import evaluate_all, parse_configurations
from ingest.evaluation.errors import ConfigurationBroken
from ingest.evaluation.evaluate import Demands


def test_without_a_configuration_there_is_what_is_served():
    assert ["as served"] == [each.name for each in parse_configurations([], "text")]


def test_all_configurations_take_the_field_of_the_command_line():
    configurations = parse_configurations(["", "legs=rrf"], "message")
    assert ["message", "message"] == [each.field for each in configurations]


def test_a_configuration_is_given_once():
    with pytest.raises(ConfigurationBroken, match="two --config are the same"):
        parse_configurations(["legs=rrf", "legs=rrf"], "text")


async def test_without_folders_nothing_is_measured(command_settings: None):
    assert [] == await evaluate_all([], parse_configurations([], "text"), Demands())
