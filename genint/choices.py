"""The words that options choose from, in Python and on the command line.

Here, below everything, because help must not wait for the modules that use them. `typing.get_args` gives the words.
"""

from typing import Literal

Scale = Literal["coverage", "model"]  # units of the training bigWigs, or the model's own
Statistic = Literal["mean", "sum", "max"]  # of a region's bases
Dtype = Literal["auto", "float32", "bfloat16"]
Split = Literal["train", "valid", "test"]
Recipe = Literal["new", "old"]  # how targets are transformed
TrainingDevice = Literal["auto", "cpu", "cuda", "mps"]
Strategy = Literal["auto", "ddp", "fsdp"]  # of training on several devices
AttributionMethod = Literal["screened", "mutagenesis", "gradient", "integrated"]  # how bases are scored
RolloutMethod = Literal["raw", "half", "norm"]  # how much of a residual sum is its branch
Convolutions = Literal["count", "ignore"]  # whether tokens come together through convolutions, too
