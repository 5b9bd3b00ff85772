"""What is sent of results and of work: bytes."""

import json
from collections.abc import AsyncIterator, Sequence
from typing import Any

from seewhy.web import answers, calls
from seewhy.web.asked import Cell
from seewhy.web.recent import Recent
from seewhy.web.results import Results

MEMORY = 64 * 2**20  # bytes of answers about results


class Told:
    """Results as JSON, those asked for last as they were sent."""

    def __init__(self, results: Results) -> None:
        self._results, self._said = results, Recent[bytes](MEMORY, len)

    def of(self, key: str, lang: str | None = None) -> bytes:
        """Raises Refusal where it is not here."""
        found = self._results.get(key)

        def made() -> bytes:
            said = answers.explanation(key, found) | {"calls": calls.of_result(found)}
            return packed(said if lang is None else answers.spoken(said, lang))

        return self._said.get((key, lang), made)

    def of_all(self, cells: Sequence[Cell]) -> bytes:
        """The cells, and the results of those that are here."""
        listed = [answers.cell(one, self._results) for one in cells]
        results = b",".join(self.of(one["key"]) for one in listed if one["ready"])
        return b'{"cells":%b,"results":[%b]}' % (packed(listed), results)


def packed(found: Any) -> bytes:
    return json.dumps(found, ensure_ascii=False, separators=(",", ":")).encode()


async def streamed(events: AsyncIterator[dict[str, Any] | None]) -> AsyncIterator[str]:
    """As server-sent events."""
    try:
        async for event in events:
            if event is None:
                yield ": still here\n\n"
                continue
            yield f"id: {event['number']}\nevent: {event['kind']}\ndata: {json.dumps(event, ensure_ascii=False)}\n\n"
    finally:
        await events.aclose()  # type: ignore[attr-defined]  # an asynchronous generator
