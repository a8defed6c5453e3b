import lzma
from pathlib import Path

import pytest

from ingest.evaluation.corpus_index import Corpus, open_index
from ingest.evaluation.errors import EvaluationFailed
from ingest.evaluation.parts import Parts
from tests.ingest.evaluation.factories import TEXTS, CountingEmbedder, make_parts, write_beir, write_lines

COLUMNS = {"id": "_id", "title": "title", "text": "text"}


def make_corpus(root: Path) -> Corpus:
    return Corpus(write_beir(root / "set") / "corpus.jsonl", COLUMNS)


async def documents_of(corpus: Corpus, parts: Parts) -> set[str]:
    async with open_index(corpus, parts) as reader:
        return {corpus.label_of(document_id) for document_id in reader.manifest.documents}


async def test_every_record_of_a_corpus_is_a_document(tmp_path: Path, parts: Parts):
    assert TEXTS.keys() == await documents_of(make_corpus(tmp_path), parts)


async def test_a_packed_corpus_has_the_documents_of_the_plain_one(tmp_path: Path, parts: Parts):
    plain = make_corpus(tmp_path).path
    packed = plain.with_name("corpus.jsonl.xz")
    packed.write_bytes(lzma.compress(plain.read_bytes()))
    assert TEXTS.keys() == await documents_of(Corpus(packed, COLUMNS), parts)


async def test_a_document_is_indexed_under_the_id_that_is_looked_for(tmp_path: Path, parts: Parts):
    odd = "a//b  c\n"
    path = write_lines(tmp_path / "corpus.jsonl", [{"_id": odd, "text": "Fever is treated with rest."}])
    corpus = Corpus(path, COLUMNS)
    async with open_index(corpus, parts) as reader:
        assert {corpus.indexed_as(odd)} == reader.manifest.documents.keys()


async def test_a_corpus_is_indexed_once(tmp_path: Path):
    embedder = CountingEmbedder()
    parts = make_parts(tmp_path, embedder)
    await documents_of(make_corpus(tmp_path), parts)
    n_first = embedder.n_passages
    await documents_of(make_corpus(tmp_path), parts)
    parts.questions.close()
    assert n_first == embedder.n_passages


async def test_a_corpus_that_has_changed_is_indexed_anew(tmp_path: Path, parts: Parts):
    await documents_of(make_corpus(tmp_path), parts)
    write_lines(tmp_path / "set" / "corpus.jsonl", [{"_id": "new", "text": "Rest is good for a fever."}])
    assert {"new"} == await documents_of(Corpus(tmp_path / "set" / "corpus.jsonl", COLUMNS), parts)


async def test_a_corpus_may_be_a_folder_of_pages(tmp_path: Path, parts: Parts):
    (tmp_path / "pages").mkdir()
    (tmp_path / "pages" / "fever.md").write_text("# Fever\n\nRest is good for a fever.\n")
    assert {"fever"} == await documents_of(Corpus(tmp_path / "pages"), parts)


async def test_an_index_that_is_broken_is_made_anew(tmp_path: Path, parts: Parts):
    corpus = make_corpus(tmp_path)
    await documents_of(corpus, parts)
    for manifest in parts.cache.rglob("manifest.json"):
        manifest.write_text("{")
    assert TEXTS.keys() == await documents_of(corpus, parts)


async def test_a_broken_line_of_a_corpus_is_named_each_time(tmp_path: Path, parts: Parts):
    corpus = make_corpus(tmp_path)
    with corpus.path.open("a") as stream:
        stream.write("{\n")
    for _ in range(2):
        with pytest.raises(EvaluationFailed, match=r"corpus\.jsonl could not be indexed: .*\(4\)"):
            await documents_of(corpus, parts)


def test_a_corpus_that_is_missing_is_named(tmp_path: Path):
    with pytest.raises(EvaluationFailed, match="none does not exist"):
        Corpus(tmp_path / "none")
