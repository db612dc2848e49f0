"""The same bins are the same bytes, in any thread, process and place in memory.

A compressor that hashes an address passes every test that runs once: these run many times, each on another stack.
"""

import hashlib
import random
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from deflate import zlib_compress, zlib_decompress

from genint.arrays import F32
from genint.output.bigwig import BigWigWriter, write

# The four bytes at 2 come again once, at 64: a compressor finds them or not, and both streams are valid.
AWKWARD = bytes(range(64)) + bytes([2, 3, 4, 5]) + bytes(range(200, 228))


def results_of_threads(work: Callable[[int], str], n_threads: int, at_once: int) -> set[str]:
    """The results of `work`, each in a thread whose stack has a size of its own."""
    draw, results, old = random.Random(1), set(), threading.stack_size()
    hold = threading.Event()

    def run(number: int) -> None:
        results.add(work(number))
        hold.wait()  # keeps this stack in use, so that no other thread gets it

    try:
        for first in range(0, n_threads, at_once):
            hold.clear()
            threads = []
            for number in range(first, min(first + at_once, n_threads)):
                threading.stack_size(draw.randrange(256, 1_025) << 10)
                threads.append(threading.Thread(target=run, args=(number,)))
                threads[-1].start()
            hold.set()
            for thread in threads:
                thread.join()
    finally:
        threading.stack_size(old)
    return results


def test_a_block_is_compressed_alike_on_two_thousand_stacks() -> None:
    found = results_of_threads(lambda _: bytes(zlib_compress(AWKWARD, write._LEVEL)).hex(), 2_000, 500)
    assert len(found) == 1
    assert zlib_decompress(bytes.fromhex(found.pop()), len(AWKWARD)) == AWKWARD


def counts(n_bins: int) -> F32:
    """Counts with many zeros and some missing values: the kind of track in which bytes repeat."""
    rng = np.random.default_rng(0)
    values = rng.poisson(0.5, n_bins).astype(np.float32)
    values[rng.random(n_bins) < 0.02] = np.nan
    return values


SIZES = {"a": 128 * 3_000, "b": 500, **{f"scaffold{number}": 200 for number in range(40)}}


def digest(path: Path) -> str:
    """Of a file of counts on every chromosome, which this writes."""
    with BigWigWriter(path, SIZES, bin_bp=128) as writer:
        for chrom, size in SIZES.items():
            writer.add(chrom, 0, counts(-(-size // 128)))
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_two_hundred_writings_from_sixty_four_threads_are_one_file(tmp_path: Path) -> None:
    assert len(results_of_threads(lambda number: digest(tmp_path / f"{number}.bw"), 200, 64)) == 1


def test_the_threads_of_a_pool_write_what_the_first_thread_writes(tmp_path: Path) -> None:
    expected = digest(tmp_path / "first.bw")
    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(digest, (tmp_path / f"{number}.bw" for number in range(24)))) == {expected}


def test_every_process_writes_the_same_file(tmp_path: Path) -> None:
    code = (
        "import pathlib; from tests.output.bigwig.test_determinism import digest; print(digest(pathlib.Path('x.bw')))"
    )
    found = {digest(tmp_path / "here.bw")}
    for number in range(2):
        folder = tmp_path / str(number)
        folder.mkdir()
        command = [sys.executable, "-c", code.replace("x.bw", str(folder / "x.bw"))]
        found.add(subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip())
    assert len(found) == 1
