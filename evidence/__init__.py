"""The shipped corpus: extraction sheets of published papers, as data."""

from pathlib import Path

FOLDER = Path(__file__).parent
STUDIES = FOLDER / "studies"
