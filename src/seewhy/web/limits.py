"""What a client may ask for."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """bytes, pixels: of a photo. body: bytes of what is no photo. waiting: pieces of work in the queue; kept: those
    remembered once they have ended. seconds: of one piece of work, and of a client that sends nothing. grid: methods
    times targets of one. decoding: photos that are unpacked at once. disk: bytes of photos and results that stay.
    memory: bytes of photos, and of results, that are held so that they need not be read again."""

    bytes: int = 25 * 2**20
    pixels: int = 64_000_000
    body: int = 64 * 2**10
    waiting: int = 32
    kept: int = 256
    seconds: float = 3600
    silence: float = 20
    grid: int = 64
    decoding: int = 2
    disk: int = 4 * 2**30
    memory: int = 256 * 2**20
