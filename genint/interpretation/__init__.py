"""Why a model predicts what it does, and what it says of changes to the DNA."""
