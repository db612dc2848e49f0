import pytest
import torch

from genint.errors import InputError
from genint.prediction.devices import choose_device, choose_dtype, describe_device, inference


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
    assert "WARNING" in describe_device(torch.device("cpu"))
    assert "Pretend GPU" in describe_device(torch.device("cuda"))
    pretend_gpus(monkeypatch, 0)
    assert "WARNING" not in describe_device(torch.device("cpu"))


@pytest.mark.parametrize("name", ["cuda:1", "gpu", "meta", "mps"])
def test_a_device_that_is_not_there_is_refused(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    pretend_gpus(monkeypatch, 1)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    with pytest.raises(InputError, match=name):
        choose_device(name)


def test_auto_means_float32_on_a_cpu_and_an_explicit_dtype_is_kept() -> None:
    cpu = torch.device("cpu")
    assert choose_dtype("auto", cpu) == torch.float32
    assert choose_dtype("bfloat16", cpu) == torch.bfloat16
    with pytest.raises(InputError, match="int8"):
        choose_dtype("int8", cpu)


def test_inference_multiplies_in_the_dtype_asked_for() -> None:
    layer, cpu = torch.nn.Linear(4, 4), torch.device("cpu")
    with inference(cpu, torch.bfloat16):
        assert layer(torch.ones(1, 4)).dtype == torch.bfloat16
    with inference(cpu, torch.float32):
        assert layer(torch.ones(1, 4)).dtype == torch.float32
