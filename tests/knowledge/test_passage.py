from uuid import UUID

from knowledge.passage import passage_id
from tests.knowledge.factories import make_passage


def test_a_passage_id_is_the_same_on_every_run():
    assert "094be2b8-1c0a-5882-bd4a-fb9026aeacc4" == passage_id("asthma-en", "revision", 3)


def test_a_passage_id_is_a_uuid_of_version_5():
    assert 5 == UUID(passage_id("asthma-en", "revision", 0)).version


def test_another_revision_gives_another_id():
    assert passage_id("asthma-en", "one", 0) != passage_id("asthma-en", "two", 0)


def test_another_ordinal_gives_another_id():
    assert passage_id("asthma-en", "one", 0) != passage_id("asthma-en", "one", 1)


def test_the_context_stands_above_the_text_when_embedded():
    assert "高血压\n血压 140/90 mmHg。" == make_passage().embedded_text


def test_a_passage_names_its_document():
    assert "gout-zh" == make_passage(document_id="gout-zh").document_id
