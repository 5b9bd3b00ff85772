"""What was made a moment ago and may be asked for again at once, in memory, up to so many bytes."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Generic, TypeVar

Kept = TypeVar("Kept")


class Recent(Generic[Kept]):
    """The last ones asked for; at least the last. Two that ask at once for what is not there may both make it."""

    def __init__(self, most: int, size: Callable[[Kept], int]) -> None:
        self._most, self._size, self._lock = most, size, Lock()
        self._kept: OrderedDict[Hashable, Kept] = OrderedDict()

    def get(self, key: Hashable, make: Callable[[], Kept]) -> Kept:
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        made = make()
        with self._lock:
            self._kept[key] = made
            self._kept.move_to_end(key)
            total = sum(map(self._size, self._kept.values()))
            while total > self._most and len(self._kept) > 1:
                total -= self._size(self._kept.popitem(last=False)[1])
        return made

    def __len__(self) -> int:
        return len(self._kept)
