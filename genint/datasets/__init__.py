"""Data sets: binned targets, regions and split, made once from FASTA and bigWigs, read many times."""
