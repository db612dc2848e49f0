"""Where a bin's content comes from: attention rollout and flow through all steps of a model."""
