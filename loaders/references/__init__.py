"""Reference files (RIS, nbib, BibTeX, CSL-JSON), and what they fill in of sheets."""
