"""REST: the questions under /v1 as they are declared, and by hand what is no question."""
