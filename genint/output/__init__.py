"""Output: predictions on disk, the formats they are written in, and the folder of a run."""
