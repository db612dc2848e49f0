"""The folder of a finished run, for whatever is done with it next."""

from pathlib import Path

from genint.errors import InputError
from genint.output.report import RunReport, changed_file, read_report
from genint.output.run_folder import is_unfinished

_PLAN = {"genome", "models", "tracks", "bin_bp", "regions", "options", "versions"}


def read_finished_run(folder: Path) -> RunReport:
    """What run.json holds in a folder that `genint predict` or `genint merge` has written.

    Raises InputError for a folder that is missing, not finished, of something else, or whose files have changed since.
    """
    if not folder.is_dir():
        raise InputError(f"{folder}: is not there. Expected a folder that genint predict has written")
    if is_unfinished(folder):
        raise InputError(f"{folder}: its run is not finished. Give its command again first")
    report = read_report(folder)
    if not report["plan"].keys() >= _PLAN:
        raise InputError(f"{folder}: its run.json names no finished run. Expected a folder that genint predict wrote")
    if changed := changed_file(folder, report):
        raise InputError(f"{changed}: was changed or removed since the run that made it. Predict that part again")
    return report
