import os
import signal
from collections.abc import Iterator

import pytest

from ingest.errors import UnreadableDocument
from ingest.loaders.pdf.pool import Pool, shared_pool
from tests.ingest.loaders.factories import make_pdf, put

PAGE = make_pdf(put(72, 700, "Gout is a disease."))
WORDS = ["Gout is a disease."]


@pytest.fixture
def pool() -> Iterator[Pool]:
    pool = Pool()
    yield pool
    pool.stop()


def words(pool: Pool, raw: bytes = PAGE) -> list[str]:
    return [
        block["text"] for answer in pool.read(raw) for page in answer["pages"] for block in page["blocks"]
    ]


def pid(pool: Pool) -> int:
    process = pool.workers[0].process
    assert process is not None
    return process.pid


def test_a_worker_is_kept_from_one_file_to_the_next(pool: Pool):
    words(pool)
    first = pid(pool)
    assert (WORDS, first) == (words(pool), pid(pool))


def test_a_parser_that_hangs_is_ended_and_the_next_file_is_read(pool: Pool):
    words(pool)
    os.kill(pid(pool), signal.SIGSTOP)
    hanging = Pool(silence_s=0.2)
    hanging.workers = pool.workers
    with pytest.raises(UnreadableDocument, match=r"hangs the PDF parser: it gave no sign of life for 0\.2 s"):
        hanging.read(PAGE)
    assert WORDS == words(pool)


def test_a_parser_that_died_is_started_again(pool: Pool):
    words(pool)
    os.kill(pid(pool), signal.SIGKILL)
    os.waitid(os.P_PID, pid(pool), os.WEXITED | os.WNOWAIT)
    assert WORDS == words(pool)


def test_a_file_that_fills_the_memory_is_refused_and_the_next_is_read(pool: Pool):
    bomb = make_pdf("q " * 20_000_000, compress=True)
    with pytest.raises(UnreadableDocument, match=r"needs more memory than it may have \(exit code -\d+\)"):
        pool.read(bomb)
    assert WORDS == words(pool)


def test_a_long_file_is_shared_out(pool: Pool):
    pages = [put(72, 700, f"Page {n} is {n * n}.") + "% " + "x" * 9000 for n in range(20)]
    answers = pool.read(make_pdf(*pages))
    numbers = sorted(page["number"] for answer in answers for page in answer["pages"])
    assert (len(pool.workers), [*range(1, 21)]) == (len(answers), numbers)


def test_the_result_is_the_same_for_any_number_of_workers(pool: Pool):
    pages = [put(72, 780, "Head") + put(72, 700, f"Page {n}.") + "% " + "x" * 9000 for n in range(20)]
    one = Pool()
    one.workers = pool.workers[:1]
    assert sorted(words(one, make_pdf(*pages))) == sorted(words(pool, make_pdf(*pages)))


def test_a_file_of_few_pages_is_read_by_one(pool: Pool):
    raw = make_pdf(*[put(72, 700, "One.") + "% " + "x" * 60_000] * 3)
    assert [3] == [len(answer["pages"]) for answer in pool.read(raw) if answer["pages"]]


@pytest.mark.parametrize("n_bytes", [100, 200_000], ids=["one worker", "all workers"])
def test_a_fault_of_one_file_leaves_the_pool_usable(pool: Pool, n_bytes: int):
    with pytest.raises(UnreadableDocument, match="is not a complete PDF"):
        pool.read(b"x" * n_bytes)
    assert WORDS == words(pool)


def test_there_is_one_pool_in_a_process():
    assert shared_pool() is shared_pool()
