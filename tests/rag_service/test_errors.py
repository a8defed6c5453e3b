import re

import pytest

from rag_service import errors
from rag_service.errors import ServiceError

KINDS = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, ServiceError)]
CONCRETE = [kind for kind in KINDS if kind is not ServiceError]


@pytest.mark.parametrize("kind", CONCRETE)
def test_an_error_stands_in_the_tree_with_its_status_and_whether_to_retry(kind):
    line = re.search(rf"^[├└]── {kind.__name__} .*$", errors.__doc__, re.MULTILINE).group()
    status = re.search(r"\b[45]\d\d\b", line)
    assert (kind.status, kind.retryable) == (int(status.group()) if status else 500, "(retryable)" in line)


def test_the_tree_has_no_error_that_does_not_exist():
    assert {kind.__name__ for kind in CONCRETE} == set(
        re.findall(r"^[├└]── (\w+)", errors.__doc__, re.MULTILINE)
    )


@pytest.mark.parametrize("kind", CONCRETE)
def test_an_error_that_a_client_sees_has_a_title_of_its_own(kind):
    assert kind.status == 500 or kind.title != ServiceError.title
