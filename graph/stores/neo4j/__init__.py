"""The graph in a Neo4j server, cluster or Aura instance, by the official driver; the one place that imports it.

cypher       every statement
rows         the graph as rows of properties, and rows made into the graph's objects
connection   the driver, its sessions, and its errors in our words
lease        one loader at a time
loading      a new generation beside the old one, one small swap, the old one deleted
store        readers of the generation that is current
"""
