"""The Hugging Face hub: addresses there, its client (an extra), and what that has to say in one line.

The client reads HF_ENDPOINT, HF_TOKEN and HF_HUB_OFFLINE from the environment.
"""

import re
from dataclasses import dataclass
from typing import Any, Self

from genint.errors import InputError

SCHEME = "hf://"


@dataclass(frozen=True)
class HubAddress:
    """hf://OWNER/NAME, or hf://OWNER/NAME@REVISION with a branch, a tag or a commit."""

    repository: str
    revision: str

    @classmethod
    def read(cls, text: str) -> Self:
        """Read an address. ValueError for any other text; a revision that is not given is main."""
        found = re.fullmatch(r"hf://([\w.-]*\w[\w.-]*/[\w.-]*\w[\w.-]*)(?:@([\w./-]*\w[\w./-]*))?", text, re.ASCII)
        if found is None:
            raise ValueError(f"{text}: is not hf://OWNER/NAME or hf://OWNER/NAME@REVISION")
        return cls(found[1], found[2] or "main")

    def __str__(self) -> str:
        return f"{SCHEME}{self.repository}" + (f"@{self.revision}" if self.revision != "main" else "")


def read_address(text: str) -> HubAddress:
    """An address as the user gave it. InputError for text that is none."""
    try:
        return HubAddress.read(text)
    except ValueError as error:
        raise InputError(f"{error}. Give the address of a model on the Hugging Face hub") from None


def hub_client(what: str, advice: str) -> Any:
    """The package huggingface_hub. InputError without it: `what` needs it, and `advice` is what else to do."""
    try:
        import huggingface_hub.constants
        import huggingface_hub.errors
    except ImportError:
        raise InputError(f"{what} needs the package huggingface-hub. {advice}, or pip install 'genint[hub]'") from None
    return huggingface_hub


def hub_errors(hub: Any) -> tuple[type[Exception], ...]:
    """What the client raises when it cannot have its way."""
    # The last is what connections raise: requests' errors before version 1 of the client, httpx's from then on.
    return (OSError, ValueError, RuntimeError, *hub.errors.HfHubHTTPError.__bases__)


def explain(hub: Any, error: Exception, advice: str) -> str:
    """What went wrong, in brackets, and what to do: `advice`, unless the hub gave no answer."""
    if _is_unanswered(hub, error):
        return f"(no answer from {hub.constants.ENDPOINT}). Look at the network, or at HF_ENDPOINT"
    return f"({first_line(error)}). {advice}"


def _is_unanswered(hub: Any, error: Exception) -> bool:
    """Whether an error is of the connection: not an answer, not the system's, nor of what the client was given."""
    if isinstance(error, hub.errors.OfflineModeIsEnabled) or getattr(error, "errno", None):
        return False
    is_connection = isinstance(error, OSError) or not isinstance(error, ValueError | RuntimeError)
    return is_connection and getattr(error, "response", None) is None


def first_line(error: Exception) -> str:
    """What an exception says, without the story that follows."""
    text = str(error).strip()
    return text.splitlines()[0] if text else type(error).__name__
