import pytest

from rag_service.evaluation.configuration import parse_configuration, parse_configurations
from rag_service.evaluation.errors import ConfigurationBroken


def test_without_a_configuration_there_is_what_is_served():
    assert ["as served"] == [each.name for each in parse_configurations([])]


def test_a_configuration_has_a_name_and_settings():
    parsed = parse_configuration("short one: answer_tokens=300, engine_grammar=false")
    assert ("short one", 300, False) == (
        parsed.name,
        parsed.settings.answer_tokens,
        parsed.settings.engine_grammar,
    )


@pytest.mark.parametrize("text", ["answer_tokens=300", "engine_url=http://127.0.0.1:1,top_p=0.5"])
def test_a_configuration_without_a_name_is_called_by_its_text(text):
    assert text == parse_configuration(text).name


def test_a_name_alone_is_what_is_served_under_that_name():
    assert "base" == parse_configuration("base:").name


def test_what_a_configuration_leaves_out_is_as_the_environment_says(monkeypatch):
    monkeypatch.setenv("MEDCITE_ANSWER_TOKENS", "77")
    assert 77 == parse_configuration("top_p=0.5").settings.answer_tokens


def test_a_configuration_goes_before_the_environment(monkeypatch):
    monkeypatch.setenv("MEDCITE_ANSWER_TOKENS", "77")
    assert 300 == parse_configuration("answer_tokens=300").settings.answer_tokens


def test_an_unknown_key_is_told_with_those_that_are_known():
    with pytest.raises(
        ConfigurationBroken, match="unknown key 'tokens' in 'tokens=3'; known: answer_tokens, "
    ):
        parse_configuration("tokens=3")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("answer_tokens=1", "answer_tokens: Input should be greater"),
        ("top_p=1,top_p=1", "top_p stands twice"),
        (": top_p=1", "has no name"),
    ],
)
def test_a_broken_configuration_is_told_of(text, told):
    with pytest.raises(ConfigurationBroken, match=told):
        parse_configuration(text)


@pytest.mark.parametrize("texts", [["a:", "a: top_p=0.5"], ["", ""], ["a b:", "a_b:"]])
def test_two_configurations_have_two_names(texts):
    with pytest.raises(ConfigurationBroken, match="the same name"):
        parse_configurations(texts)


def test_a_file_is_called_as_its_configuration():
    assert "a_b.jsonl" == parse_configuration("a/b: top_p=0.5").file_name


def test_no_secret_is_among_the_settings_of_answers(monkeypatch):
    monkeypatch.setenv("MEDCITE_ENGINE_API_KEY", "s3cret")
    assert "s3cret" not in str(parse_configuration("").settings_of_answers())


def test_where_the_engine_is_makes_no_other_answers():
    settings = [parse_configuration(f"engine_url=http://{host}:1").settings_of_answers() for host in "ab"]
    assert settings[0] == settings[1]
