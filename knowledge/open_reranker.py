"""The reranker that the settings name."""

from knowledge.errors import InvalidSettings
from knowledge.reranking import Reranker
from knowledge.settings import KnowledgeSettings


def open_reranker(settings: KnowledgeSettings) -> Reranker | None:
    """Make the reranker, None where there is to be none; nothing is loaded or sent yet.

    Only the libraries of the chosen one are imported.

    Raises:
        InvalidSettings: An engine is to rerank and its URL is not set.
        RerankFailed: The cross-encoder is neither a folder nor to be had from the model hub.
    """
    if settings.reranker == "none":
        return None
    if settings.reranker == "cross-encoder":
        from knowledge.cross_encoder import CrossEncoderReranker

        return CrossEncoderReranker(settings.reranker_model, settings.models_path)
    if settings.reranker_url is None:
        raise InvalidSettings("MEDCITE_RERANKER is engine; set MEDCITE_RERANKER_URL to where it listens")
    from knowledge.engine_reranker import EngineReranker

    key = settings.reranker_api_key
    return EngineReranker(
        settings.reranker_url, settings.reranker_model, key.get_secret_value() if key else None
    )
