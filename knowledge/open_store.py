"""The store that the settings name."""

from knowledge.settings import KnowledgeSettings
from knowledge.store import PassageStore


def open_store(settings: KnowledgeSettings) -> PassageStore:
    """Open the Qdrant server if a URL is set, else the embedded store; nothing is read or sent yet.

    Only the library of the chosen store is imported.
    """
    if settings.qdrant_url is None:
        from knowledge.edge_store import EdgeStore

        return EdgeStore(settings.knowledge_path, settings.keep_generations)
    from knowledge.server_connection import connect
    from knowledge.server_layout import Layout
    from knowledge.server_store import ServerStore

    key = settings.qdrant_api_key
    replicas = settings.qdrant_replicas
    layout = Layout(shards=settings.qdrant_shards, replicas=replicas, write_consistency=replicas // 2 + 1)
    server = connect(settings.qdrant_url, key.get_secret_value() if key else None)
    return ServerStore(server, settings.keep_generations, layout)
