"""docs/api.md: every public name with its signature and docstring, as the source has them."""

import ast
import inspect
import textwrap
from collections.abc import Iterator
from typing import Any

import genint

_HEAD = """# Python names

Everything that `import genint` offers, made from the docstrings by `pytest tests/test_docs.py --update-golden`. How
they work together is on [another page](python.md).
"""


def write_api() -> str:
    """The page as Markdown."""
    return _HEAD + "".join(f"\n{line}" for name in sorted(genint._HOMES, key=str.lower) for line in _section(name))


def _section(name: str) -> Iterator[str]:
    thing = getattr(genint, name)
    yield f"## {name}\n"
    yield f"```text\n{_signature(thing)}\n```\n"
    yield f"{_documentation(thing)}\n"
    methods = {key: value for key, value in vars(thing).items() if _is_shown(key, value)} if _is_class(thing) else {}
    if methods:
        yield "| | |\n|---|---|"
        yield from (f"| `{_member(key, value)}` | {_first_sentence(value)} |" for key, value in methods.items())
        yield ""


def _is_class(thing: Any) -> bool:
    return inspect.isclass(thing) and not issubclass(thing, Exception)


def _is_shown(name: str, value: Any) -> bool:
    return not name.startswith("_") and isinstance(value, property | type(_is_shown)) and bool(inspect.getdoc(value))


def _member(name: str, value: Any) -> str:
    return name if isinstance(value, property) else f"{name}({_arguments(_parse(value))})".replace("|", "\\|")


def _signature(thing: Any) -> str:
    node = _parse(thing)
    if isinstance(node, ast.FunctionDef):
        return textwrap.fill(
            f"{node.name}({_arguments(node)}) -> {ast.unparse(node.returns)}", 110, subsequent_indent="    "
        )
    fields = [ast.unparse(each) for each in node.body if isinstance(each, ast.AnnAssign)]
    return "\n".join([f"class {node.name}", *(f"    {field}" for field in fields)])


def _arguments(node: Any) -> str:
    return ast.unparse(node.args).removeprefix("self, ").removeprefix("self")


def _parse(thing: Any) -> Any:
    return ast.parse(textwrap.dedent(inspect.getsource(thing))).body[0]


def _documentation(thing: Any) -> str:
    return inspect.getdoc(thing) or ""


def _first_sentence(value: Any) -> str:
    return _documentation(value).split("\n\n")[0].replace("\n", " ").replace("|", "\\|")
