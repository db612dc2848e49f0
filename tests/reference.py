"""docs/commands.md: every command with its arguments and options, as help shows them."""

from collections.abc import Iterator
from inspect import cleandoc
from itertools import groupby
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

import typer

from genint.cli.main import make_app

_HEAD = """# Commands

`genint COMMAND --help` prints the same. This page is made from it, by `pytest tests/test_docs.py --update-golden`.
"""


def all_commands(group: Any = None, words: tuple[str, ...] = ()) -> dict[str, Any]:
    """Every command there is, by what is typed for it: "data make"."""
    group = group or typer.main.get_command(make_app())
    if not hasattr(group, "commands"):
        return {" ".join(words): group}
    found = [all_commands(command, (*words, name)) for name, command in group.commands.items()]
    return {name: command for each in found for name, command in each.items()}


def write_reference() -> str:
    """The page as Markdown."""
    return _HEAD + "".join(f"\n{line}" for name, command in all_commands().items() for line in _section(name, command))


def _section(name: str, command: Any) -> Iterator[str]:
    arguments = [each for each in command.params if each.param_type_name == "argument"]
    given = [each.metavar or each.name.upper() for each in arguments]
    repeated = [f"{word}..." if each.nargs == -1 else word for word, each in zip(given, arguments, strict=True)]
    usage = [word if each.required else f"[{word}]" for word, each in zip(repeated, arguments, strict=True)]
    text, _, example = cleandoc(command.help).partition("Example: ")
    yield f"## genint {name}\n"
    yield text.strip() + "\n"
    yield f"```\ngenint {' '.join([name, *usage])} [OPTIONS]\n```\n"
    yield f"Example: `{example}`\n"
    if arguments:
        yield "| argument | |\n|---|---|"
        yield from (f"| {word} | {each.help} |" for word, each in zip(given, arguments, strict=True))
        yield ""
    kinds = get_type_hints(command.callback)
    options = [each for each in command.params if each.param_type_name == "option" and each.name in kinds]
    for panel, group in groupby(options, key=lambda option: option.rich_help_panel or "Options"):
        yield f"| {panel} | | default | |\n|---|---|---|---|"
        yield from (_row(option, kinds[option.name]) for option in group)
        yield ""


def _row(option: Any, kind: Any) -> str:
    names = ", ".join(f"`{name}`" for name in [*option.opts, *option.secondary_opts])
    return (
        f"| {names} | {'' if option.is_flag else option.metavar or _value(kind)} | {_default(option)} | {option.help} |"
    )


def _value(kind: Any) -> str:
    """What is typed for an option of this type: list[Path] | None is a PATH."""
    if get_origin(kind) is Literal:
        return " or ".join(f"`{word}`" for word in get_args(kind))
    inner = [each for each in get_args(kind) if each is not type(None)]
    return _value(inner[0]) if inner else {int: "N", float: "NUMBER", Path: "PATH", str: "TEXT"}[kind]


def _default(option: Any) -> str:
    if isinstance(option.show_default, str):
        return option.show_default
    return "" if option.is_flag or option.default is None or not option.show_default else f"`{option.default}`"
