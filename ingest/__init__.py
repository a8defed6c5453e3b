"""Fills the index: sources, loaders, chunking, the pipeline."""
