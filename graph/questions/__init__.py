"""The questions, over the port of a store."""
