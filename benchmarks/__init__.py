"""Benchmarks: commands that print figures beside a named reference measured in the same run. docs/benchmarks.md shows them."""
