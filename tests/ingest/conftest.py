from tests.knowledge.conftest import tmp_path as tmp_path
