"""A genome: regions, FASTA, chromosome names, DNA as numbers, and the grid of bins and tiles."""
