"""What a user meets: routes, command line, server. Thin over graph.questions; nothing is computed here."""
