"""Evaluation: how well the service answers questions whose answers people have marked."""
