"""Tables that reviewers have (workbooks, CSV, TSV): names of columns, values of cells, rows of studies; and tables of our own."""
