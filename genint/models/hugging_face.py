"""The client of the Hugging Face hub, which is an extra, and what it has to say in one line."""

from typing import Any

from genint.errors import InputError


def hub_client(what: str, advice: str) -> Any:
    """The package huggingface_hub. InputError without it: `what` needs it, and `advice` is what else to do."""
    try:
        import huggingface_hub
    except ImportError:
        raise InputError(f"{what} needs the package huggingface-hub. {advice}, or install it") from None
    return huggingface_hub


def first_line(error: Exception) -> str:
    """What an exception says, without the story that follows."""
    text = str(error).strip()
    return text.splitlines()[0] if text else type(error).__name__
