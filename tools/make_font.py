"""Make the Chinese font that ships with seewhy from Noto Sans CJK SC.

    python tools/make_font.py NotoSansCJK-Regular.ttc

The source is the file of that name in Debian's package fonts-noto-cjk (`apt-get download fonts-noto-cjk`, then
`dpkg -x`); an .otf or .ttf of Noto Sans SC does as well. Run it again when a test says that a character is missing.
The licence (src/seewhy/lang/OFL.txt) lets the font be cut and shipped; the result bears a name of its own, because
Noto is a trademark and a changed font should not pass for the original.
"""

import sys
from pathlib import Path

from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTCollection, TTFont

LANG = Path(__file__).parent.parent / "src" / "seewhy" / "lang"
FAMILY, POSTSCRIPT = "Seewhy Sans SC", "SeewhySansSC-Regular"
# Latin, Greek, punctuation, arrows, mathematics, shapes, CJK punctuation, full-width forms
RANGES = (
    (0x20, 0x17F),
    (0x370, 0x3FF),
    (0x2000, 0x206F),
    (0x2190, 0x22FF),
    (0x25A0, 0x25FF),
    (0x3000, 0x303F),
    (0xFF00, 0xFF65),
)


def characters() -> set[str]:
    """Those of seewhy's own words, and the 3755 most used (level 1 of GB 2312) for file names and users' classes."""
    own = set(
        "".join(
            (LANG / name).read_text(encoding="utf-8") for name in sorted(path.name for path in LANG.glob("*zh.json"))
        )
    )
    level1 = bytes(byte for row in range(0xB0, 0xD8) for cell in range(0xA1, 0xFF) for byte in (row, cell))
    ranges = {chr(code) for first, last in RANGES for code in range(first, last + 1)}
    return own | set(level1.decode("gb2312", "ignore")) | ranges


def read(path: str) -> TTFont:
    """The simplified Chinese face of a collection, or the one face of a file."""
    if not path.endswith(".ttc"):
        return TTFont(path, recalcTimestamp=False)
    faces = [face["name"].getDebugName(4) for face in TTCollection(path, lazy=True).fonts]
    return TTFont(path, fontNumber=faces.index("Noto Sans CJK SC"), recalcTimestamp=False)


def cut(font: TTFont) -> None:
    """Leave our characters, and only the tables that horizontal text needs."""
    options = Options(layout_features=[], hinting=False, name_IDs=[0, 13, 14], name_languages=[0x409])
    options.drop_tables += ["BASE", "GPOS", "GSUB", "VORG", "vhea", "vmtx"]
    subsetter = Subsetter(options)
    subsetter.populate(text="".join(characters()))
    subsetter.subset(font)


def rename(font: TTFont) -> None:
    names = {1: FAMILY, 2: "Regular", 3: f"seewhy;{POSTSCRIPT}", 4: FAMILY, 5: "Version 1.0", 6: POSTSCRIPT}
    for number, name in names.items():
        font["name"].setName(name, number, 3, 1, 0x409)
    if "CFF " in font:
        cff = font["CFF "].cff
        cff.fontNames[0] = POSTSCRIPT
        cff[0].FullName = cff[0].FamilyName = FAMILY


if __name__ == "__main__":
    font = read(sys.argv[1])
    cut(font)
    rename(font)
    out = LANG / f"{POSTSCRIPT}.otf"
    font.save(out)
    print(f"{out}: {len(font.getBestCmap())} characters, {out.stat().st_size // 1024} KB")
