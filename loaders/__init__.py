"""From files to studies.

    files (find) -> plain values with the line of each (documents) -> Study objects, or problems with their place (sheets): one sheet at a
    time (validation), its names as terms (slugs), what can be judged of a wrong one (repair), and what a graph makes of it (a callback)
    tables: cells (workbook, delimited) -> names of columns (headers) -> values of cells (cells) -> the same documents (tables/)

A load is whole: where anything is wrong, every problem of every file is told and nothing is handed on, unless the caller keeps going.
"""
