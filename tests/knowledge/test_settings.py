from pathlib import Path

import pytest

from ingest.settings import IngestSettings
from knowledge.errors import InvalidSettings
from knowledge.settings import NAMES, KnowledgeSettings, read_settings
from rag_service.settings import EngineSettings, ServiceSettings


def test_the_list_of_names_is_the_settings_of_all_programs():
    classes = (KnowledgeSettings, IngestSettings, ServiceSettings, EngineSettings)
    assert {name for kind in classes for name in kind.model_fields} == NAMES


def test_every_setting_says_what_it_is_for():
    classes = (KnowledgeSettings, IngestSettings, ServiceSettings, EngineSettings)
    mute = [name for kind in classes for name, field in kind.model_fields.items() if not field.description]
    assert [] == mute


def test_a_setting_is_read_from_its_variable(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("MEDCITE_KNOWLEDGE_PATH", "/srv/knowledge")
    assert Path("/srv/knowledge") == read_settings(KnowledgeSettings).knowledge_path


def test_a_variable_in_lower_case_is_read(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("medcite_keep_generations", "7")
    assert 7 == read_settings(KnowledgeSettings).keep_generations


def test_a_variable_of_another_program_is_no_mistake(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("MEDCITE_PORT", "9000")
    assert 3 == read_settings(KnowledgeSettings).keep_generations


def test_a_misspelled_variable_is_refused_with_a_suggestion(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("MEDCITE_KNOWLEGDE_PATH", "/srv")
    with pytest.raises(
        InvalidSettings, match=r"MEDCITE_KNOWLEGDE_PATH; did you mean MEDCITE_KNOWLEDGE_PATH\?"
    ):
        read_settings(KnowledgeSettings)


def test_a_variable_like_no_setting_is_refused_with_the_place_of_the_list(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("MEDCITE_QQQ", "1")
    with pytest.raises(InvalidSettings, match=r"MEDCITE_QQQ; docs/configuration\.md lists all settings"):
        read_settings(KnowledgeSettings)


@pytest.mark.parametrize("passage_tokens", ["31", "8193", "many"])
def test_a_value_out_of_range_is_refused_by_the_name_of_its_variable(
    monkeypatch: pytest.MonkeyPatch, passage_tokens: str
):
    monkeypatch.setenv("MEDCITE_PASSAGE_TOKENS", passage_tokens)
    with pytest.raises(InvalidSettings, match="MEDCITE_PASSAGE_TOKENS: "):
        read_settings(IngestSettings)


def test_all_wrong_values_are_named_at_once(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("MEDCITE_PORT", "-1")
    monkeypatch.setenv("MEDCITE_TOP_P", "2")
    with pytest.raises(InvalidSettings, match=r"(?s)MEDCITE_PORT.*MEDCITE_TOP_P"):
        read_settings(ServiceSettings)


def test_the_index_lies_under_the_home_folder_unless_told(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("MEDCITE_KNOWLEDGE_PATH", raising=False)
    monkeypatch.setenv("HOME", "/home/me")
    assert Path("/home/me/.local/share/medcite/knowledge") == read_settings(KnowledgeSettings).knowledge_path


def test_models_lie_under_the_cache(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("MEDCITE_CACHE", "/var/cache/medcite")
    assert Path("/var/cache/medcite/models") == read_settings(KnowledgeSettings).models_path
