"""Devices and number formats: what there is, what is chosen and why, and whether it predicts what it should."""

from math import isfinite

import torch

from genint.choices import Dtype
from genint.models.hugging_face import first_line
from genint.prediction.devices import choose_device, choose_dtype, multiplies_bfloat16
from genint.prediction.installed import Finding
from genint.prediction.known_answer import ALLOWED, SEQUENCE_BP, Comparison, compare_with_known_answer


def find_devices() -> Finding:
    """The device that is chosen, and the others."""
    chosen, all_devices = str(choose_device("auto")), _all_devices()
    others = [f"{name} ({what})" for name, what in all_devices.items() if name.split(":")[0] != chosen.split(":")[0]]
    line = f"{chosen} ({all_devices.get(chosen) or all_devices[f'{chosen}:0']})"
    if others:
        line += f"; also {', '.join(others)}"
    if torch.version.cuda and not torch.cuda.is_available():
        line += f"; this PyTorch is built for CUDA {torch.version.cuda} and sees no GPU"
    return Finding("device", line, {"chosen": chosen, "devices": all_devices, "cuda": torch.version.cuda})


def _all_devices() -> dict[str, str]:
    devices = {}
    for index in range(torch.cuda.device_count()):
        properties = torch.cuda.get_device_properties(index)
        devices[f"cuda:{index}"] = f"{properties.name}, {properties.total_memory / 2**30:.0f} GiB"
    if torch.backends.mps.is_available():
        devices["mps"] = "Apple GPU"
    return devices | {"cpu": torch.backends.cpu.get_cpu_capability()}


def find_dtype() -> Finding:
    """The number format that predictions are computed in on the chosen device."""
    device = choose_device("auto")
    has, needed = multiplies_bfloat16(device, training=False), "AMX" if device.type == "cpu" else "native bfloat16"
    line = f"{_dtype(device)}, as this {device.type} has {'' if has else 'no '}{needed}"
    return Finding("dtype", line, _dtype(device))


def find_predictions() -> Finding:
    """A known sequence on the chosen device, and on the CPU; a problem for each answer that is not the known one."""
    chosen = choose_device("auto")
    lines, facts, problems = [], [], []
    for device in dict.fromkeys((chosen, torch.device("cpu"))):
        dtype = _dtype(device)
        try:
            found = compare_with_known_answer(device, dtype)
        except Exception as error:  # whatever a device's driver raises is what the doctor is asked about
            problems.append(f"the known sequence cannot be predicted on {device} in {dtype} ({first_line(error)})")
            continue
        lines.append(_describe(found))
        difference = found.difference if isfinite(found.difference) else None  # which JSON has no word for
        facts.append({**found._asdict(), "difference": difference, "agrees": found.agrees})
        if not found.agrees:
            problems.append(f"{_describe(found)}. Choose another `device` or `dtype`, and report this")
    return Finding("prediction", "; ".join(lines) or "failed", facts, tuple(problems))


def _describe(found: Comparison) -> str:
    return (
        f"{SEQUENCE_BP:,} bp on {found.device} in {found.dtype} took {found.seconds:.1f} s and differ from the known "
        f"answer by {found.difference:.1g}, allowed {found.allowed:g}"
    )


def _dtype(device: torch.device) -> Dtype:
    name = str(choose_dtype("auto", device)).removeprefix("torch.")
    return next(dtype for dtype in ALLOWED if dtype == name)
