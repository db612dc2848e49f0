"""Lightning's trainer as every run sets it up, and where it computes."""

import logging
import signal
import warnings
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import lightning
import torch
from lightning.pytorch.callbacks import Callback, ModelCheckpoint

from genint.errors import InputError
from genint.prediction.devices import choose_device, choose_dtype, describe_device
from genint.training.callbacks import Averaging, RunLog
from genint.training.config import RunConfig
from genint.training.parallel_windows import ParallelWindows, can_part_windows, count_threads
from genint.training.run_folder import find_checkpoint
from genint.training.run_module import RunModule


@dataclass(frozen=True, kw_only=True)
class ComputeResources:
    """Where a run computes; none of it changes what the run learns, beyond rounding.

    `device`: auto, cpu, cuda or mps. `processes`: on each of `nodes` nodes, one per GPU. `strategy`: auto (ddp when
    there are several processes), ddp, or fsdp, which spreads the weights, too. `threads`: of each process on a
    CPU, for a window each; 0: its part of the cores that may really be used, at most 8. `tensorboard`: also log for it.
    """

    device: str = "auto"
    processes: int = 1
    nodes: int = 1
    strategy: str = "auto"
    threads: int = 0
    tensorboard: bool = False


def check_resources(config: RunConfig, resources: ComputeResources) -> None:
    """Raise InputError for a device or strategy that there is not, and for a batch that cannot be divided evenly."""
    if resources.device not in ("auto", "cpu", "cuda", "mps"):
        raise InputError(f"`device` {resources.device}: not one of auto, cpu, cuda, mps")
    if resources.device in ("cuda", "mps"):
        choose_device(resources.device)
    if resources.strategy not in ("auto", "ddp", "fsdp"):
        raise InputError(f"`strategy` {resources.strategy}: not one of auto, ddp, fsdp")
    parts = resources.processes * resources.nodes * config.accumulate
    if config.batch_size % parts:
        raise InputError(
            f"`batch_size` is {config.batch_size}; {resources.nodes} node(s) of {resources.processes} process(es), "
            f"computing in {config.accumulate} part(s), cannot divide that evenly. Expected a multiple of {parts}"
        )


def describe_resources(config: RunConfig, resources: ComputeResources) -> str:
    """One line for the user: what computes, and in which numbers."""
    device = choose_device(resources.device)
    dtype = choose_dtype(config.precision, device, training=True)
    return describe_device(device, dtype, count_threads(resources.threads, resources.processes))


def fit(
    module: RunModule,
    folder: Path,
    config: RunConfig,
    resources: ComputeResources,
    *,
    log: RunLog,
    callbacks: Sequence[Callback],
) -> lightning.Trainer:
    """Run the steps that are left, with checkpoints in `folder`; the trainer afterwards.

    `callbacks`, among them those that keep checkpoints, come after the averaging of the weights and the log.
    """
    averaging = [Averaging(config.ema_decay)] if config.ema_decay else []
    kept = [callback.filename for callback in callbacks if isinstance(callback, ModelCheckpoint) and callback.filename]
    with ExitStack() as stack:
        stack.enter_context(_quiet_lightning())
        stack.enter_context(log)
        trainer = _make_trainer(folder, config, resources, [*averaging, log, *callbacks])
        stack.enter_context(_compute_in_threads(module, resources))
        stack.enter_context(_keep_ctrl_c())
        trainer.fit(module, ckpt_path=find_checkpoint(folder, kept))
    return trainer


@contextmanager
def _compute_in_threads(module: RunModule, resources: ComputeResources) -> Iterator[None]:
    """On a CPU, let the module compute windows in threads; one that cannot leaves the cores to each operation."""
    if choose_device(resources.device).type != "cpu":
        yield
        return
    threads, before = count_threads(resources.threads, resources.processes), torch.get_num_threads()
    if can_part_windows(module):
        with ParallelWindows(threads) as module.parallel:
            yield
        module.parallel = None
    else:
        torch.set_num_threads(threads)
        try:
            yield
        finally:
            torch.set_num_threads(before)


def _make_trainer(
    folder: Path, config: RunConfig, resources: ComputeResources, callbacks: list[Callback]
) -> lightning.Trainer:
    several = resources.processes * resources.nodes > 1
    dtype = choose_dtype(config.precision, choose_device(resources.device), training=True)
    logger: Any = False
    if resources.tensorboard:
        from lightning.pytorch.loggers import TensorBoardLogger

        try:
            logger = TensorBoardLogger(folder, name="tensorboard", version="")
        except ModuleNotFoundError:
            raise InputError("`tensorboard`: it is not installed. Run: pip install tensorboard") from None
    return lightning.Trainer(
        default_root_dir=folder,
        accelerator={"cuda": "gpu"}.get(resources.device, resources.device),
        devices=resources.processes,
        num_nodes=resources.nodes,
        strategy=("ddp" if several else "auto") if resources.strategy == "auto" else resources.strategy,
        max_steps=config.steps,
        accumulate_grad_batches=config.accumulate,
        precision="bf16-mixed" if dtype == torch.bfloat16 else "32-true",
        gradient_clip_val=config.gradient_clip or None,
        callbacks=callbacks,
        logger=logger,
        enable_progress_bar=False,
        enable_model_summary=False,
        num_sanity_val_steps=0,
        reload_dataloaders_every_n_epochs=1,
        use_distributed_sampler=False,  # modules deal out windows themselves: none is padded or shuffled
    )


@contextmanager
def _keep_ctrl_c() -> Iterator[None]:
    """Lightning turns Ctrl-C into exit 1, and ignores it from then on; who called us expects KeyboardInterrupt."""
    before = signal.getsignal(signal.SIGINT)
    try:
        yield
    except SystemExit as stop:
        if stop.code != 1:  # SIGTERM has a code of its own
            raise
        signal.signal(signal.SIGINT, before)
        raise KeyboardInterrupt from None


def _quiet_lightning() -> Any:
    """Lightning's hints are for its own users; ours read console lines."""
    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
    return warnings.catch_warnings(action="ignore")
