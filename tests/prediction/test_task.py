"""The task of predicting tracks."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.prediction.inference_toys import CPU, Plain, slow, stack, task, windows


def test_tracks_of_reverse_complemented_windows_are_put_back_on_the_forward_strand() -> None:
    given = windows(9)
    tokens, reverse = (torch.from_numpy(each) for each in stack(given))
    found = task(Plain(), Plain()).setup(CPU)(tokens, reverse).numpy()
    assert found.shape == (9, 2, 3, 3)
    for window, values in zip(given, found, strict=True):
        assert np.array_equal(values, [slow(window)] * 2)


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have other compilers")
def test_compile_without_a_compiler_is_reported(tmp_path: Path) -> None:
    script = f"""if True:
        import sys
        sys.path.insert(0, {str(Path(__file__).parents[2])!r})
        from genint.errors import InputError
        from genint.prediction.inference import Engine
        from tests.prediction.inference_toys import CPU, Plain, task, windows
        with Engine(task(Plain(), compile=True), [CPU]) as engine:
            try:
                list(engine.map(windows(1)))
            except InputError as error:
                print(error)
    """
    # Without a cache of its own an earlier compilation would do.
    environment = {**os.environ, "CXX": "/nonexistent/g++", "TORCHINDUCTOR_CACHE_DIR": str(tmp_path)}
    run = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=False)
    assert run.stdout == "`compile`: finds no C++ compiler. Install one, or leave out `compile`\n", run.stderr[-2000:]
