"""Evaluation: how well search finds what people marked as right, on labelled sets."""
