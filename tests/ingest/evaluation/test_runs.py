from pathlib import Path

from ingest.evaluation.configurations import Configuration
from ingest.evaluation.corpus_index import Corpus, open_index
from ingest.evaluation.parts import Parts
from ingest.evaluation.runs import keep_judged, make_run, write_run
from ingest.evaluation.searcher import Searcher
from tests.ingest.evaluation.factories import QUERIES, write_beir


async def test_a_run_has_the_documents_of_each_query_by_the_ids_of_the_labels(tmp_path: Path, parts: Parts):
    corpus = Corpus(write_beir(tmp_path / "set") / "corpus.jsonl", {"id": "_id", "text": "text"})
    told: list[tuple[int, int]] = []
    async with open_index(corpus, parts) as reader:
        searcher = Searcher(reader, parts.questions, Configuration("x"), None)
        run = await make_run(searcher, QUERIES, corpus.label_of, lambda _, done, n: told.append((done, n)))
    assert (["d/1", "d/2"], [(1, 2), (2, 2)]) == ([run["q1"][0], run["q2"][0]], told)


def test_documents_that_nobody_judged_are_left_out():
    assert {"q": ["b", "a"]} == keep_judged({"q": ["x", "b", "a"]}, {"q": {"a": 1, "b": 0}})


def test_a_run_is_written_as_trec_eval_reads_it(tmp_path: Path):
    path = write_run(tmp_path / "runs", "set.legs=rrf", {"q 1": ["a", "b c"]})
    assert ("set.legs=rrf.trec", "q_1 Q0 a 1 1 medcite\nq_1 Q0 b_c 2 0 medcite\n") == (
        path.name,
        path.read_text(),
    )


def test_the_name_of_a_run_cannot_lead_elsewhere(tmp_path: Path):
    assert tmp_path == write_run(tmp_path, "set.field=../x", {}).parent
