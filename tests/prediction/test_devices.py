import platform

import pytest
import torch

from genint.errors import InputError
from genint.prediction.devices import (
    choose_device,
    choose_devices,
    choose_dtype,
    describe_device,
    exact_products,
    inference,
)


def pretend_gpus(monkeypatch: pytest.MonkeyPatch, count: int) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: count > 0)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: count)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda device: "Pretend GPU")


def test_auto_takes_the_gpu_if_there_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    pretend_gpus(monkeypatch, 0)
    assert choose_device("auto") == torch.device("cpu")
    pretend_gpus(monkeypatch, 1)
    assert choose_device("auto") == torch.device("cuda")


def test_an_idle_gpu_is_warned_about(monkeypatch: pytest.MonkeyPatch) -> None:
    pretend_gpus(monkeypatch, 1)
    assert "WARNING" in describe_device(torch.device("cpu"), torch.float32)
    assert "Pretend GPU" in describe_device(torch.device("cuda"), torch.float32)
    pretend_gpus(monkeypatch, 0)
    assert "WARNING" not in describe_device(torch.device("cpu"), torch.float32)


@pytest.mark.parametrize("name", ["cuda:1", "gpu", "meta", "mps"])
def test_a_device_that_is_not_there_is_refused(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    pretend_gpus(monkeypatch, 1)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    with pytest.raises(InputError, match=name):
        choose_device(name)


def test_several_gpus_are_named_once_each(monkeypatch: pytest.MonkeyPatch) -> None:
    pretend_gpus(monkeypatch, 3)
    assert choose_devices("cuda:0, 2") == (torch.device("cuda:0"), torch.device("cuda:2"))
    assert choose_devices("cpu") == (torch.device("cpu"),)
    with pytest.raises(InputError, match="names a device twice"):
        choose_devices("cuda:1,1")


def test_the_threads_of_a_cpu_and_the_numbers_that_it_computes_in_are_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    pretend_gpus(monkeypatch, 0)
    assert describe_device(torch.device("cpu"), torch.bfloat16, 3) == "device: cpu (3 threads, bfloat16)"
    assert describe_device(torch.device("mps"), torch.float32) == "device: mps (float32)"


@pytest.mark.parametrize(
    ("device", "has", "predicting", "training"),
    [
        ("cpu", {"amx", "avx512_bf16"}, torch.bfloat16, torch.bfloat16),
        ("cpu", {"avx512_bf16"}, torch.float32, torch.bfloat16),
        ("cpu", set(), torch.float32, torch.float32),
        ("cuda", {"cuda"}, torch.bfloat16, torch.bfloat16),
        ("cuda", {"amx", "avx512_bf16"}, torch.float32, torch.float32),
        ("mps", {"amx", "avx512_bf16", "cuda"}, torch.float32, torch.float32),
    ],
)
def test_auto_is_bfloat16_where_the_device_gains_by_it(
    device: str, has: set[str], predicting: torch.dtype, training: torch.dtype, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation: "cuda" in has)
    monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda: "amx" in has)
    monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: "avx512_bf16" in has)
    monkeypatch.setattr(platform, "machine", lambda: "x86_64")
    assert choose_dtype("auto", torch.device(device)) == predicting
    assert choose_dtype("auto", torch.device(device), training=True) == training
    monkeypatch.setattr(platform, "machine", lambda: "arm64")
    if device == "cpu":
        assert choose_dtype("auto", torch.device(device), training=True) == torch.float32


def test_an_explicit_dtype_is_kept_and_an_unknown_one_refused() -> None:
    cpu = torch.device("cpu")
    assert choose_dtype("bfloat16", cpu) == torch.bfloat16
    assert choose_dtype("float32", cpu, training=True) == torch.float32
    with pytest.raises(InputError, match="`dtype` int8"):
        choose_dtype("int8", cpu)


def test_inference_multiplies_in_the_dtype_asked_for() -> None:
    layer, cpu = torch.nn.Linear(4, 4), torch.device("cpu")
    with inference(cpu, torch.bfloat16):
        assert layer(torch.ones(1, 4)).dtype == torch.bfloat16
    with inference(cpu, torch.float32):
        assert layer(torch.ones(1, 4)).dtype == torch.float32


@pytest.mark.parametrize("device", ["cuda", "cpu"])
def test_products_are_exact_on_cuda_with_and_without_gradients(device: str) -> None:
    def flags() -> tuple[bool, bool, bool]:
        cudnn = torch.backends.cudnn
        return cudnn.enabled, cudnn.deterministic, cudnn.allow_tf32

    before = flags()
    expected = (True, True, False) if device == "cuda" else before
    with exact_products(torch.device(device)):
        assert torch.is_grad_enabled()
        assert not torch.is_inference_mode_enabled()
        assert flags() == expected
    with inference(torch.device(device), torch.float32):
        assert torch.is_inference_mode_enabled()
        assert flags() == expected
    assert flags() == before
