"""The command line: one file per verb, each with its options, one library call and a report. No torch at import."""

import errno
import signal
import sys
import threading

import typer

from genint.errors import UserError, advice

# What the system refuses for reasons outside the program: no space, no permission, too many open files.
_USERS_TO_MEND = {errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EPERM, errno.EROFS, errno.EMFILE}
_USERS_TO_MEND |= {errno.EEXIST, errno.ENOTDIR, errno.EISDIR, errno.ENAMETOOLONG}


def _app() -> typer.Typer:
    from genint.cli import data, evaluate, merge, models, predict, tracks, train

    app = typer.Typer(
        name="genint",
        help="Predict genomic assays from DNA: one bigWig per track.\n\n"
        "Start with: genint predict genome.fa regions.bed -o out",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.command("predict")(predict.predict)
    app.command("merge")(merge.merge)
    app.command("train")(train.train)
    app.command("eval")(evaluate.evaluate)
    app.add_typer(data.app, name="data")
    app.command("tracks")(tracks.tracks)
    app.add_typer(models.app, name="models")

    @app.callback(invoke_without_command=True)
    def options(version: bool = typer.Option(False, "--version", help="Print the version and exit.")) -> None:
        if version:
            from genint import __version__

            typer.echo(f"genint {__version__}")
            raise typer.Exit

    return app


def _option_names(app: typer.Typer) -> dict[str, str]:
    """Parameter name -> how it is written on the command line, over all commands: batch_size -> --batch-size."""
    names: dict[str, str] = {}
    groups = [typer.main.get_command(app)]
    while groups:
        command = groups.pop()
        groups += getattr(command, "commands", {}).values()
        for parameter in command.params:
            if parameter.name:
                is_option = parameter.param_type_name == "option"
                names[parameter.name] = max(parameter.opts, key=len) if is_option else parameter.name.upper()
    return names


def _stop(number: int, frame: object) -> None:
    raise SystemExit(128 + number)


def main(argv: list[str] | None = None) -> None:
    """Run the command line. Exit 0: done. 1: the user can mend it, one line says how. 2: wrong usage. 130: Ctrl-C.

    Anything else is our bug and keeps its traceback.
    """
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) == signal.SIG_DFL and threading.current_thread() is threading.main_thread():
            signal.signal(number, _stop)  # so that a cancelled job clears up behind it
    app = _app()
    try:
        app(args=argv, prog_name="genint")
    except UserError as error:
        print(f"genint: error: {error.for_command_line(_option_names(app))}", file=sys.stderr)
        raise SystemExit(1) from None
    except BrokenPipeError:
        raise SystemExit(128 + signal.SIGPIPE) from None
    except OSError as error:
        if error.errno not in _USERS_TO_MEND:
            raise
        print(f"genint: error: {error.filename or 'output'}: {error.strerror}. {advice(error)}", file=sys.stderr)
        raise SystemExit(1) from None
