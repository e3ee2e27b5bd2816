"""From studies to a weighted evidence graph, and the questions asked of it.

    studies -> reading (rows as observations) -> votes (one per patient) -> synthesis (an edge) -> build (the graph)
            -> stores (one port) -> questions -> opening

Everything up to `build` is pure: the same studies give the same graph, in whatever order they come.
"""
