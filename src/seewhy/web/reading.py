"""What a request holds, taken in parts and no further than it may be."""

import asyncio
import json
from typing import Any

from starlette.requests import ClientDisconnect, Request

from seewhy.web.refusing import Refusal


async def body(request: Request, most: int, silence: float) -> bytes:
    """The body's bytes. Raises Refusal where there are more than `most`, or none came for `silence` seconds."""
    said = request.headers.get("content-length", "")
    if said.isdigit() and int(said) > most:
        raise too_large(most)
    found = bytearray()
    parts = request.stream().__aiter__()
    while True:
        try:
            part = await asyncio.wait_for(anext(parts), silence)
        except StopAsyncIteration:
            return bytes(found)
        except TimeoutError:
            raise Refusal("too_slow", f"nothing came for {silence:g} seconds", "send it again", 408) from None
        except ClientDisconnect:
            raise Refusal("gone", "the client went away", "", 400) from None
        found += part
        if len(found) > most:
            raise too_large(most)


def too_large(most: int) -> Refusal:
    return Refusal("too_large", f"more than {most:,} bytes", "send less at a time", 413)


async def document(request: Request, most: int, silence: float) -> dict[str, Any]:
    """The body as a JSON object. Raises Refusal for anything else."""
    text = await body(request, most, silence)
    try:
        found = json.loads(text.decode("utf-8"), parse_constant=_no_number)
    except (ValueError, RecursionError):
        raise Refusal("bad_json", "the body is no JSON", "send an object") from None
    if not isinstance(found, dict):
        raise Refusal("bad_json", "the body is no JSON object", "send an object")
    return found


def _no_number(name: str) -> Any:
    raise ValueError(name)
