"""What every base adds to a prediction: gradients, mutants, motifs, checks."""
