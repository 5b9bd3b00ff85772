"""Write docs/method_cards.md and docs/method_cards.zh.md: each method's card, in both languages.

python tools/method_cards.py
"""

from pathlib import Path

from seewhy import method_cards
from seewhy.lang import languages, text

DOCS = Path(__file__).parent.parent / "docs"
HEADS = {
    "en": """# A card for each method

[中文](method_cards.zh.md)

What each answers, when it misleads, when to use it, and what it costs: `seewhy methods ID` shows one with its options,
`seewhy.method_card(id)` has it in Python. Made by `python tools/method_cards.py`; a test holds that it is up to date.
""",
    "zh": """# 每种方法的卡片

[English](method_cards.md)

每种方法回答什么、何时会误导、何时使用、计算量多少：`seewhy methods ID --lang zh` 显示其中一张及其选项，在 Python 中为
`seewhy.method_card(id, "zh")`。由 `python tools/method_cards.py` 生成，并有测试保证与代码一致。
""",
}


def page(lang: str) -> str:
    parts, family, colon = [HEADS[lang]], "", "：" if lang == "zh" else ": "
    for id, card in method_cards(lang).items():
        if card.family != family:
            family = card.family
            parts.append(f"\n## {text(f'family_{family}', lang).capitalize()}\n")
        parts.append(f"\n### {card.title} (`{id}`)\n\n{card.summary}\n\n")
        rows = (("answers", card.answers), ("misleads", card.misleads), ("use", card.use), ("cost", card.cost))
        parts += [f"- **{text(f'card_{name}', lang)}**{colon}{said}\n" for name, said in rows]
        parts.append(f"- **{text('card_paper', lang)}**{colon}[{card.paper}]({card.link})\n")
    return "".join(parts)


def path(lang: str) -> Path:
    return DOCS / ("method_cards.md" if lang == "en" else f"method_cards.{lang}.md")


if __name__ == "__main__":
    for lang in languages():
        path(lang).write_text(page(lang), "utf-8")
        print(path(lang))
