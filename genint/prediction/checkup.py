"""A check-up of the machine that genint runs on: what it will compute on, and whether that computes what it should."""

import os
import platform
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import genint
from genint.cache import user_cache
from genint.errors import InputError, UserError
from genint.models.hub_cache import find_pulled, list_pulled
from genint.models.hugging_face import hub_client
from genint.prediction.cpus import CPU_LIMITS, cpu_limits, usable_cpus
from genint.prediction.installed import Finding, find_broken_imports, find_extras, find_libraries

LEAST_FREE_BYTES = 100_000_000


def check_up() -> Iterator[Finding]:
    """Yield what is found, topic by topic; the last one predicts. Nothing is raised for what is wrong.

    Where the libraries do not load, what needs them is left out.
    """
    yield _find_program()
    yield find_libraries()
    yield find_extras()
    loading = find_broken_imports()
    yield loading
    yield _find_threads()
    yield _find_disk()
    yield _find_caches()
    if not loading.problems:
        from genint.prediction.device_checkup import find_devices, find_dtype, find_predictions

        yield find_devices()
        yield find_dtype()
        yield find_predictions()


def _find_program() -> Finding:
    python, system = platform.python_version(), f"{platform.system()} {platform.machine()}"
    home = str(Path(genint.__file__).parent)
    facts = {"genint": genint.__version__, "python": python, "platform": system, "folder": home}
    return Finding("program", f"genint {genint.__version__} in {home}, Python {python}, {system}", facts)


def _find_threads() -> Finding:
    limits, used = cpu_limits(), usable_cpus()
    why = ", ".join(f"{name} {limits.get(name, 'not set')}" for name in CPU_LIMITS)
    line = f"{used} of {os.cpu_count()} cores, the least of: {why}"
    return Finding("threads", line, {"used": used, "cores": os.cpu_count(), "limits": limits})


def _find_disk() -> Finding:
    """Free space where people work and where indexes of read-only genomes go."""
    try:
        free = {str(path): shutil.disk_usage(path).free for path in (Path.cwd(), tempfile.gettempdir())}
    except OSError as error:
        return Finding("disk", "unknown", {}, (f"no place to write to ({error}). Set TMPDIR to a folder of your own",))
    line = ", ".join(f"{path}: {size / 1e9:,.1f} GB free" for path, size in free.items())
    problems = [
        f"{path}: {size / 1e6:,.0f} MB free, fewer than {LEAST_FREE_BYTES / 1e6:,.0f}. Free space"
        for path, size in free.items()
        if size < LEAST_FREE_BYTES
    ]
    return Finding("disk", line, free, tuple(problems))


def _find_caches() -> Finding:
    """genint's cache with the pulled models, compared with their digests; that of the hub's client, if it is there."""
    pulled, problems = list_pulled(), []
    for address in pulled:
        try:
            find_pulled(address)
        except UserError as error:
            problems.append(str(error))
    folders = [folder for folder in (user_cache(), _hub_cache()) if folder]
    sizes = {str(folder): _size(folder) for folder in folders}
    lines = [f"{folder}, {size / 1e6:,.1f} MB" for folder, size in sizes.items()]
    line = "; ".join([*lines, f"{len(pulled)} pulled model(s)"])
    return Finding("caches", line, {"bytes": sizes, "pulled": pulled}, tuple(problems))


def _hub_cache() -> Path | None:
    try:
        return Path(hub_client("", "").constants.HF_HUB_CACHE)
    except InputError:
        return None


def _size(folder: Path) -> int:
    return sum(file.lstat().st_size for file in folder.rglob("*") if file.is_file() and not file.is_symlink())
