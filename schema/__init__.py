"""What the evidence is made of: studies, vocabulary, populations, and the graph's nodes and edges.

The lowest layer. It imports nothing of ours: `api > graph.opening > (loaders | graph) > schema`.
"""
