"""Answers questions from the index: screening, retrieval, generation, verification, HTTP."""
