"""The folder of a server: what it holds is its user's alone, and outlives the server."""

import os
import secrets
import sys
from contextlib import suppress
from pathlib import Path

from seewhy.errors import BadInput

TOKEN = "token"


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
