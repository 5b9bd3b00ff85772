"""The two trained networks: how they are built, stored and loaded.

They are stored in float16 and computed in float32. Of CLIP's 49408 token embeddings only those of the tokens that
captions use were trained and are stored; every other token gets their mean, so it says nothing.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import open_clip
import torch
from safetensors.torch import load_file, save_file
from timm.layers import build_sincos2d_pos_embed
from timm.models.vision_transformer import VisionTransformer
from torch import Tensor, nn

import seewhy
from benchmarks.shapes.captions import PHRASES, text
from benchmarks.shapes.scenes import CLASSES, SIDE, Scenes

WEIGHTS = Path(__file__).parent / "weights"
MEAN, STD = (0.5, 0.5, 0.5), (0.25, 0.25, 0.25)
PATCH, WIDTH, DEPTH, HEADS = 8, 128, 4, 4
TOKENS = 20  # of a text, its start and end included
TOWER = {"width": WIDTH, "layers": DEPTH, "head_width": WIDTH // HEADS}
VISION = {"image_size": SIDE, "patch_size": PATCH, **TOWER, "pos_embed_type": "sin_cos_2d"}
WORDS = {"context_length": TOKENS, "width": WIDTH, "heads": HEADS, "layers": 2}
EMBEDDING = "token_embedding.weight"


@dataclass(frozen=True, eq=False)
class Clip:
    """A trained open_clip.CLIP, its tokenizer, and how pixels in [0,1] become its input."""

    module: open_clip.CLIP
    tokenizer: open_clip.SimpleTokenizer
    mean: tuple[float, ...] = MEAN
    std: tuple[float, ...] = STD
    size: tuple[int, int] = (SIDE, SIDE)

    def against(self, texts: Sequence[str]) -> seewhy.Model:
        """A classifier whose classes are texts: its scores (b,k) are CLIP's logits of k texts."""
        module = Against(self.module, self.tokenizer(list(texts)))
        return seewhy.Model(module, mean=self.mean, std=self.std, size=self.size, classes=tuple(texts))


class Against(nn.Module):
    """CLIP's picture tower in front of texts that stay: (b,3,h,w) to logits (b,k)."""

    def __init__(self, clip: open_clip.CLIP, tokens: Tensor) -> None:
        super().__init__()
        self.visual = clip.visual
        with torch.no_grad():
            texts = clip.encode_text(tokens, normalize=True)
            self.register_buffer("texts", texts * clip.logit_scale.exp())
            self.register_buffer("bias", clip.logit_bias.detach().clone())

    def forward(self, x: Tensor) -> Tensor:
        return nn.functional.normalize(self.visual(x), dim=-1) @ self.texts.T + self.bias


def new_vit() -> VisionTransformer:
    """Places are learned from waves on (as arXiv:2205.01580 has them, there unlearned), not from noise."""
    module = VisionTransformer(
        img_size=SIDE, patch_size=PATCH, embed_dim=WIDTH, depth=DEPTH, num_heads=HEADS, num_classes=len(CLASSES)
    )
    with torch.no_grad():
        module.pos_embed[0, 1:] = build_sincos2d_pos_embed([SIDE // PATCH] * 2, WIDTH) / 2
    nn.init.constant_(module.head.bias, -3.0)  # most classes are absent
    return module


def new_clip(vocabulary: int) -> open_clip.CLIP:
    return open_clip.CLIP(**_made_of(vocabulary), output_dict=True)


def _made_of(vocabulary: int) -> dict[str, Any]:
    words = {**WORDS, "vocab_size": vocabulary}
    start = {"init_logit_scale": 2.3, "init_logit_bias": -3.0}  # most texts are wrong
    return {"embed_dim": WIDTH, "vision_cfg": VISION, "text_cfg": words, **start}


def tokenizer() -> open_clip.SimpleTokenizer:
    return open_clip.SimpleTokenizer(context_length=TOKENS)


def vocabulary() -> Tensor:
    """The tokens that captions use, in rising order, so that the end of a text stays the largest."""
    said = [text([one, 0, 1], phrase) for one in range(len(CLASSES)) for phrase in PHRASES]
    found: Tensor = tokenizer()(said).unique()
    return found


def vit() -> seewhy.Model:
    """The trained ViT: a logit for each coloured shape, of which a scene may show several."""
    module = new_vit()
    module.load_state_dict({name: value.float() for name, value in load_file(WEIGHTS / "vit.safetensors").items()})
    return seewhy.Model(module.eval(), mean=MEAN, std=STD, size=(SIDE, SIDE), classes=CLASSES)


def clip() -> Clip:
    stored = {name: value.float() for name, value in load_file(WEIGHTS / "clip.safetensors").items()}
    words, known = tokenizer(), vocabulary()
    used = stored[EMBEDDING]
    stored[EMBEDDING] = used.mean(0).repeat(words.vocab_size, 1).index_copy(0, known, used)
    module = new_clip(words.vocab_size)
    module.load_state_dict(stored)
    return Clip(module.eval(), words)


def clip_folder(folder: Path) -> Path:
    """The trained CLIP as a folder that open_clip loads: `local-dir:FOLDER`."""
    module = clip().module
    pictures = {"size": SIDE, "mode": "RGB", "mean": MEAN, "std": STD, "interpolation": "bilinear"}
    made = {"model_cfg": _made_of(module.vocab_size), "preprocess_cfg": {**pictures, "resize_mode": "shortest"}}
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "open_clip_config.json").write_text(json.dumps(made), "utf-8")
    save_file(module.state_dict(), folder / "open_clip_model.safetensors")
    return folder


def store(module: nn.Module, name: str) -> None:
    """As float16: what is measured and shipped is what float16 holds."""
    WEIGHTS.mkdir(exist_ok=True)
    halved = {key: value.half().contiguous() for key, value in module.state_dict().items()}
    save_file(halved, WEIGHTS / f"{name}.safetensors")


def pixels(scenes: Scenes) -> Tensor:
    """(n,3,h,w) in [0,1]."""
    return torch.from_numpy(scenes.pixels).permute(0, 3, 1, 2).float().div_(255)


def normalised(scenes: Scenes) -> Tensor:
    return (pixels(scenes) - MEAN[0]) / STD[0]
