"""What there is to compute on, said in a line, and what a wrong answer or a failing driver makes of the prediction."""

import pytest
import torch

from genint.prediction import device_checkup
from genint.prediction.device_checkup import find_devices, find_dtype, find_predictions
from genint.prediction.known_answer import Comparison


def answer(difference: float) -> Comparison:
    return Comparison("cpu", "float32", 0.5, difference, 1e-3)


@pytest.fixture
def _a_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two GPUs, as PyTorch tells of them."""
    properties = type("Properties", (), {"name": "NVIDIA H200", "total_memory": 139 * 2**30})
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda index: properties)
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation: True)


def test_a_cpu_is_what_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.version, "cuda", "12.8")
    found = find_devices()
    assert found.line.startswith("cpu (")
    assert "built for CUDA 12.8 and sees no GPU" in found.line
    assert find_dtype().line == "float32, as this cpu has no AMX"


@pytest.mark.usefixtures("_a_gpu")
def test_a_gpu_is_chosen_and_the_cpu_named() -> None:
    found = find_devices()
    assert found.line.startswith("cuda (NVIDIA H200, 139 GiB); also cpu (")
    assert list(found.facts["devices"]) == ["cuda:0", "cuda:1", "cpu"]
    assert find_dtype() == ("dtype", "bfloat16, as this cuda has native bfloat16", "bfloat16", ())


def test_the_answer_of_this_machine_is_the_known_one() -> None:
    found = find_predictions()
    assert found.problems == ()
    assert found.facts[0]["agrees"] is True


@pytest.mark.parametrize(("difference", "fact"), [(2.5, 2.5), (float("nan"), None)])
def test_another_answer_is_a_problem(difference: float, fact: float | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(device_checkup, "compare_with_known_answer", lambda device, dtype: answer(difference))
    found = find_predictions()
    assert "allowed 0.001" in found.problems[0]
    assert (found.facts[0]["difference"], found.facts[0]["agrees"]) == (fact, False)


@pytest.mark.usefixtures("_a_gpu")
def test_a_driver_that_fails_is_a_problem_and_the_cpu_still_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    def compare(device: torch.device, dtype: str) -> Comparison:
        if device.type == "cuda":
            raise RuntimeError("CUDA error: no kernel image is available\nCompile with ...")
        return answer(1e-6)

    monkeypatch.setattr(device_checkup, "compare_with_known_answer", compare)
    found = find_predictions()
    (problem,) = found.problems
    assert "on cuda in bfloat16 (CUDA error: no kernel image is available)" in problem
    assert len(found.facts) == 1
