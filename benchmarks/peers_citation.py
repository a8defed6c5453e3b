"""The peer that answers are measured against: LlamaIndex's `CitationQueryEngine`, with its defaults.

It has our embedder, our engine with our sampling, our cleaned texts and as many passages as ours.
Splitter, sizes of chunks, prompts and response mode are the library's.
"""

import sys
import time
import warnings
from collections.abc import Iterator, Sequence
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

from llama_index.core import StorageContext, VectorStoreIndex
from llama_index.core.llms import CompletionResponse, CustomLLM, LLMMetadata
from llama_index.core.llms.callbacks import llm_completion_callback
from llama_index.core.node_parser import SentenceSplitter
from llama_index.core.query_engine import CitationQueryEngine
from llama_index.core.query_engine.citation_query_engine import DEFAULT_CITATION_CHUNK_SIZE
from llama_index.core.schema import Document as PeerDocument
from llama_index.core.schema import NodeWithScore, QueryBundle
from llama_index.vector_stores.qdrant import QdrantVectorStore
from pydantic import PrivateAttr
from qdrant_client import QdrantClient

from benchmarks.peers import VERSIONS, SameEmbedding
from ingest.cleaning import clean_document
from ingest.loaders import load_document
from ingest.sources import list_entries
from knowledge.document import Document
from knowledge.embedding import Embedder
from rag_service.engine_client import EngineClient
from rag_service.engine_tokenizer import EngineTokenizer
from rag_service.errors import EngineFailed
from rag_service.evaluation.recorded import RecordedAnswer, RecordedSource, RecordedUsage, RecordedVersions
from rag_service.evaluation.spans import Stretch, find_quote
from rag_service.settings import ServiceSettings, short_model_name

_CHAT = "/v1/chat/completions"
_COLLECTION = "citation-peer"


class SameEngine(CustomLLM):  # type: ignore[misc] # the library is not read by mypy here
    """Our engine with our sampling, as LlamaIndex wants it; `usage` adds up what one question took.

    Not a chat model to LlamaIndex, whose default prompt is one text: it goes to the engine as one
    message of the user.
    """

    context_tokens: int
    _client: EngineClient = PrivateAttr()
    _settings: ServiceSettings = PrivateAttr()
    _usage: RecordedUsage = PrivateAttr(default=RecordedUsage())

    def __init__(self, client: EngineClient, settings: ServiceSettings, context_tokens: int) -> None:
        super().__init__(context_tokens=context_tokens)
        self._client = client
        self._settings = settings

    @property
    def usage(self) -> RecordedUsage:
        return self._usage

    @property
    def metadata(self) -> LLMMetadata:
        return LLMMetadata(
            context_window=self.context_tokens,
            num_output=self._settings.answer_tokens,
            model_name=self._settings.engine_model,
        )

    @llm_completion_callback()  # type: ignore[untyped-decorator]
    async def acomplete(self, prompt: str, formatted: bool = False, **_: Any) -> CompletionResponse:
        """Ask the engine with one user message and give what it wrote; `formatted` changes nothing."""
        settings = self._settings
        body = {
            "model": settings.engine_model,
            "messages": [{"role": "user", "content": prompt}],
            "temperature": settings.temperature,
            "top_p": settings.top_p,
            "max_tokens": settings.answer_tokens,
            # No seed, which should only make answers repeatable: vLLM's CPU build (0.32.0) dies of one ("CPU
            # Generator does not use offset") when a prompt is longer than its 2,048 tokens a step, as the
            # peer's are. To be sent when `_bookkeeping_sync` in its gpu_model_runner.py spares CPU generators.
        }
        # Not streamed, so that a long prompt on a slow machine is no silence that ends the request.
        reply: Any = await self._client.ask(_CHAT, body, settings.engine_total_timeout_s)
        try:
            text, spent = reply["choices"][0]["message"]["content"] or "", reply["usage"]
            self._usage = RecordedUsage(
                prompt_tokens=self._usage.prompt_tokens + spent["prompt_tokens"],
                completion_tokens=self._usage.completion_tokens + spent["completion_tokens"],
            )
        except (KeyError, IndexError, TypeError) as error:
            raise EngineFailed("the language model sent an answer that is not in OpenAI's format") from error
        return CompletionResponse(text=text)

    def complete(self, prompt: str, formatted: bool = False, **_: Any) -> CompletionResponse:
        raise NotImplementedError("questions are asked on the event loop")

    def stream_complete(self, prompt: str, formatted: bool = False, **_: Any) -> Iterator[CompletionResponse]:
        raise NotImplementedError("questions are asked on the event loop")


