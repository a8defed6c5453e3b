"""Small makers of what the tests of the service need."""

import asyncio
import json
import zlib
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from fastapi.testclient import TestClient
from hypothesis import settings

from knowledge.document import Imprint, Language
from knowledge.edge_store import EdgeStore
from knowledge.embedding import QuestionEmbedder, Vectors
from knowledge.embedding_fake import HashingEmbedder
from knowledge.errors import EmbeddingFailed
from knowledge.generation import DocumentRecord, Manifest, Recipe
from knowledge.passage import Passage, passage_id
from knowledge.sparse import weigh_passage
from knowledge.store import EmbeddedPassages
from rag_service.answer_request import AnswerRequest, Message
from rag_service.answering import Answerer
from rag_service.app import Parts, create_app
from rag_service.events import Event, NoticeEvent
from rag_service.generation import Generator
from rag_service.library import Library
from rag_service.screening import load_policy
from rag_service.settings import ServiceSettings

# The machine may be busy: a law has no deadline, and few examples.
law = settings(deadline=None, max_examples=60)

GENERATION = "20260101T000000Z-abc123"

PRESSURE = "who/hypertension"
PRESSURE_TEXTS = (
    "# 血压\n家庭自测血压的高血压诊断标准是135/85 mmHg。诊室血压的标准是140/90 mmHg。\n",
    "- 测量前应安静休息5分钟，并排空膀胱。\n- 每次测量2次，取平均值。\n",
)
METFORMIN = "nih/metformin"
METFORMIN_TEXTS = (
    "Metformin lowers blood glucose in type 2 diabetes. The usual starting dose is 500 mg twice a day. ",
    "Metformin must not be used when the eGFR is below 30 mL/min. It seldom causes hypoglycaemia. ",
)


def make_passages(
    document_id: str, texts: Sequence[str], language: Language = "en", section: str = "Basics"
) -> list[Passage]:
    """Make passages that tile one document."""
    imprint = Imprint(document_id=document_id, title=document_id.title(), language=language, publisher="WHO")
    starts = [sum(map(len, texts[:ordinal])) for ordinal in range(len(texts))]
    return [
        Passage(
            passage_id=passage_id(document_id, "r1", ordinal),
            ordinal=ordinal,
            section_path=(section,),
            start=start,
            end=start + len(text),
            kind="prose",
            n_tokens=len(text),
            text=text,
            context=f"{imprint.title} > {section}",
            imprint=imprint,
        )
        for ordinal, (start, text) in enumerate(zip(starts, texts, strict=True))
    ]


def make_passage(text: str, *, start: int = 0, n_tokens: int = 10, context: str = "Title") -> Passage:
    """Make one passage that begins at `start` of its document."""
    (passage,) = make_passages("doc", [text])
    return replace(passage, start=start, end=start + len(text), n_tokens=n_tokens, context=context)


def pressure() -> list[Passage]:
    """Make the passages of a Chinese document about blood pressure."""
    return make_passages(PRESSURE, PRESSURE_TEXTS, "zh", "测量")


def metformin() -> list[Passage]:
    """Make the passages of an English document about a drug."""
    return make_passages(METFORMIN, METFORMIN_TEXTS)


async def publish(root: Path, passages: list[Passage], embedder: HashingEmbedder | None = None) -> EdgeStore:
    """Publish a generation with these passages."""
    embedder = embedder or HashingEmbedder()
    texts = [passage.embedded_text for passage in passages]
    counts = {p.document_id: sum(q.document_id == p.document_id for q in passages) for p in passages}
    manifest = Manifest(
        generation=GENERATION,
        parent=None,
        created_at="2026-01-01T00:00:00Z",
        recipe=Recipe("loader-1", "chunker-1", "sparse-1", embedder.fingerprint),
        documents={
            name: DocumentRecord("source", name, f"{zlib.crc32(name.encode()):08x}", "r1", count)
            for name, count in counts.items()
        },
    )
    store = EdgeStore(root)
    async with store.write(GENERATION, None) as writer:
        dense = embedder.embed_passages(texts)
        await writer.upsert(EmbeddedPassages(passages, dense, [weigh_passage(text) for text in texts]))
        await writer.complete(manifest)
        await store.publish(GENERATION)
    return store


def settings_for(changed: dict[str, Any]) -> ServiceSettings:
    """Make settings; the stand-in for the embedder is not what sufficiency is fit to."""
    return ServiceSettings(**{"least_sufficiency": 0.0, "believed_sufficiency": 1.0, **changed})


@asynccontextmanager
async def open_answerer(
    store: EdgeStore, generator: Generator, embedder: QuestionEmbedder | None = None, **changed: object
) -> AsyncIterator[Answerer]:
    """Give an answerer over the current generation of a store."""
    library = Library(store, embedder or HashingEmbedder())
    await library.open()
    try:
        yield Answerer(library, generator, load_policy(), settings_for(changed))
    finally:
        await library.close()


class FailingEmbedder:
    """An embedder of the same name as that of the index, whose model cannot be loaded."""

    fingerprint = HashingEmbedder().fingerprint

    def embed_queries(self, texts: list[str]) -> Vectors:
        """Fail."""
        raise EmbeddingFailed(f"no model for {len(texts)} texts")


async def ask(answerer: Answerer, question: str, **fields: object) -> list[Event]:
    """Ask and collect all events of the answer."""
    draft = await answerer.prepare(AnswerRequest(question=question, **fields))
    return [event async for event in answerer.stream(draft)]


def messages_of(*texts: str) -> tuple[Message, ...]:
    """Give the messages of a conversation in which the user and the assistant take turns."""
    return tuple(
        Message(role="assistant" if number % 2 else "user", content=text) for number, text in enumerate(texts)
    )


def types_of(events: Sequence[Event]) -> list[str]:
    """Give the type of each event."""
    return [event.type for event in events]


def kinds_of(events: Sequence[Event]) -> list[str]:
    """Give the kind of each notice."""
    return [event.kind for event in events if isinstance(event, NoticeEvent)]


@contextmanager
def open_client(
    store: EdgeStore, generator: Generator, embedder: QuestionEmbedder | None = None, **changed: object
) -> Iterator[TestClient]:
    """Give a client of the whole application, in this process."""
    library = Library(store, embedder or HashingEmbedder())
    asyncio.run(library.open())
    parts = Parts(settings_for(changed), library, generator, load_policy())
    with TestClient(create_app(parts)) as client:
        yield client


def events_of(response: Any) -> list[dict[str, Any]]:
    """Read server-sent events: each as its `id`, its `event` and its decoded `data`."""
    fields = [
        dict(line.split(": ", 1) for line in block.split("\n"))
        for block in response.text.split("\n\n")
        if block
    ]
    return [{**event, "data": json.loads(event["data"])} for event in fields]
