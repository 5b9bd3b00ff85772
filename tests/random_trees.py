"""Trees for tests."""

import random

from seewhy.trees import Hierarchy


def anyhow(classes: int, widest: int = 4, seed: int = 0) -> Hierarchy:
    """A random tree of so many classes, nodes of 1 to `widest` children among them."""
    draw = random.Random(seed)
    parts = [f"c{number}" for number in range(classes)]
    ids, edges = list(parts), []
    while len(parts) > 1:
        name = f"f{len(ids):08d}"
        taken = draw.sample(parts, min(len(parts), draw.randint(1 if len(parts) % 3 else 2, widest)))
        parts = [one for one in parts if one not in taken] + [name]
        ids.append(name)
        edges += [(name, one) for one in taken]
    return Hierarchy.of(ids, edges, [f"c{number}" for number in range(classes)])
