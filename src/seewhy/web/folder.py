"""The folder of a server: what it holds is its user's alone, and outlives the server."""

import os
import secrets
import shutil
import sys
import weakref
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from seewhy.errors import BadInput

TOKEN, LOCK = "token", ".lock"


def usual() -> Path:
    """Where programs of this system keep what they make for their user."""
    home = Path.home()
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or home / "AppData" / "Local") / "seewhy"
    if sys.platform == "darwin":
        return home / "Library" / "Application Support" / "seewhy"
    return Path(os.environ.get("XDG_DATA_HOME") or home / ".local" / "share") / "seewhy"


def token(folder: Path) -> str:
    """What opens the server: made once for a folder, so that links still open when the server was started anew.

    Raises BadInput where the folder can't be made or written.
    """
    path = folder / TOKEN
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with (
            suppress(FileExistsError),
            os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as new,
        ):
            new.write(secrets.token_urlsafe(24))
        found = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        said = getattr(error, "strerror", None) or str(error)
        raise BadInput(f"{folder} can't be used: {said}", "choose another folder: --folder DIR") from error
    if len(found) < 16:
        raise BadInput(f"{path} holds no token", "delete it, and a new one is made")
    return found


def swept(folder: Path, holder: object) -> Callable[[], object]:
    """The folder without what servers that were killed had half written, unless another server writes there now.

    It is this one's until what is returned is called, or `holder` is no more.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if sys.platform == "win32":
        _sweep(folder)
        return lambda: None
    import fcntl

    held = os.open(folder / LOCK, os.O_WRONLY | os.O_CREAT, 0o600)
    let_go = weakref.finalize(holder, os.close, held)
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        _sweep(folder)
    except OSError:  # another has it
        pass
    with suppress(OSError):  # a disk without locks
        fcntl.flock(held, fcntl.LOCK_SH)
    return let_go


def _sweep(folder: Path) -> None:
    for half in [one for place in (folder, *folder.glob("*/")) for one in place.glob(".*") if one.name != LOCK]:
        if half.is_dir():
            shutil.rmtree(half, ignore_errors=True)
        else:
            half.unlink(missing_ok=True)
