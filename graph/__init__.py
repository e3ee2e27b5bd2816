"""From studies to a weighted evidence graph, and the questions asked of it.

    studies -> synthesis (observations, one report a cohort, an association an edge) -> build (the graph)
            -> stores (one port) -> questions -> opening

Everything up to `build` is pure: the same studies give the same graph, in whatever order they come.
"""
