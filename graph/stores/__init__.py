"""Where a graph is kept. `port.Store` is what questions know; one module a backend."""
