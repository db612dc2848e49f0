"""Which device runs the model, and in which number format: for prediction, evaluation and training."""

import platform
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import get_args

import torch

from genint.choices import Dtype
from genint.errors import InputError
from genint.prediction.cpus import usable_cpus

DTYPES = get_args(Dtype)


def choose_devices(name: str) -> tuple[torch.device, ...]:
    """Turn `cuda:0,1` into its devices, any other name into its one.

    Raises InputError for a device that is not there, and for one named twice.
    """
    kind, _, numbers = name.partition(":")
    names = [f"{kind}:{number.strip()}" for number in numbers.split(",")] if "," in numbers else [name]
    devices = tuple(choose_device(each) for each in names)
    if len(set(devices)) < len(devices):
        raise InputError(f"`device` {name}: names a device twice. Give each once")
    return devices


def choose_device(name: str) -> torch.device:
    """Turn `auto`, `cpu`, `cuda`, `cuda:1` or `mps` into a device that is there. `auto` prefers CUDA, then MPS."""
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
    try:
        device = torch.device(name)
    except RuntimeError:
        raise InputError(f"`device` {name}: not a device. Expected auto, cpu, cuda, cuda:N, cuda:N,M or mps") from None
    if device.type not in ("cpu", "cuda", "mps"):
        raise InputError(f"`device` {name}: not supported. Expected auto, cpu, cuda, cuda:N, cuda:N,M or mps")
    if device.type == "mps" and not torch.backends.mps.is_available():
        raise InputError(f"`device` {name}: this machine has no MPS device. Choose another `device`, such as auto")
    if device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count():
        raise InputError(
            f"`device` {name}: this PyTorch ({torch.__version__}) sees {torch.cuda.device_count()} CUDA device(s). "
            "Choose another `device`, such as auto, or install a CUDA build of PyTorch"
        )
    return device


def describe_device(device: torch.device, dtype: torch.dtype, threads: int = 0) -> str:
    """One line for the user: the device, its numbers, a CPU's `threads`, and a warning when a faster device is idle."""
    numbers = str(dtype).removeprefix("torch.")
    if device.type == "cuda":
        return f"device: {device} ({torch.cuda.get_device_name(device)}, {numbers})"
    if device.type != "cpu":
        return f"device: {device.type} ({numbers})"
    line = f"device: cpu ({threads or usable_cpus()} threads, {numbers})"
    if torch.cuda.is_available():
        return f"{line}. WARNING: a GPU ({torch.cuda.get_device_name(0)}) is there but not used; choose device cuda"
    return line


def choose_dtype(name: str, device: torch.device, *, training: bool = False) -> torch.dtype:
    """Turn `auto`, `float32` or `bfloat16` into a dtype. Raises InputError for another name.

    `auto` is bfloat16 on CUDA devices that multiply it natively and on CPUs with AMX, in `training` also on CPUs with
    AVX512_BF16, otherwise float32. Outputs have 2 correct digits in place of 7, which moves no score by 0.001
    (docs/performance.md).
    """
    if name not in DTYPES:
        raise InputError(f"`dtype` {name}: not one of {', '.join(DTYPES)}")
    if name == "auto":
        return torch.bfloat16 if multiplies_bfloat16(device, training=training) else torch.float32
    return torch.bfloat16 if name == "bfloat16" else torch.float32


def multiplies_bfloat16(device: torch.device, *, training: bool) -> bool:
    """Whether the device has it in hardware and gains by it; AVX512_BF16 makes nothing but training much faster."""
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    is_x86 = platform.machine() in ("x86_64", "AMD64")
    if device.type != "cpu" or not is_x86:
        return False
    return bool(torch.cpu._is_amx_tile_supported() or (training and torch.cpu._is_avx512_bf16_supported()))


@contextmanager
def inference(device: torch.device, dtype: torch.dtype) -> Iterator[None]:
    """No gradients, matrix products in `dtype`, exact as `exact_products`; parameters and outputs stay float32."""
    autocast = torch.autocast(device.type, dtype=torch.bfloat16, enabled=dtype == torch.bfloat16)
    with torch.inference_mode(), autocast, exact_products(device):
        yield


def exact_products(device: torch.device) -> AbstractContextManager[object]:
    """On CUDA the same shapes always take the same algorithm, and float32 is not cut to TF32. Gradients are as before.

    The flags are one set for all threads: enter it in one, around those that compute.
    """
    if device.type != "cuda":
        return nullcontext()  # threads would undo each other's flags
    return torch.backends.cudnn.flags(enabled=True, deterministic=True, allow_tf32=False)  # what is not named is off


def is_out_of_memory(error: Exception) -> bool:
    """Whether PyTorch or Python says that memory is used up; on CPUs PyTorch says so only in the message."""
    return isinstance(error, torch.OutOfMemoryError | MemoryError) or "allocate memory" in str(error)