class CitationSide:
    """LlamaIndex's way from a question to an answer with numbered sources; embeds the corpus when made.

    Args:
        documents: The corpus.
        embedder: The embedder that our side uses.
        settings: Engine, sampling, and how many passages are found.
    """

    def __init__(self, documents: Sequence[Document], embedder: Embedder, settings: ServiceSettings) -> None:
        self._documents = {document.imprint.document_id: document for document in documents}
        self._settings = settings
        self._client = EngineClient(settings)
        self._tokenizer = EngineTokenizer(self._client, settings.engine_model)
        self._index = _build_index(documents, SameEmbedding(embedder))

    async def answer(self, question: str) -> RecordedAnswer:
        """Ask one question; what comes back has its text as it was written, and is not judged yet.

        Raises:
            ServiceError: The engine is away, or refused the request.
        """
        settings = self._settings
        length = await self._tokenizer.context_length()
        if length is None:
            raise EngineFailed(f"the engine does not say how long a prompt {settings.engine_model!r} takes")
        model = SameEngine(self._client, settings, length)
        engine = CitationQueryEngine.from_args(self._index, llm=model, similarity_top_k=settings.max_passages)
        asked, started = QueryBundle(question), time.perf_counter()
        # The two steps of its `query`; the first not awaited, because Qdrant's local mode cannot be.
        found = engine.retrieve(asked)
        retrieved = time.perf_counter()
        response = await engine.asynthesize(asked, found)
        ended = time.perf_counter()
        return RecordedAnswer(
            text=str(response),
            sources=tuple(self._source(n, node) for n, node in enumerate(response.source_nodes, start=1)),
            model=short_model_name(settings.engine_model),
            versions=RecordedVersions(prompt=VERSIONS.partition(",")[0], policy="none"),
            usage=model.usage,
            timings_ms={"retrieve": (retrieved - started) * 1000, "total": (ended - started) * 1000},
        )

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()

    def _source(self, marker: int, node: NodeWithScore) -> RecordedSource:
        document = self._documents[node.node.ref_doc_id]
        shown = node.node.get_content().removeprefix(f"Source {marker}:\n").removesuffix("\n")
        start, end = _place(shown, document)
        headings = (h for s in document.sections if s.start < end and start < s.end for h in s.path)
        return RecordedSource(
            marker=marker,
            passage_id=f"{document.imprint.document_id}:{start}-{end}",
            document_id=document.imprint.document_id,
            title=document.imprint.title,
            # All that it reaches into: a chunk knows of no sections.
            section_path=tuple(dict.fromkeys(headings)),
            start=start,
            end=end,
            text=document.text[start:end],
        )


def peer_settings(settings: ServiceSettings, embedder: Embedder) -> dict[str, str]:
    """Give the settings that the peer's answers depend on, as text."""
    splitter = SentenceSplitter()
    return {
        "versions": VERSIONS,
        "chunks": f"SentenceSplitter {splitter.chunk_size}/{splitter.chunk_overlap}",
        "citation_chunk_size": str(DEFAULT_CITATION_CHUNK_SIZE),
        "similarity_top_k": str(settings.max_passages),
        "prompts": "CITATION_QA_TEMPLATE, CITATION_REFINE_TEMPLATE, compact",
        "embedder": embedder.fingerprint,
        "engine_model": settings.engine_model,
        "sampling": f"{settings.temperature:g}/{settings.top_p:g}/{settings.answer_tokens}, no seed",
    }


def load_corpus(folder: Path) -> list[Document]:
    """Load and clean the documents of a folder as ingest does.

    Raises:
        SourceMissing: There is no such folder.
        UnreadableDocument: One of its files cannot be read.
    """
    return [clean_document(load_document(entry)) for entry in list_entries(folder)]


def _build_index(documents: Sequence[Document], embedding: SameEmbedding) -> VectorStoreIndex:
    # Qdrant's local mode says that it has no payload indexes.
    warnings.filterwarnings("ignore", "Payload indexes have no effect", UserWarning)
    vectors = QdrantVectorStore(collection_name=_COLLECTION, client=QdrantClient(":memory:"))
    # The splitter prints where titles are long; --json needs stdout for itself.
    with redirect_stdout(sys.stderr):
        return VectorStoreIndex.from_documents(
            [_as_theirs(document) for document in documents],
            storage_context=StorageContext.from_defaults(vector_store=vectors),
            transformations=[SentenceSplitter()],
            embed_model=embedding,
        )


def _as_theirs(document: Document) -> PeerDocument:
    """Put the title where it counts: as metadata it is embedded with each chunk, as a heading it is shown."""
    imprint = document.imprint
    return PeerDocument(
        id_=imprint.document_id,
        text=f"# {imprint.title}\n\n{document.text}",
        metadata={"title": imprint.title},
    )


def _place(shown: str, document: Document) -> tuple[int, int]:
    """Find where a chunk stands in the text; the title in front of it stands nowhere there."""
    words = shown.removeprefix(f"# {document.imprint.title}").strip()
    start = document.text.find(words)
    if start >= 0:
        return start, start + len(words)
    # A splitter may change the blanks.
    places = find_quote(words, [Stretch(0, document.text)])
    return (places[0][0], places[0][-1] + 1) if places else (0, 0)
