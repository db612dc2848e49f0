"""genint train and genint eval: data sets and settings."""

from pathlib import Path

from genint.datasets.build import make_dataset
from genint.datasets.splits import Split
from genint.genome.fasta import Genome
from tests.conftest import EXAMPLE
from tests.wrong_inputs.cases import GENOME, SMALL_FASTA, Arguments, case, written


def example_dataset(folder: Path) -> Path:
    """The data set of the example bigWigs."""
    with Genome(GENOME) as genome:
        make_dataset(genome, EXAMPLE / "tracks.tsv", folder / "dataset", split=Split(valid=["chr3"], test=["chr2"]))
    return folder / "dataset"


@case
def train_on_something_else(folder: Path, model: Path) -> tuple[Arguments, list[str]]:
    return ["train", model], ["not a finished data set"]


@case
def train_with_an_unknown_architecture(folder: Path, model: Path) -> tuple[Arguments, list[str]]:
    return ["train", model, "--architecture", "oracle"], ["oracle", "interpreter"]


@case
def train_without_attention_where_there_is_none(folder: Path, model: Path) -> tuple[Arguments, list[str]]:
    return ["train", model, "--architecture", "enformer", "--no-attention"], ["--attention is off", "interpreter"]


@case
def train_with_an_unknown_setting(folder: Path, model: Path) -> tuple[Arguments, list[str]]:
    return ["train", model, "--config", written(folder / "bad.toml", "speed = 11\n")], ["bad.toml", "speed"]


@case
def train_with_a_setting_of_the_wrong_type(folder: Path, model: Path) -> tuple[Arguments, list[str]]:
    return ["train", model, "--config", written(folder / "bad.toml", 'steps = "many"\n')], ["bad.toml", "steps"]


@case
def train_with_a_config_that_is_not_toml(folder: Path, model: Path) -> tuple[Arguments, list[str]]:
    return ["train", model, "--config", written(folder / "bad.toml", "steps 5\n")], ["bad.toml", "TOML"]


@case
def train_with_a_config_in_utf_16(folder: Path, model: Path) -> tuple[Arguments, list[str]]:
    config = written(folder / "bad.toml", "steps = 5\n".encode("utf-16"))
    return ["train", model, "--config", config], ["bad.toml, line 1", "not UTF-8 text", "TOML"]


@case
def train_with_a_seed_that_is_too_large(folder: Path, model: Path) -> tuple[Arguments, list[str]]:
    return ["train", model, "--seed", 5_000_000_000], ["seed is 5000000000", "4294967296"]


@case
def train_from_a_model_of_another_architecture(folder: Path, model: Path) -> tuple[Arguments, list[str]]:
    return ["train", model, "--from", model, "--architecture", "enformer"], ["architecture", "interpreter", "Leave"]


@case
def train_with_a_teacher_that_is_not_there(folder: Path, model: Path) -> tuple[Arguments, list[str]]:
    return ["train", example_dataset(folder), "--teachers", model, "--teachers", "nobody"], ["nobody", "bundled"]


@case
def train_with_a_teacher_of_other_windows(folder: Path, model: Path) -> tuple[Arguments, list[str]]:
    return ["train", example_dataset(folder), "--teachers", model], ["--teachers", "2,048 + 2 x 128", "--preset"]


@case
def train_with_a_weight_of_teachers_above_1(folder: Path, model: Path) -> tuple[Arguments, list[str]]:
    return ["train", model, "--teacher-weight", 2], ["--teacher-weight is 2.0", "at most 1"]


@case
def train_with_teachers_that_are_no_list(folder: Path, model: Path) -> tuple[Arguments, list[str]]:
    config = written(folder / "bad.toml", 'teachers = "one"\n')
    return ["train", model, "--config", config], ["bad.toml", "teachers = 'one'", "list of strings"]


@case
def eval_without_a_data_set(folder: Path, model: Path) -> tuple[Arguments, list[str]]:
    return ["eval", folder, model], ["not a finished data set"]


@case
def pretrain_on_something_else(folder: Path, model: Path) -> tuple[Arguments, list[str]]:
    return ["pretrain", model / "tracks.tsv"], ["tracks.tsv", "FASTA"]


@case
def pretrain_on_chromosomes_shorter_than_a_window(folder: Path, model: Path) -> tuple[Arguments, list[str]]:
    genome = written(folder / "small.fa", SMALL_FASTA)
    return ["pretrain", genome], ["small.fa", "no chromosome of at least 17,408 bp"]


@case
def pretrain_with_every_chromosome_held_out(folder: Path, model: Path) -> tuple[Arguments, list[str]]:
    return ["pretrain", GENOME, "--hold-out", "chr1,chr2,chr3"], ["genome.fa", "left to learn from", "--hold-out"]


@case
def pretrain_with_a_chromosome_held_out_that_is_not_there(folder: Path, model: Path) -> tuple[Arguments, list[str]]:
    return ["pretrain", GENOME, "--hold-out", "chr3,chr9"], ["--hold-out", "chr9", "no genome has"]


@case
def pretrain_with_nothing_masked(folder: Path, model: Path) -> tuple[Arguments, list[str]]:
    return ["pretrain", GENOME, "--mask-fraction", "0"], ["--mask-fraction is 0.0", "more than 0"]


@case
def pretrain_with_an_unknown_preset(folder: Path, model: Path) -> tuple[Arguments, list[str]]:
    return ["pretrain", GENOME, "--preset", "huge"], ["--preset 'huge'", "small"]
