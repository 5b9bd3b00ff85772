"""Image-text networks with few random weights, of open_clip and of transformers, and their tokenizers."""

from functools import cache
from typing import Any

import open_clip
import torch
import transformers
from open_clip.model import CLIP, CLIPTextCfg, CLIPVisionCfg, CustomTextCLIP
from torch import Tensor, nn

from seewhy import TextModel, image_text

HALF = (0.5, 0.5, 0.5)
TEXTS = ("a dog", "a cat", "the blanket on top")
TOWER: dict[str, Any] = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 32}
PICTURES = {**TOWER, "image_size": 32, "patch_size": 8}
KINDS = ("vit", "resnet", "siglip", "hf clip", "hf siglip", "hf chinese")


def network(kind: str) -> Any:
    """The same at each call."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        made = _networks()[kind]().eval()
        for name, one in made.named_parameters():  # fresh layers hardly tell one input from another
            if one.ndim > 1 and "embedding" not in name:
                nn.init.normal_(one, std=0.3)
    return made


def _networks() -> dict[str, Any]:
    text = CLIPTextCfg(context_length=77, vocab_size=49408, width=16, heads=2, layers=2)
    patches = CLIPVisionCfg(layers=2, width=32, head_width=16, patch_size=8, image_size=32)
    clip = {"text_config": {**TOWER, "vocab_size": 49408}, "vision_config": PICTURES, "projection_dim": 12}
    siglip = {
        "text_config": {**TOWER, "vocab_size": 200, "max_position_embeddings": 16, "projection_size": 16},
        "vision_config": PICTURES,
    }
    bert = {"text_config": {**TOWER, "vocab_size": len(WORDS)}, "vision_config": PICTURES, "projection_dim": 12}
    return {
        "vit": lambda: CLIP(16, patches, text),
        "resnet": lambda: CLIP(
            16, CLIPVisionCfg(layers=(1, 1, 1, 1), width=8, head_width=16, image_size=64), text, quick_gelu=True
        ),
        "siglip": lambda: CustomTextCLIP(16, patches, text, init_logit_bias=-3.0),
        "hf clip": lambda: transformers.CLIPModel(transformers.CLIPConfig(**clip)),
        "hf siglip": lambda: transformers.SiglipModel(transformers.SiglipConfig(**siglip)),
        "hf chinese": lambda: transformers.ChineseCLIPModel(transformers.ChineseCLIPConfig(**bert)),
    }


PIECES = "[PAD] [UNK] [CLS] [SEP] [MASK] a the dog cat blanket on top ##s , . 一 只 猫 狗 在 毯 子 上"
WORDS = dict.fromkeys(PIECES.split())


@cache
def tokenizer(kind: str) -> Any:
    """CLIP's own, the same as transformers has it, a small BERT's, and one of sentence pieces for SigLIP."""
    if not kind.startswith("hf"):
        return open_clip.get_tokenizer("ViT-B-32")
    if kind == "hf chinese":
        return transformers.BertTokenizer(vocab={word: at for at, word in enumerate(WORDS)}, model_max_length=20)
    if kind == "hf siglip":
        return _sentence_pieces()
    own = open_clip.get_tokenizer("ViT-B-32")
    vocabulary = {word: at for word, at in own.encoder.items() if at < 49406}
    vocabulary |= {"<|startoftext|>": 49406, "<|endoftext|>": 49407}
    return transformers.CLIPTokenizer(vocab=vocabulary, merges=list(own.bpe_ranks), model_max_length=77)


def _sentence_pieces() -> Any:
    from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors

    pieces = ["<pad>", "</s>", "<unk>", "▁", "▁a", "▁the", "▁dog", "▁cat", "▁blan", "ket", "▁on", "▁top", "s", ",", "."]
    made = Tokenizer(models.Unigram([(piece, -1.0 - at / 9) for at, piece in enumerate(pieces)], unk_id=2))
    made.normalizer = normalizers.Lowercase()
    made.pre_tokenizer = pre_tokenizers.Metaspace()
    made.decoder = decoders.Metaspace()
    made.post_processor = processors.TemplateProcessing(single="$A </s>", special_tokens=[("</s>", 1)])
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=made, pad_token="<pad>", eos_token="</s>", unk_token="<unk>", model_max_length=16
    )


def pair(kind: str, *texts: str, **how: Any) -> TextModel:
    return image_text(network(kind), tokenizer(kind), mean=HALF, std=HALF, size=side(kind), texts=texts, **how)


def side(kind: str) -> int:
    return 64 if kind == "resnet" else 32


def photos(kind: str) -> Tensor:
    return torch.rand(2, 3, side(kind), side(kind), generator=torch.Generator().manual_seed(1))


def own_logits(model: TextModel, kind: str, x: Tensor) -> Tensor:
    """What the network itself says of its texts (b,k)."""
    normalised = ((x - 0.5) / 0.5).to(model.dtype)
    if not kind.startswith("hf"):
        return model.module.get_logits(normalised, tokenizer(kind)(list(model.classes)))[0]
    padding = {"padding": "max_length"} if kind == "hf siglip" else {"padding": True}
    made = tokenizer(kind)(list(model.classes), return_tensors="pt", truncation=True, **padding)
    known = {} if kind == "hf siglip" else {"attention_mask": made["attention_mask"]}
    return model.module(input_ids=made["input_ids"], pixel_values=normalised, **known).logits_per_image
