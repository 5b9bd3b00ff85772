"""Every word a figure or a page shows, in English and Chinese, and the fonts that can draw it."""

from functools import cache

from matplotlib import font_manager

from seewhy.errors import BadOption

_ENGLISH = {
    "photo": "photo",
    "heat": "heat map",
    "both": "overlay",
    "blank": "no positive evidence",
    "blank_negative": "no negative evidence",
    "blank_all": "no evidence: the score does not move",
    "random": "RANDOM WEIGHTS",
    "predictions": "The model says",
    "explained": "explained: {target}",
    "score": "{kind} {value}",
    "logit": "logit",
    "probability": "probability",
    "log_probability": "log-probability",
    "units": "evidence, in units of the {kind}",
    "clipped": "largest {peak}",
    "unseen": "the network did not look outside the frame",
    "comparison": "{methods} methods, {targets} targets",
    "gradients": "gradients (RGB)",
    "max_gradients": "largest gradient",
    "shap_value": "SHAP value",
    "page_title": "Why {label}?",
    "page_lead": "{model} looked at {photo}",
    "view": "Show",
    "opacity": "Opacity",
    "colors": "Colours",
    "automatic": "automatic",
    "automatic_sign": "as the paper shows it",
    "hides_structure": "{name} (hides structure)",
    "sign": "Sign",
    "sign_all": "for and against",
    "sign_positive": "for",
    "sign_negative": "against",
    "sign_absolute": "strength",
    "fade": "Fade weak values",
    "side_by_side": "Side by side",
    "explanations": "Explanations",
    "details": "How it was made",
    "method": "Method",
    "target": "Target",
    "score_name": "Score",
    "layer": "Layer",
    "options": "Options",
    "model": "Model",
    "weights": "Weights",
    "fingerprint": "Fingerprint",
    "seed": "Seed",
    "seconds": "Time",
    "seconds_value": "{value} s",
    "passes": "Passes",
    "passes_value": "{forward} forward, {backward} backward",
    "precision": "Precision",
    "resolution": "Map",
    "notes": "Notes",
    "hint": "Point at the picture to read the values; arrow keys move pixel by pixel, with Shift by ten.",
    "not_seen": "not seen",
    "at": "x {x}, y {y}",
    "noscript": "This page draws its maps with JavaScript, which is off. Here is a still picture of them.",
}
_CHINESE = {
    "photo": "照片",
    "heat": "热力图",
    "both": "叠加",
    "blank": "没有正向证据",
    "blank_negative": "没有反向证据",
    "blank_all": "没有证据：分数不随图像变化",
    "random": "随机权重",
    "predictions": "模型的判断",
    "explained": "解释对象：{target}",
    "score": "{kind} {value}",
    "logit": "logit",
    "probability": "概率",
    "log_probability": "对数概率",
    "units": "证据（单位：{kind}）",
    "clipped": "最大值 {peak}",
    "unseen": "框外区域网络没有看到",
    "comparison": "{methods} 种方法，{targets} 个目标",
    "gradients": "梯度（RGB）",
    "max_gradients": "最大梯度",
    "shap_value": "SHAP 值",
    "page_title": "为什么是 {label}？",
    "page_lead": "{model} 看了 {photo}",
    "view": "显示",
    "opacity": "不透明度",
    "colors": "配色",
    "automatic": "自动",
    "automatic_sign": "按论文的方式",
    "hides_structure": "{name}（会掩盖结构）",
    "sign": "符号",
    "sign_all": "支持与反对",
    "sign_positive": "支持",
    "sign_negative": "反对",
    "sign_absolute": "强度",
    "fade": "淡化弱值",
    "side_by_side": "并排比较",
    "explanations": "解释",
    "details": "生成方式",
    "method": "方法",
    "target": "目标",
    "score_name": "分数",
    "layer": "层",
    "options": "选项",
    "model": "模型",
    "weights": "权重",
    "fingerprint": "指纹",
    "seed": "随机种子",
    "seconds": "用时",
    "seconds_value": "{value} 秒",
    "passes": "计算次数",
    "passes_value": "前向 {forward} 次，反向 {backward} 次",
    "precision": "精度",
    "resolution": "图的分辨率",
    "notes": "备注",
    "hint": "指向图片即可读数；方向键逐像素移动，按住 Shift 每次十个像素。",
    "not_seen": "未看到",
    "at": "x {x}，y {y}",
    "noscript": "本页用 JavaScript 绘图，而它已被关闭。下面是静态图片。",
}
_WORDS = {"en": _ENGLISH, "zh": _CHINESE}
_CHINESE_FONTS = ("Noto Sans CJK SC", "Noto Sans SC", "Source Han Sans SC", "PingFang SC", "Microsoft YaHei")
_OTHER_FONTS = ("Noto Sans CJK JP", "WenQuanYi Zen Hei", "WenQuanYi Micro Hei", "Droid Sans Fallback")


def text(key: str, lang: str, **values: object) -> str:
    """The words for a key. BadOption for a language without words."""
    return words(lang)[key].format(**values)


def words(lang: str) -> dict[str, str]:
    """All words of a language, by key."""
    if lang not in _WORDS:
        raise BadOption(f"no words in language '{lang}'", f"languages are {', '.join(_WORDS)}")
    return _WORDS[lang]


def class_name(label: str, lang: str) -> str:
    """A class label in the reader's language, where a translation is known."""
    return label


@cache
def font(lang: str) -> tuple[str, ...]:
    """Installed font families for matplotlib, the first that has a glyph draws it."""
    installed = {entry.name for entry in font_manager.fontManager.ttflist}
    chinese = [name for name in _CHINESE_FONTS + _OTHER_FONTS if name in installed]
    return ("DejaVu Sans", *chinese[:1])
