"""The command line: one file per verb, each with its options, one library call and a report. No torch at import."""

import errno
import os
import signal
import sys
import threading
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import typer
from typer.core import TyperGroup

from genint.cli.streams import prepare_streams
from genint.errors import UserError, advice

# What the system refuses for reasons outside the program: no space, no permission, too many open files.
_USERS_TO_FIX = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EACCES, errno.EPERM, errno.EROFS, errno.EMFILE}
_USERS_TO_FIX |= {errno.EEXIST, errno.ENOTDIR, errno.EISDIR, errno.ENAMETOOLONG}


class _Commands(TyperGroup):
    def invoke(self, ctx: Any) -> Any:
        """Run the command, and find out here rather than at exit whether stdout takes what was printed."""
        try:
            result = super().invoke(ctx)
            sys.stdout.flush()
        except BrokenPipeError:  # before typer makes a silent exit code 1 of it
            _drop_output()
            raise SystemExit(128 + signal.SIGPIPE) from None
        return result


def make_app() -> typer.Typer:
    """All commands with their options."""
    from genint.cli import (
        attention,
        attribute,
        data,
        doctor,
        evaluate,
        hub,
        merge,
        models,
        predict,
        pretrain,
        report,
        tracks,
        train,
        variants,
    )

    app = typer.Typer(
        name="genint",
        cls=_Commands,
        help="Predict genomic assays from DNA: one bigWig per track.\n\n"
        "Start with: genint predict genome.fa regions.bed -o out",
        no_args_is_help=True,
        rich_markup_mode="markdown",
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.command("predict")(predict.predict)
    app.command("attribute")(attribute.attribute)
    app.command("merge")(merge.merge)
    app.command("hub")(hub.hub)
    app.command("report")(report.report)
    app.command("train")(train.train)
    app.command("pretrain")(pretrain.pretrain)
    app.command("eval")(evaluate.evaluate)
    app.command("variants")(variants.variants)
    app.command("attention")(attention.attention)
    app.add_typer(data.app, name="data")
    app.command("tracks")(tracks.tracks)
    app.add_typer(models.app, name="models")
    app.command("doctor")(doctor.doctor)

    @app.callback(invoke_without_command=True)
    def options(version: bool = typer.Option(False, "--version", help="Print the version and exit.")) -> None:
        if version:
            from genint import __version__

            typer.echo(f"genint {__version__}")
            raise typer.Exit

    return app


def main(argv: list[str] | None = None) -> None:
    """Run the command line. Exit 0: done. 1: the user can fix it, one line says how. 2: wrong usage. 130: Ctrl-C.

    Anything else is our bug and keeps its traceback.
    """
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) == signal.SIG_DFL and threading.current_thread() is threading.main_thread():
            signal.signal(number, _stop)  # so that a cancelled job clears up behind it
    prepare_streams()
    app, words = make_app(), sys.argv[1:] if argv is None else argv
    try:
        app(args=argv, prog_name="genint")
    except UserError as error:
        _fail(error.for_command_line(_option_names(app, words)))
    except OSError as error:
        if error.errno not in _USERS_TO_FIX:
            raise
        place = error.filename or _out(words)
        if not place:  # the command writes nothing but what it prints
            place = "standard output"
            _drop_output()
        _fail(f"{place}: {error.strerror}. {advice(error)}")


def _fail(message: str) -> None:
    print(f"genint: error: {message}", file=sys.stderr)
    raise SystemExit(1) from None


def _stop(number: int, frame: object) -> None:
    raise SystemExit(128 + number)


def _drop_output() -> None:
    """Forget what stdout would not take, which Python would try to print again at exit."""
    sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115  open as long as the process


def _out(argv: Sequence[str]) -> str:
    """What a command line gives as --out, for an error that does not say where it happened; empty if nothing."""
    for word, following in pairwise([*argv, ""]):
        if word in ("-o", "--out"):
            return following
        if word.startswith("--out="):
            return word.removeprefix("--out=")
    return ""


def _option_names(app: typer.Typer, argv: Sequence[str]) -> dict[str, str]:
    """Parameter name -> how it is written on the command line: batch_size -> --batch-size.

    Names are those of the command in `argv`; what only others have is among them, too.
    """
    command: Any = typer.main.get_command(app)
    names = _names_below(command)
    for word in argv:
        command = getattr(command, "commands", {}).get(word, command)
    return names | _names_below(command)


def _names_below(command: Any) -> dict[str, str]:
    names: dict[str, str] = {}
    for child in getattr(command, "commands", {}).values():
        names |= _names_below(child)
    for parameter in command.params:
        if parameter.param_type_name == "option":
            names[parameter.name] = max(parameter.opts, key=len)
        else:
            names[parameter.name] = parameter.metavar or parameter.name.upper()
    return names
