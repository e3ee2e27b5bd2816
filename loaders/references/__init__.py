"""Reference files (RIS, nbib, BibTeX, CSL-JSON, Web of Science's text), and what they fill in of sheets."""
