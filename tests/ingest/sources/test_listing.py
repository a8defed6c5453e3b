import subprocess
import sys
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingest.sources import Source, list_entries
from tests.ingest.sources.factories import faults, make_tar, texts, write


def test_a_path_is_a_source_named_by_itself(tmp_path: Path):
    write(tmp_path / "a.md", b"1")
    assert list(list_entries(Source(str(tmp_path), str(tmp_path)))) == list(list_entries(tmp_path))


def test_of_two_entries_of_one_name_the_second_is_a_fault(tmp_path: Path):
    path = write(tmp_path / "t.tar", make_tar([("a.md", b"1"), ("./a.md", b"2"), ("../a.md", b"3")]))
    found = list(list_entries(path))
    assert b"1" == found[0].raw
    expected = {
        "a.md (2)": f"is number 2 of this name in {path}; only the first is read: rename it",
        "a.md (3)": f"is number 3 of this name in {path}; only the first is read: rename it",
    }
    assert expected == faults(found)


def test_what_a_source_adds_is_in_the_hash_of_its_entries(tmp_path: Path):
    write(tmp_path / "a.md", b"1")
    plain = next(list_entries(Source(str(tmp_path), "texts")))
    licensed = next(list_entries(Source(str(tmp_path), "texts", license="CC0")))
    assert plain.content_hash != licensed.content_hash


def test_an_object_store_is_read(tmp_path: Path):
    write(tmp_path / "a.md", b"1")
    assert {"a.md": b"1"} == texts(list_entries(Source(f"file://{tmp_path}", "texts")))


def test_folders_need_no_web_client_and_no_reader():
    code = (
        "import sys, ingest.sources as s; from pathlib import Path\n"
        "list(s.list_entries(Path(sys.argv[1])))\n"
        "print([m for m in ('httpx2', 'fsspec', 'llama_index', 'torch') if m in sys.modules])"
    )
    command = [sys.executable, "-c", code, str(Path(__file__).parent)]
    assert "[]\n" == subprocess.run(command, capture_output=True, text=True, check=True).stdout


_NAMES = st.text("ab./", min_size=1, max_size=8)


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(_NAMES, st.binary(max_size=4)), max_size=6))
def test_every_entry_of_a_source_has_a_name_of_its_own(tmp_path: Path, members: list[tuple[str, bytes]]):
    write(tmp_path / "t.tar", make_tar(members))
    names = [entry.name for entry in list_entries(tmp_path / "t.tar")]
    assert sorted(set(names)) == sorted(names)
