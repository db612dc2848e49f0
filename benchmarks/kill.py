"""Kill `genint predict` at random moments and give the command again: are its files the same, byte by byte?

    python benchmarks/kill.py [--kills 100] [--megabases 2] [--tracks 24] [--seed 1]

Makes a genome of random DNA and a model of random weights, predicts once undisturbed, then kills (SIGKILL) one to four
runs in a row before one may finish, each at a moment drawn uniformly over the time of the undisturbed run. After every
kill no file may lie under its final name unless it is complete; after every finished run all files must be those of the
undisturbed one.
Prints how many kills fell into which part of the work. Needs Linux: processes are counted in /proc.

Runs are forked from this process, which has loaded PyTorch already, so that the moments fall into the work.
"""

import argparse
import os
import random
import shutil
import signal
import statistics
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import torch

import genint.prediction.to_folder  # noqa: F401  all of it, before runs are forked
from genint.cli.main import main as run_command
from genint.genome.fasta import Genome
from genint.models.folder import save_model
from genint.models.interpreter import InterpreterConfig
from genint.models.registry import build
from genint.models.swin1d import BlockConfig, LayerConfig
from genint.tracks.table import Track, TrackTable

PARTS = ("starting", "predicting", "writing", "moving", "done")


def make_inputs(folder: Path, megabases: float, n_tracks: int) -> list[str]:
    """A genome of three chromosomes and a model for it; returns the command that predicts all of it."""
    rng = np.random.default_rng(1)
    with open(folder / "genome.fa", "w", encoding="ascii") as fasta:
        for number, share in enumerate((0.6, 0.3, 0.1), start=1):
            dna = rng.choice(list("ACGT"), int(megabases * 1e6 * share))
            dna[5_000:9_000] = "N"
            fasta.write(f">chr{number}\n{''.join(dna)}\n")
    convolution: dict[str, Any] = {"feed_forward": "conv", "conv_width": 3}
    config = InterpreterConfig(
        core_bp=2_048,
        context_bp=128,
        stem_width=5,
        blocks=7 * (BlockConfig(channels=4, window=4, heads=1, head_width=2, hidden=4, merge="conv", **convolution),),
        bin_channels=4,
        final=(LayerConfig(heads=1, head_width=4, hidden=8, **convolution),),
    )
    names = [f"track_{number}" for number in range(n_tracks)]
    tracks = TrackTable(Track(identifier=name, description="", strand_pair=name) for name in names)
    torch.manual_seed(1)
    with Genome(folder / "genome.fa") as genome:
        module = build("interpreter", config, len(tracks))
        save_model(folder / "model", module, tracks, genome.assembly, architecture="interpreter")
    return ["predict", str(folder / "genome.fa"), "--whole-genome", "-m", str(folder / "model"), "-p", "1", "--quiet"]


def start(arguments: list[str], log: Path) -> int:
    """The process of a run of genint, which leads a session of its own."""
    process = os.fork()
    if process:
        return process
    code = 70
    try:
        os.setsid()
        with open(log, "ab") as file:
            os.dup2(file.fileno(), 1)
            os.dup2(file.fileno(), 2)
        run_command(arguments)
        code = 0
    except SystemExit as stop:
        code = stop.code if isinstance(stop.code, int) else 1
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def finish(arguments: list[str], log: Path) -> tuple[int, float]:
    """Exit code and seconds of an undisturbed run."""
    started = time.perf_counter()
    _, status = os.waitpid(start(arguments, log), 0)
    return os.waitstatus_to_exitcode(status), time.perf_counter() - started


def kill_after(seconds: float, arguments: list[str], log: Path) -> tuple[bool, int]:
    """Whether the run was still there to be killed, and how many of its processes outlived it by a minute."""
    process = start(arguments, log)
    time.sleep(seconds)
    os.kill(process, signal.SIGKILL)
    _, status = os.waitpid(process, 0)
    deadline = time.monotonic() + 60
    while (left := session(process)) and time.monotonic() < deadline:
        time.sleep(0.05)
    for orphan in left:
        os.kill(orphan, signal.SIGKILL)
    return os.waitstatus_to_exitcode(status) == -signal.SIGKILL, len(left)


def session(leader: int) -> list[int]:
    """Processes of a session that have not ended."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _, _, number = path.read_text().rsplit(")", 1)[1].split()[:4]
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(number) == leader and state != "Z":
            found.append(int(path.parent.name))
    return found


def part(out: Path) -> str:
    """Into which part of the work a kill has fallen, by what it left."""
    stage = out / ".genint-partial"
    if (stage / "complete").exists():
        return "moving"
    if (out / "run.json").exists():
        return "done"
    if any((stage / "unfinished").glob("*.bw*")) or any((stage / "unfinished").glob(".*")):
        return "writing"
    spool = stage / "spool"
    return "predicting" if spool.exists() and spool.stat().st_size else "starting"


def contents(out: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in out.iterdir() if file.is_file() and file.name != "run.json"}


def not_complete(out: Path, expected: dict[str, bytes]) -> list[str]:
    """Files under their final names that are not those of the undisturbed run."""
    found = contents(out) if out.exists() else {}
    unfinished = out / ".genint-partial" / "unfinished"
    found |= {f"unfinished/{file.name}": file.read_bytes() for file in unfinished.glob("[!.]*.bw")}
    missing = expected.keys() - found.keys() if (out / "run.json").exists() else set()
    return [*missing, *(name for name, data in found.items() if data != expected.get(Path(name).name))]


def torment(arguments: list[str], folder: Path, n_kills: int, draw: random.Random) -> dict[str, object]:
    """Kill runs until `n_kills` have been killed; what was seen."""
    out, log = folder / "out", folder / "log"
    undisturbed = [finish([*arguments, "-o", str(folder / f"undisturbed{i}")], log) for i in range(3)]
    assert all(code == 0 for code, _ in undisturbed), log.read_text()
    expected = contents(folder / "undisturbed0")
    seconds = statistics.median(run[1] for run in undisturbed)
    parts: Counter[str] = Counter()
    kills = rounds = same = half = orphans = 0
    while kills < n_kills:
        for _ in range(min(draw.randint(1, 4), n_kills - kills)):
            killed, left = kill_after(draw.uniform(0, seconds), [*arguments, "-o", str(out)], log)
            kills += killed
            parts[part(out) if killed else "too late"] += 1
            half += bool(not_complete(out, expected))
            orphans += left
        code, _ = finish([*arguments, "-o", str(out)], log)
        rounds += 1
        same += code == 0 and contents(out) == expected and not (out / ".genint-partial").exists()
        shutil.rmtree(out)
    for number in range(3):
        shutil.rmtree(folder / f"undisturbed{number}")
    return {
        "seconds undisturbed": round(seconds, 2),
        "kills": kills,
        **{f"  while {name}": parts[name] for name in (*PARTS, "too late")},
        "runs finished after kills": rounds,
        "  with the same bytes": same,
        "moments with a half-written file under its name": half,
        "processes left behind": orphans,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--megabases", type=float, default=2.0)
    parser.add_argument("--tracks", type=int, default=24)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(1)
    draw = random.Random(options.seed)
    with tempfile.TemporaryDirectory() as name:
        arguments = make_inputs(Path(name), options.megabases, options.tracks)
        for label, value in torment(arguments, Path(name), options.kills, draw).items():
            print(f"{label:<50} {value:>8}", flush=True)


if __name__ == "__main__":
    main()
