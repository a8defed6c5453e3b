import pytest

from knowledge.errors import InvalidSettings
from knowledge.settings import NAMES, read_settings
from rag_service.settings import EngineSettings, ServiceSettings, short_model_name

KINDS = [ServiceSettings, EngineSettings]
FIELDS = [(kind, name) for kind in KINDS for name in kind.model_fields]


@pytest.mark.parametrize(("kind", "name"), FIELDS)
def test_a_setting_is_known_to_the_check_for_misspelled_ones(kind, name):
    assert name in NAMES


@pytest.mark.parametrize(("kind", "name"), FIELDS)
def test_a_setting_is_described_in_a_sentence(kind, name):
    assert kind.model_fields[name].description.endswith(".")


@pytest.mark.parametrize("kind", KINDS)
def test_an_empty_environment_gives_the_defaults(kind):
    assert kind.model_construct() == read_settings(kind)


@pytest.mark.parametrize(
    ("expected", "name", "variable", "given"),
    [
        ("0.0.0.0", "host", "MEDCITE_HOST", "0.0.0.0"),
        (9000, "port", "MEDCITE_PORT", "9000"),
        (False, "engine_grammar", "MEDCITE_ENGINE_GRAMMAR", "false"),
        (0.0, "temperature", "MEDCITE_TEMPERATURE", "0"),
        ("http://b:1", "engine_url", "medcite_engine_url", "http://b:1"),
    ],
)
def test_a_variable_sets_its_setting(monkeypatch, expected, name, variable, given):
    monkeypatch.setenv(variable, given)
    assert expected == getattr(read_settings(ServiceSettings), name)


@pytest.mark.parametrize(
    ("kind", "variable", "given"),
    [
        (ServiceSettings, "MEDCITE_PORT", "65536"),
        (ServiceSettings, "MEDCITE_PORT", "eighty"),
        (ServiceSettings, "MEDCITE_MAX_PASSAGES", "0"),
        (ServiceSettings, "MEDCITE_CONTEXT_TOKENS", "255"),
        (ServiceSettings, "MEDCITE_TEMPERATURE", "2.1"),
        (ServiceSettings, "MEDCITE_TOP_P", "0"),
        (ServiceSettings, "MEDCITE_ENGINE_SILENCE_TIMEOUT_S", "0"),
        (ServiceSettings, "MEDCITE_ENGINE_GRAMMAR", "perhaps"),
        (EngineSettings, "MEDCITE_ENGINE_TENSOR_PARALLEL_SIZE", "0"),
        (EngineSettings, "MEDCITE_ENGINE_MAX_MODEL_LEN", "100"),
    ],
)
def test_a_value_out_of_range_is_named_with_its_variable(monkeypatch, kind, variable, given):
    monkeypatch.setenv(variable, given)
    with pytest.raises(InvalidSettings, match=f"^{variable}: "):
        read_settings(kind)


def test_a_misspelled_variable_is_named_with_the_one_that_was_meant(monkeypatch):
    monkeypatch.setenv("MEDCITE_ENGINE_MODELL", "x")
    with pytest.raises(InvalidSettings, match=r"MEDCITE_ENGINE_MODELL; did you mean MEDCITE_ENGINE_MODEL\?"):
        read_settings(ServiceSettings)


def test_the_api_key_is_not_shown():
    assert "s3cret" not in repr(ServiceSettings(engine_api_key="s3cret"))


def test_settings_cannot_be_changed():
    with pytest.raises(ValueError, match="frozen"):
        ServiceSettings().port = 1


@pytest.mark.parametrize(
    ("expected", "model"),
    [
        ("qwen2.5-7b", "Qwen/Qwen2.5-7B-Instruct"),
        ("qwen2.5-coder-0.5b", "/models/Qwen2.5-Coder-0.5B-Instruct/"),
        ("qwen2.5-7b-instruct-awq", "Qwen/Qwen2.5-7B-Instruct-AWQ"),
        ("llama", "llama"),
    ],
)
def test_a_model_name_is_shortened_for_people(expected, model):
    assert expected == short_model_name(model)
