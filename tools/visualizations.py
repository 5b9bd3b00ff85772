"""Write docs/visualizations.md: what 12 classes and 24 channels of the default model would like to see.

The classes were chosen before any of their pictures was made. The network has to call a class's picture that class,
first of all 1000, in at least 7 of 8 looks that are moved by up to 8 pixels. It takes ten minutes on one core.
"""

import io
import sys
import time
from pathlib import Path

import torch
from PIL import Image

from seewhy import Model, load
from seewhy.render.visualization import figure
from seewhy.results.visualization import Visualization, Visualized
from seewhy.synthesis import Transforms, visualize

DOCS = Path(__file__).parent.parent / "docs"
CLASSES = (
    "goldfish", "tabby", "monarch", "jellyfish", "peacock", "zebra",
    "king penguin", "strawberry", "daisy", "volcano", "school bus", "steam locomotive",
)  # fmt: skip
CHANNELS = tuple(
    f"{layer}:{at}" for layer in ("blocks.1", "blocks.2", "blocks.3", "blocks.5") for at in (1, 4, 7, 10, 13, 16)
)
LOOKS, ENOUGH = 8, 7
JITTER = Transforms(pad=8, jitter=17, scales=(1.0,), angles=(0.0,), last=0)
SIZE, STEPS = 224, 512
WIDTH = 1200  # pixels of a grid


def called(model: Model, one: Visualized, label: str) -> int:
    """In how many of the looks at its picture the network says the class before all others."""
    picture = torch.from_numpy(one.image).permute(2, 0, 1)[None].expand(LOOKS, -1, -1, -1)
    draws = [torch.Generator().manual_seed(1000 + at) for at in range(LOOKS)]
    size = (picture.shape[2], picture.shape[3])
    x = JITTER(picture, JITTER.drawn(size, draws), model.size or size)
    with model.frozen():
        return int((model.scored(x).argmax(1) == model.find(label)).sum())


def told(done: object) -> None:
    step = getattr(done, "done", 0)
    if step % 64 == 0:
        print(f"  step {step}", file=sys.stderr)


def drawn(result: Visualization, name: str) -> str:
    """Write the grid, small enough for a repository, and the words that show it."""
    file = io.BytesIO()
    figure(result, columns=6).savefig(file, format="png")
    grid = Image.open(file).convert("RGB")
    grid = grid.resize((WIDTH, round(grid.height * WIDTH / grid.width)), Image.Resampling.LANCZOS)
    grid.save(DOCS / "images" / name, "WEBP", quality=72, method=6)
    return f"![{name}](images/{name})"


def main() -> int:
    began = time.monotonic()
    model = load("default")
    classes = visualize(model, [f"class:{one}" for one in CLASSES], size=SIZE, steps=STEPS, tell=told)
    right = [called(model, one, label) for one, label in zip(classes.found, CLASSES, strict=True)]
    channels = visualize(model, CHANNELS, size=128, steps=256, tell=told)
    held = sum(one >= ENOUGH for one in right)
    rows = [
        f"| {label} | {one.values[0, 0]:.2f} | {one.values[-1, 0]:.1f} | {looks} of {LOOKS} |"
        for label, one, looks in zip(CLASSES, classes.found, right, strict=True)
    ]
    minutes = (time.monotonic() - began) / 60
    page = f"""# Pictures that the default model asks for

Made by `make visualize` (tools/visualizations.py) in {minutes:.0f} minutes. The classes were chosen beforehand.

## Classes

{SIZE} pixels, {STEPS} steps, seed 0, all else by default. {held} of {len(CLASSES)} pictures are called by their class,
first of 1000, in at least {ENOUGH} of {LOOKS} looks moved by up to 8 pixels.

{drawn(classes, "visualized-classes.webp")}

| class | logit at the start | at the end | looks in which it is first |
| --- | --- | --- | --- |
{chr(10).join(rows)}

## Channels

128 pixels, 256 steps.

{drawn(channels, "visualized-channels.webp")}
"""
    (DOCS / "visualizations.md").write_text(page, "utf-8")
    print(f"{held} of {len(CLASSES)} classes")
    return 0 if held >= 10 else 1


if __name__ == "__main__":
    sys.exit(main())
