"""Tulle's benchmark: what docs/benchmark.md describes, row by row."""
