"""Qdrant's HTTP interface in front of its local mode: what the client sends is read as a server reads it.

It covers the requests that the store makes, and can fail them. What only a server does (indexing,
replicas, consensus) it cannot show; the contract's tests run on a live one too.
"""

from collections import defaultdict
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import orjson
from pydantic import BaseModel, TypeAdapter
from pydantic_core import to_jsonable_python
from qdrant_client import AsyncQdrantClient, models
from qdrant_client.http.exceptions import UnexpectedResponse
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tests.knowledge.store_contract.local_qdrant import LocalQdrant

URL = "https://qdrant.test:6333"


class WireQdrant:
    """A server for one test.

    `faults` are (beginning of a request, answer), each used once, by the first request that begins
    so; `meanwhile` are (beginning of a request, act) alike, done before the request is; `states` are what it says of collections, one a question, before they are green. `seen` lists
    the requests, `bodies` what each carried, `keys` the API keys.
    """

    def __init__(self, version: str = "1.20.0") -> None:
        self.version = version
        self.faults: list[tuple[str, Response]] = []
        self.meanwhile: list[tuple[str, Callable[[], Awaitable[None]]]] = []
        self.states: list[models.CollectionStatus] = []
        self.seen: list[str] = []
        self.bodies: defaultdict[str, list[Any]] = defaultdict(list)
        self.keys: set[str | None] = set()
        self._local: Any = LocalQdrant()
        self._app = Starlette(routes=[_route(self, *spec) for spec in _ROUTES])

    def client(self, **options: Any) -> AsyncQdrantClient:
        """Make a client that speaks HTTP to this server."""
        transport = httpx.ASGITransport(app=self._app)
        return AsyncQdrantClient(url=URL, transport=transport, check_compatibility=False, **options)

    async def answer(self, request: Request, act: "Act", body: TypeAdapter[Any] | None) -> Response:
        asked = f"{request.method} {request.url.path}"
        self.seen.append(asked)
        self.keys.add(request.headers.get("api-key"))
        for fault in self.faults:
            if asked.startswith(fault[0]):
                self.faults.remove(fault)
                return fault[1]
        for interruption in self.meanwhile:
            if asked.startswith(interruption[0]):
                self.meanwhile.remove(interruption)
                await interruption[1]()
                break
        raw = await request.body()
        if raw:
            self.bodies[asked].append(orjson.loads(raw))
        try:
            parsed = body.validate_json(raw) if body else None
            result = await act(self._local, request.path_params.get("name", ""), parsed)
        except UnexpectedResponse as error:
            return Response(error.content, error.status_code or 500)
        return self._told(result)

    def _told(self, result: Any) -> Response:
        if isinstance(result, models.VersionInfo):  # the one answer without an envelope
            return Response(orjson.dumps({"title": result.title, "version": self.version}))
        if isinstance(result, models.CollectionInfo) and self.states:
            result.status = self.states.pop(0)
        return Response(orjson.dumps({"result": to_jsonable_python(result), "status": "ok", "time": 0.0}))


Act = Callable[[Any, str, Any], Awaitable[Any]]


def failure(status: int, why: str = "as the test wants it") -> Response:
    """Make the answer of a server that fails or refuses."""
    return Response(orjson.dumps({"status": {"error": why}, "time": 0.0}), status)


def _route(server: WireQdrant, method: str, path: str, body: Any, act: Act) -> Route:
    adapter = TypeAdapter(body) if body else None

    async def endpoint(request: Request) -> Response:
        return await server.answer(request, act, adapter)

    return Route(path, endpoint, methods=[method])


def _named(body: BaseModel, **renamed: str) -> dict[str, Any]:
    """Turn a request body into arguments of the client; `renamed` maps its fields to theirs."""
    return {renamed.get(name, name): getattr(body, name) for name in body.model_fields_set}


async def _info(client: Any, _name: str, _body: None) -> Any:
    return await client.info()


async def _create(client: Any, name: str, body: models.CreateCollection) -> Any:
    renamed = {"vectors": "vectors_config", "sparse_vectors": "sparse_vectors_config"}
    return await client.create_collection(name, **_named(body, **renamed))


async def _aliases(client: Any, _name: str, body: models.ChangeAliasesOperation) -> Any:
    return await client.update_collection_aliases(body.actions)


async def _upsert(client: Any, name: str, body: models.PointsList) -> Any:
    return await client.upsert(name, body.points, update_filter=body.update_filter)


async def _query(client: Any, name: str, body: models.QueryRequestBatch) -> Any:
    return await client.query_batch_points(name, requests=body.searches)


_POINTS = "/collections/{name}/points"
_ROUTES: tuple[tuple[str, str, Any, Act], ...] = (
    ("GET", "/", None, _info),
    ("GET", "/collections", None, lambda client, _name, _: client.get_collections()),
    ("GET", "/collections/{name}", None, lambda client, name, _: client.get_collection(name)),
    ("GET", "/collections/{name}/exists", None, lambda client, name, _: _exists(client, name)),
    ("PUT", "/collections/{name}", models.CreateCollection, _create),
    (
        "PATCH",
        "/collections/{name}",
        models.UpdateCollection,
        lambda client, name, body: client.update_collection(name, **_named(body)),
    ),
    ("DELETE", "/collections/{name}", None, lambda client, name, _: client.delete_collection(name)),
    (
        "PUT",
        "/collections/{name}/index",
        models.CreateFieldIndex,
        lambda client, name, body: client.create_payload_index(name, **_named(body)),
    ),
    ("GET", "/aliases", None, lambda client, _name, _: client.get_aliases()),
    ("POST", "/collections/aliases", models.ChangeAliasesOperation, _aliases),
    ("PUT", _POINTS, models.PointsList, _upsert),
    (
        "POST",
        _POINTS,
        models.PointRequest,
        lambda client, name, body: client.retrieve(name, **_named(body, with_vector="with_vectors")),
    ),
    (
        "POST",
        f"{_POINTS}/delete",
        models.PointsSelector,
        lambda client, name, body: client.delete(name, body),
    ),
    (
        "POST",
        f"{_POINTS}/scroll",
        models.ScrollRequest,
        lambda client, name, body: _scroll(client, name, body),
    ),
    ("POST", f"{_POINTS}/count", models.CountRequest, lambda client, name, _: client.count(name)),
    ("POST", f"{_POINTS}/query/batch", models.QueryRequestBatch, _query),
    (
        "POST",
        "/collections/{name}/facet",
        models.FacetRequest,
        lambda client, name, body: client.facet(name, **_named(body, filter="facet_filter")),
    ),
)


async def _exists(client: Any, name: str) -> Any:
    return {"exists": await client.collection_exists(name)}


async def _scroll(client: Any, name: str, body: models.ScrollRequest) -> Any:
    renamed = {"filter": "scroll_filter", "with_vector": "with_vectors"}
    points, offset = await client.scroll(name, **_named(body, **renamed))
    return {"points": points, "next_page_offset": offset}
