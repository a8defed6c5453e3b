import pytest

from ingest.sources.variable import expand_variables, unset_variables


def test_variables_are_put_in_at_any_depth(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("KEY", "k")
    value = {"a": "x${KEY}y", "b": ["${KEY}", 1, {"c": "${KEY}"}]}
    assert {"a": "xky", "b": ["k", 1, {"c": "k"}]} == expand_variables(value)


def test_a_dollar_alone_is_a_dollar():
    assert "$5 $KEY {KEY}" == expand_variables("$5 $KEY {KEY}")


def test_variables_that_are_not_set_are_named_once(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("KEY", "k")
    assert ["A", "B"] == unset_variables(["${B}", "${KEY}", {"x": "${A}${B}"}])
