"""What a checkout answers, written down and compared: `python -m benchmarks.answers record FOLDER`, `... compare FOLDER`."""
