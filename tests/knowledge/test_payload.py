from datetime import date
from typing import get_args

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.document import Imprint, Language, Status
from knowledge.passage import Kind, Passage
from knowledge.payload import from_payload, to_payload
from tests.knowledge.factories import laws, make_passage

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
DATE = st.none() | st.dates()
IMPRINTS = st.builds(
    Imprint,
    document_id=TEXT,
    title=TEXT,
    language=st.sampled_from(get_args(Language)),
    publisher=TEXT,
    url=st.none() | TEXT,
    published_on=DATE,
    reviewed_on=DATE,
    license=st.none() | TEXT,
    supersedes=st.none() | TEXT,
    status=st.sampled_from(get_args(Status)),
)
COUNT = st.integers(0, 10_000)
PASSAGES = st.builds(
    Passage,
    passage_id=st.uuids().map(str),
    ordinal=COUNT,
    section_path=st.lists(TEXT, max_size=3).map(tuple),
    start=COUNT,
    end=COUNT,
    kind=st.sampled_from(get_args(Kind)),
    n_tokens=COUNT,
    text=TEXT,
    context=TEXT,
    imprint=IMPRINTS,
    page_first=st.none() | COUNT,
    page_last=st.none() | COUNT,
)


@laws
@given(PASSAGES)
def test_a_passage_survives_the_way_through_a_json_payload(passage: Passage):
    payload = orjson.loads(orjson.dumps(to_payload(passage)))
    assert passage == from_payload(passage.passage_id, payload)


def test_the_id_is_left_out_of_the_payload():
    assert "passage_id" not in to_payload(make_passage())


@pytest.mark.parametrize(
    ("published_on", "reviewed_on", "expected"),
    [
        (date(2020, 1, 1), date(2026, 5, 4), "2026-05-04"),
        (date(2020, 1, 1), None, "2020-01-01"),
        (None, None, None),
    ],
)
def test_the_date_of_filters_is_the_review_else_the_publication(
    published_on: date | None, reviewed_on: date | None, expected: str | None
):
    passage = make_passage(published_on=published_on, reviewed_on=reviewed_on)
    assert expected == to_payload(passage)["dated"]


def test_a_payload_without_a_field_raises_key_error():
    payload = to_payload(make_passage())
    del payload["context"]
    with pytest.raises(KeyError, match="context"):
        from_payload("id", payload)
