"""Reranking by a vLLM server that serves a cross-encoder."""

from collections.abc import Sequence
from typing import NamedTuple

import aiohttp  # noqa: TID251 - the one module of this package
import orjson

from knowledge.errors import RerankFailed
from knowledge.passage import Passage

# The time box of a question ends sooner; this is for callers without one.
_PATIENCE = aiohttp.ClientTimeout(total=30.0, sock_connect=2.0)


class _Route(NamedTuple):
    """A route and the names of its fields (vLLM 0.13 to 0.32)."""

    path: str
    question: str
    passages: str
    results: str
    relevance: str


# As at Jina and Cohere.
_RERANK = _Route("/rerank", "query", "documents", "results", "relevance_score")
_SCORE = _Route("/score", "text_1", "text_2", "data", "score")


class EngineReranker:
    """A `Reranker` on `POST /rerank`, or on `/score` where the URL ends so.

    The server applies the model's own activation, a sigmoid unless its configuration names another.
    """

    def __init__(self, url: str, model: str, api_key: str | None = None) -> None:
        url = url.rstrip("/")
        self._route = _SCORE if url.endswith(_SCORE.path) else _RERANK
        is_whole = url.endswith(self._route.path)
        self._url = url if is_whole else url.removesuffix("/v1") + self._route.path
        self._model = model
        self._headers = {"Authorization": f"Bearer {api_key}"} if api_key else {}
        self._session: aiohttp.ClientSession | None = None

    async def score(self, question: str, passages: Sequence[Passage]) -> list[float]:
        """Give each passage's relevance in [0, 1].

        Raises:
            RerankFailed: No connection, no answer in time, a refusal, or an answer that is not the
                protocol's.
        """
        if not passages:
            return []
        body = {
            "model": self._model,
            self._route.question: question,
            self._route.passages: [passage.embedded_text for passage in passages],
            # To what the model can read; the server refuses longer pairs otherwise.
            "truncate_prompt_tokens": -1,
        }
        try:
            async with self._client().post(self._url, data=orjson.dumps(body)) as response:
                if response.status >= 400:
                    raise RerankFailed(self._refusal(response.status))
                answer = await response.read()
        except TimeoutError as error:
            raise RerankFailed(f"the reranker at {self._url} did not answer in time") from error
        except aiohttp.ClientError as error:
            raise RerankFailed(
                f"no connection to the reranker at {self._url} ({type(error).__name__}); start it or set "
                "MEDCITE_RERANKER_URL"
            ) from error
        return _relevance(answer, self._route, len(passages))

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()

    def _client(self) -> aiohttp.ClientSession:
        # Made at first use because a session belongs to the running event loop.
        if self._session is None:
            self._session = aiohttp.ClientSession(
                headers={"Content-Type": "application/json", **self._headers},
                timeout=_PATIENCE,
                connector=aiohttp.TCPConnector(limit=0),
            )
        return self._session

    def _refusal(self, status: int) -> str:
        # The server's own message may repeat the question.
        hints = {
            401: "; set MEDCITE_RERANKER_API_KEY",
            403: "; set MEDCITE_RERANKER_API_KEY",
            404: f"; it does not serve {self._model!r} as a reranker (MEDCITE_RERANKER_MODEL, MEDCITE_RERANKER_URL)",
        }
        return f"the reranker answered with status {status}{hints.get(status, '')}"


def _relevance(answer: bytes, route: _Route, n_passages: int) -> list[float]:
    """Read the scores, which come best first, in the order of the passages."""
    try:
        results = orjson.loads(answer)[route.results]
        scores = {int(result["index"]): float(result[route.relevance]) for result in results}
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError) as error:
        raise RerankFailed(f"the reranker sent what is not an answer of {route.path}") from error
    if scores.keys() != set(range(n_passages)):
        raise RerankFailed(f"the reranker scored {len(scores)} of {n_passages} passages")
    wrong = next((score for score in scores.values() if not 0 <= score <= 1), None)
    if wrong is not None:
        raise RerankFailed(
            f"the reranker gave {wrong:g} as a relevance, which lies between 0 and 1; serve the model with a "
            "sigmoid as its activation"
        )
    return [scores[index] for index in range(n_passages)]
