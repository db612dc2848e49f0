"""Which device runs the model, and in which number format."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import get_args

import torch

from genint.choices import Dtype
from genint.errors import InputError

DTYPES = get_args(Dtype)


def choose_devices(name: str, workers: int = 1) -> tuple[torch.device, ...]:
    """Turn `cuda:0,1` into its devices, any other name into its one; on a CPU, one for each of the `workers`.

    Raises InputError for a device that is not there, one named twice, and several workers on anything but a CPU.
    """
    kind, _, numbers = name.partition(":")
    names = [f"{kind}:{number.strip()}" for number in numbers.split(",")] if "," in numbers else [name]
    devices = tuple(choose_device(each) for each in names)
    if len(set(devices)) < len(devices):
        raise InputError(f"--device {name}: names a device twice")
    if workers > 1 and devices[0].type != "cpu":
        raise InputError(f"--workers {workers}: are for CPUs. Name several GPUs as --device cuda:0,1")
    return devices * workers


def choose_device(name: str) -> torch.device:
    """Turn `auto`, `cpu`, `cuda`, `cuda:1` or `mps` into a device that is there. `auto` prefers CUDA, then MPS."""
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
    try:
        device = torch.device(name)
    except RuntimeError:
        raise InputError(f"--device {name}: not a device. Expected auto, cpu, cuda, cuda:N, cuda:N,M or mps") from None
    if device.type not in ("cpu", "cuda", "mps"):
        raise InputError(f"--device {name}: not supported. Expected auto, cpu, cuda, cuda:N, cuda:N,M or mps")
    if device.type == "mps" and not torch.backends.mps.is_available():
        raise InputError(f"--device {name}: this machine has no MPS device. Use --device auto")
    if device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count():
        raise InputError(
            f"--device {name}: this PyTorch ({torch.__version__}) sees {torch.cuda.device_count()} CUDA device(s). "
            "Use --device auto, or install a CUDA build of PyTorch"
        )
    return device


def describe_device(device: torch.device) -> str:
    """One line for the user: the device, and a warning when a faster one stands idle."""
    if device.type == "cuda":
        return f"device: {device} ({torch.cuda.get_device_name(device)})"
    line = (
        f"device: {device.type} ({torch.get_num_threads()} threads)"
        if device.type == "cpu"
        else f"device: {device.type}"
    )
    if device.type == "cpu" and torch.cuda.is_available():
        return f"{line}. WARNING: a GPU ({torch.cuda.get_device_name(0)}) is there but not used; give --device cuda"
    return line


def choose_dtype(name: str, device: torch.device) -> torch.dtype:
    """Turn `auto`, `float32` or `bfloat16` into a dtype: auto is bfloat16 where the device multiplies it natively."""
    if name not in DTYPES:
        raise InputError(f"--dtype {name}: not one of {', '.join(DTYPES)}")
    if name == "auto":
        native = device.type == "cuda" and torch.cuda.is_bf16_supported(including_emulation=False)
        return torch.bfloat16 if native else torch.float32
    return torch.bfloat16 if name == "bfloat16" else torch.float32


@contextmanager
def inference(device: torch.device, dtype: torch.dtype) -> Iterator[None]:
    """No gradients, matrix products in `dtype`; parameters and outputs stay float32.

    On CUDA the same shapes always take the same algorithm, and float32 is not cut to TF32.
    """
    autocast = torch.autocast(device.type, dtype=torch.bfloat16, enabled=dtype == torch.bfloat16)
    with torch.inference_mode(), autocast, torch.backends.cudnn.flags(deterministic=True, allow_tf32=False):
        yield


@contextmanager
def enough_memory() -> Iterator[None]:
    """Raise InputError with advice where a batch does not fit, on a GPU or in main memory."""
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        if not is_out_of_memory(error):
            raise
        raise InputError("a batch does not fit into memory. Give a smaller --batch-size") from None


def is_out_of_memory(error: Exception) -> bool:
    """Whether PyTorch or Python says that memory is used up; on CPUs PyTorch says so in words alone."""
    return isinstance(error, torch.OutOfMemoryError | MemoryError) or "allocate memory" in str(error)
