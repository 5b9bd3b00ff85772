"""Files of a network of transformers: in a folder, in the hub's cache, or on the hub."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from seewhy.errors import SeewhyError, UnknownName, Unsupported, first_line

REPOSITORY = re.compile(r"[\w-][\w.-]*(/[\w-][\w.-]*)?")
OTHERWISE = "give a folder that holds its config.json and its weights: hf:FOLDER"
SECONDS = 10  # that the hub may take to answer at all


def place(name: str) -> str:
    """A folder's path, or a repository's name as it is. Raises UnknownName for what can be neither."""
    folder = Path(name).expanduser()
    if folder.is_dir():
        return str(folder)
    if REPOSITORY.fullmatch(name):
        return name
    raise UnknownName(
        f"'{name}' is no folder, and no repository's name", "give hf:FOLDER, or hf:OWNER/NAME of the Hugging Face hub"
    )


def fetched(where: str, read: Callable[..., Any], file: str = "config.json", **how: Any) -> Any:
    """What `read` makes of files on this machine, and where they are not here, of those that the hub has.

    The hub is asked once first, for a file that is there: its own loader would retry for half a minute.
    Raises Unsupported, UnknownName.
    """
    try:
        return _read(where, read, local_files_only=True, **how)
    except OSError as error:
        if Path(where).is_dir():
            raise Unsupported(f"the folder '{where}' can't be read: {first_line(error)}", OTHERWISE) from error
    try:
        ask_the_hub(where, file)
        return _read(where, read, **how)
    except SeewhyError:
        raise
    except Exception as error:  # each of the hub's transports has its own
        raise Unsupported(f"'{where}' can't be fetched from the hub: {first_line(error)}", OTHERWISE) from error


def _read(where: str, read: Callable[..., Any], **how: Any) -> Any:
    try:
        return read(where, trust_remote_code=False, **how)
    except OSError:
        raise
    except Exception as error:  # a broken file breaks in any way; so does one that asks to run code
        said = "it holds code of its own, which is not run" if "remote_code" in str(error) else first_line(error)
        raise Unsupported(f"transformers can't load '{where}': {said}", OTHERWISE) from error


def ask_the_hub(name: str, file: str) -> None:
    """Raises UnknownName where it has no such file, and whatever the connection raises where it does not answer."""
    from huggingface_hub import get_session, hf_hub_url

    answer = get_session().head(hf_hub_url(name, file), timeout=SECONDS)
    if answer.status_code in (401, 404):
        raise UnknownName(f"the hub has no public '{name}'", "give hf:OWNER/NAME as its page is called, or a folder")


@contextmanager
def quiet(library: Any) -> Iterator[None]:
    """Inside, transformers writes nothing: what matters of it becomes an error here."""
    log = library.utils.logging
    level, bars = log.get_verbosity(), log.is_progress_bar_enabled()
    log.set_verbosity(log.CRITICAL)
    log.disable_progress_bar()
    try:
        yield
    finally:
        log.set_verbosity(level)
        if bars:
            log.enable_progress_bar()
