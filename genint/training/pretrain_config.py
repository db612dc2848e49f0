"""The settings of pretraining. Nothing heavy is imported."""

from dataclasses import dataclass
from typing import Annotated

from genint.errors import InputError
from genint.training.config import RunConfig


@dataclass(frozen=True, kw_only=True)
class PretrainConfig(RunConfig):
    """Everything that decides a pretraining besides the genomes. Written beside the trunk as train.toml.

    A fraction of 0.15 is BERT's, which language models of DNA took over (Nucleotide Transformer, Caduceus). Single
    bases are masked, as in Caduceus: longer spans were DNABERT's remedy against tokens that overlap, and these do not.
    Raises InputError for a number that makes no sense.
    """

    architecture: Annotated[str, "Kind of model."] = "interpreter"
    preset: Annotated[str, "Its size."] = "small"
    mask_fraction: Annotated[float, "Fraction of the bases that are to be predicted."] = 0.15
    span: Annotated[int, "Bases in a row that are masked together."] = 1

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 < self.mask_fraction < 1:
            raise InputError(f"`mask_fraction` is {self.mask_fraction}. Expected more than 0 and less than 1")
        if self.span < 1:
            raise InputError(f"`span` is {self.span}. Expected a number above 0")
