"""The pure room: from studies to associations. No store, no question, no setting; the same rows give the same figures."""
