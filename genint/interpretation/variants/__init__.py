"""What variants of a VCF do to the tracks."""
