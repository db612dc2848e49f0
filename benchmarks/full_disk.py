"""Let the disk fill up under `genint predict`, make space, and give the command again: are its files the same?

    python benchmarks/full_disk.py FOLDER [--megabases 2]

FOLDER lies on a small file system that nothing else needs, say 20 MB: mount -t tmpfs -o size=20m tmpfs FOLDER
A run that needs more than is free must say so before it begins. Then the space of a run that fits is taken away while
it works, by a file that grows: it must end with one line and exit code 1, and leave no bigWig under its name. When that
file is gone, the same command must end with the bytes of an undisturbed run.
"""

import argparse
import errno
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from kill import contents, make_inputs, part


def predict(arguments: list[str], out: Path) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "genint", *arguments, "-o", str(out)]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)


def show(title: str, process: "subprocess.Popen[str]") -> int:
    _, said = process.communicate()
    print(f"{title}: exit {process.returncode}; {said.strip() or 'nothing said'}", flush=True)
    return process.returncode


def fill(file: Path) -> None:
    """Write until there is no space left."""
    with open(file, "ab", buffering=0) as ballast:
        try:
            while True:
                ballast.write(bytes(4096))
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise


def fill_up_during(wanted: str, arguments: list[str], folder: Path, expected: dict[str, bytes]) -> None:
    """Fill the disk when the run is at the part `wanted`, free it when the run has ended, and let it finish."""
    out, ballast = folder / "out", folder / "ballast"
    process = predict(arguments, out)
    while process.poll() is None and part(out) != wanted:
        time.sleep(0.001)
    while process.poll() is None:
        fill(ballast)
        time.sleep(0.01)
    code = show(f"full while {wanted}", process)
    held = [file.name for file in out.iterdir() if not file.name.startswith(".")]
    kept = sum(file.stat().st_size for file in out.rglob("*") if file.is_file())
    print(f"  files under their names: {held or 'none'}; kept: {kept / 1e6:.1f} MB")
    ballast.unlink()
    show("  the same command, with space", predict(arguments, out)) if code else None
    print("  same bytes" if contents(out) == expected else "  OTHER BYTES")
    shutil.rmtree(out)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--megabases", type=float, default=1.0)
    options = parser.parse_args()
    free = shutil.disk_usage(options.folder).free
    if free > 100e6:
        parser.error(f"{options.folder} has {free / 1e6:,.0f} MB free; give a folder on a small file system")
    n_tracks = int(0.7 * free / (options.megabases * 1e6 / 128 * 10))  # 10 bytes per bin and track are required
    with tempfile.TemporaryDirectory() as name:
        inputs = Path(name)
        (inputs / "big").mkdir()
        print(f"{free / 1e6:.1f} MB free, {n_tracks} tracks")
        show(
            "too big from the start",
            predict(make_inputs(inputs / "big", options.megabases, 2 * n_tracks), options.folder / "out"),
        )
        arguments = make_inputs(inputs, options.megabases, n_tracks)
        show("undisturbed, elsewhere", predict(arguments, inputs / "undisturbed"))
        for wanted in ("predicting", "writing"):
            fill_up_during(wanted, arguments, options.folder, contents(inputs / "undisturbed"))


if __name__ == "__main__":
    main()
