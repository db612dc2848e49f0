"""Pretraining: genomes without labels go in, a trunk that `train --from` starts from comes out."""

import dataclasses
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import lightning
import torch

from genint import __version__
from genint.console import Console
from genint.errors import InputError
from genint.genome.dna_source import DnaSource
from genint.genome.fasta import Assembly
from genint.models.folder import Trunk, load_trunk, save_trunk
from genint.models.registry import ARCHITECTURES, build
from genint.prediction.settings import AnyGenome, open_genome
from genint.provenance import command_line
from genint.training.callbacks import RunLog
from genint.training.config import check_preset
from genint.training.masked_baselines import FLANK, ContextCounts, MaskedScore, score_probabilities
from genint.training.masked_dna import HeldOutWindows, PretrainingDna, divide_genomes
from genint.training.model_card import write_pretraining_card
from genint.training.pretrain_config import PretrainConfig
from genint.training.pretraining_module import PretrainingModule
from genint.training.run_folder import claim, make_checkpoint, report_refusals
from genint.training.trainer import ComputeResources, check_resources, describe_resources, fit

_COUNTED_BP = 10_000_000  # training DNA that the baselines are counted in


def pretrain(
    genomes: Sequence[AnyGenome],
    out: Path | str,
    config: PretrainConfig | None = None,
    *,
    hold_out: Sequence[str] = (),
    console: Console | None = None,
    resources: ComputeResources | None = None,
    **settings: Any,
) -> Trunk:
    """Teach a trunk to predict masked bases of genomes, and write it to `out`, for `train(from_model=out)`.

    Chromosomes named in `hold_out` enter training from no genome that has them; they are the validation. The weights
    after `config.steps` steps are kept, averaged when ema_decay is set. A run resumes from `out`/training/last.ckpt;
    of a finished one the trunk is returned, and no file changes. `settings` are fields of PretrainConfig that win over
    `config`. Raises InputError for genomes without DNA to learn from, for a name in `hold_out` that no genome has, and
    as `train` does; OutputError when the system refuses to write.
    """
    config = dataclasses.replace(config or PretrainConfig(), **settings)
    out, console, resources = Path(out), console or Console(quiet=True), resources or ComputeResources()
    check_preset(config.architecture, config.preset)
    check_resources(config, resources)
    console.say(describe_resources(config, resources))
    if not genomes:
        raise InputError("`genomes`: is empty. Expected FASTA files")
    with ExitStack() as stack:
        opened = [stack.enter_context(open_genome(genome)) for genome in genomes]
        geometry = ARCHITECTURES[config.architecture].presets[config.preset]().geometry
        dna = divide_genomes(opened, hold_out, geometry.input_bp, console)
        data = {"genomes": [_identify(genome) for genome in opened], "hold_out": list(hold_out)}
        with report_refusals(out):
            claim(out / "training", config, data)
            if (out / "config.json").exists():  # the last file that a run writes
                console.say(f"{out}: this run is finished")
            else:
                _fit(dna, out, data, config, console, resources)
    return load_trunk(out)


def _identify(genome: DnaSource) -> dict[str, object]:
    """Which genome this is, wherever its file lies and whenever it was copied there."""
    return {name: value for name, value in genome.identity().items() if name not in ("bytes", "modified")}


def _fit(
    dna: PretrainingDna,
    out: Path,
    data: dict[str, Any],
    config: PretrainConfig,
    console: Console,
    resources: ComputeResources,
) -> None:
    """Run Lightning over the steps that are left, then save the last trunk with its scores."""
    lightning.seed_everything(config.seed, verbose=False)
    model = build(config.architecture, ARCHITECTURES[config.architecture].presets[config.preset](), 1)
    held_out = HeldOutWindows(dna.held_out, model.geometry.input_bp, fraction=config.mask_fraction, span=config.span)
    module, folder = PretrainingModule(model, dna.training, held_out, config), out / "training"
    figures = ("train_loss", "val_loss", "val_accuracy") if len(held_out) else ("train_loss",)
    log = RunLog(folder / "log.csv", config.steps, console, figures)
    trainer = fit(module, folder, config, resources, log=log, callbacks=[make_checkpoint(folder, "last")])
    if trainer.is_global_zero:
        checkpoint = torch.load(folder / "last.ckpt", map_location="cpu", weights_only=True)
        module.load_state_dict(checkpoint["state_dict"])
        console.say("scoring held-out windows ...")
        training = {"genint": __version__, "command": command_line(), **data, **dataclasses.asdict(config)}
        training["scores"] = _score(module, held_out)
        assembly = Assembly(", ".join(_name(genome) for genome in data["genomes"]), {})
        card = write_pretraining_card(out.name, model, training)
        save_trunk(out, model, assembly, architecture=config.architecture, training=training, card=card)
    trainer.strategy.barrier()


def _name(genome: dict[str, Any]) -> str:
    return str(genome.get("assembly") or genome.get("name"))


def _score(module: PretrainingModule, held_out: HeldOutWindows) -> list[dict[str, Any]]:
    """A row per genome with held-out chromosomes and predictor: the model, the composition, the bases around."""
    if not len(held_out):
        return []
    predictors = {"composition": ContextCounts(0), f"{FLANK} bases on each side": ContextCounts(FLANK)}
    windows = module.training_windows(range(max(_COUNTED_BP // module.model.geometry.input_bp, 1)))
    for position in range(len(windows)):
        tokens = windows.read(position)
        for counts in predictors.values():
            counts.add(tokens)
    rows = []
    for genome in held_out.genomes:
        positions = held_out.positions(genome)
        if positions:
            name = Path(genome).name
            rows.append({"genome": name, "predictor": "model", **module.score(positions)._asdict()})
            rows += [
                {"genome": name, "predictor": predictor, **_score_counts(counts, held_out, positions)._asdict()}
                for predictor, counts in predictors.items()
            ]
    return rows


def _score_counts(counts: ContextCounts, held_out: HeldOutWindows, positions: list[int]) -> MaskedScore:
    """The score of a baseline on the windows and masks that the model is scored on."""
    scores = [
        score_probabilities(counts.probabilities(held_out.read(position)), held_out[position][1].numpy())
        for position in positions
    ]
    scores = [score for score in scores if score.bases]
    bases = sum(score.bases for score in scores)
    return MaskedScore(
        bases,
        sum(score.bases * score.cross_entropy for score in scores) / max(bases, 1),
        sum(score.bases * score.accuracy for score in scores) / max(bases, 1),
    )
