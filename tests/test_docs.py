"""The pages: their Python runs as it stands, their links lead somewhere, and they name every method and option."""

import importlib.util
import re
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from seewhy import Need, list_methods
from seewhy.lang import languages

ROOT = Path(__file__).parent.parent
READMES = ROOT / "README.md", ROOT / "README.zh-CN.md"
TEXTS = [*READMES, ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
METHOD_PAGES = [path for path in (ROOT / "docs" / "methods").glob("*.md") if path.name != "options.md"]
EXTRAS = {"keras": "keras", "clip": "open_clip", "models": "transformers"}  # what a page needs besides
PAGES = [path for path in TEXTS if "```python" in path.read_text("utf-8") and path.name != "CONTRIBUTING.md"]


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_the_python_of_a_page_runs(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from skimage.data import chelsea

    if page.stem in EXTRAS and find_spec(EXTRAS[page.stem]) is None:
        pytest.skip(f"{EXTRAS[page.stem]} is not installed")
    monkeypatch.chdir(tmp_path)
    Image.fromarray(chelsea()).save("chelsea.png")
    names: dict[str, object] = {}
    for block in re.findall(r"```python\n(.*?)```", page.read_text("utf-8"), re.S):
        exec(compile(block, str(page), "exec"), names)


def test_links_between_pages_lead_somewhere() -> None:
    for page in TEXTS:
        for link in re.findall(r"\]\(([^)#]+)\)", page.read_text("utf-8")):
            assert "://" in link or (page.parent / link).exists(), f"{page.name} links to {link}"


def test_both_readmes_have_the_same_parts() -> None:
    english, chinese = (parts(path.read_text("utf-8")) for path in READMES)
    assert list(english) == list(chinese)
    for name, found in english.items():
        assert chinese[name] == found, f"README.zh-CN.md is not in step: {name}"


def test_each_readme_links_to_the_other_before_anything_else() -> None:
    for page, other in (READMES, READMES[::-1]):
        head = [line for line in page.read_text("utf-8").splitlines() if line][:2]
        assert head[0] == "# seewhy" and f"]({other.name})" in head[1]


def test_the_chinese_readme_is_chinese() -> None:
    """Prose of English words alone was forgotten; bold that ends in a full stop is no bold to GitHub."""
    prose = re.sub(r"```.*?```|<!--.*?-->", "", READMES[1].read_text("utf-8"), flags=re.S)
    for paragraph in re.split(r"\n\s*\n|\n(?=[-#|])", prose):
        bare = re.sub(r"`[^`]*`|\(\S*\)|[-\d.,:%+#| \n]", "", paragraph)
        assert not bare or bare in ("seewhy", "[English]") or re.search("[\u4e00-\u9fff]", bare), paragraph
    assert not re.search(r"[。，：；？！]\*\*[\u4e00-\u9fff]", prose)


def parts(text: str) -> dict[str, Any]:
    """What two languages of a page have in common, in order."""
    code = re.findall(r"```(\w*)\n(.*?)```", text, re.S)
    bare = re.sub(r"```.*?```", "", text, flags=re.S)
    rows = [re.findall(r"\d+(?:\.\d+)?", line) for line in bare.splitlines() if line.startswith("|")]
    links = re.findall(r"\]\(([^)]+)\)", bare)
    return {
        "headings": [len(one) for one in re.findall(r"^(#+) ", bare, re.M)],
        "code": [
            (kind, [one for line in block.splitlines() if (one := line.split("#")[0].strip())]) for kind, block in code
        ],
        "commented lines": [[bool(re.search(r"\S.*#", line)) for line in block.splitlines()] for _, block in code],
        "pictures": re.findall(r"!\[[^\]]*\]\(([^)]+)\)", bare),
        "links": [re.sub(r"\.zh(-CN)?\.md$", ".md", one) for one in links],
        "names": sorted(set(re.findall(r"`([^`]+)`", bare))),
        "points": len(re.findall(r"^- ", bare, re.M)),
        "bold": len(re.findall(r"\*\*", bare)),
        "tables": rows,
        "dates": re.findall(r"\d{4}-\d\d-\d\d", bare),
    }


def test_each_method_stands_in_the_table_of_exactly_one_page() -> None:
    pages = [path.read_text("utf-8") for path in METHOD_PAGES]
    for one in list_methods():
        row = re.compile(rf"^\| `{re.escape(one.id)}` \|", re.MULTILINE)
        assert sum(len(row.findall(page)) for page in pages) == 1, one.id


def test_no_page_tells_of_a_method_that_is_not_there() -> None:
    ids = {one.id for one in list_methods()}
    for path in METHOD_PAGES:
        for rows in re.findall(
            r"^\| (?:id|method) \|[^\n]*\n\|[ -|]*\n((?:\|[^\n]*\n)+)", path.read_text("utf-8"), re.MULTILINE
        ):
            named = set(re.findall(r"^\| `([^`]+)` \|", rows, re.MULTILINE))
            assert named and named <= ids, f"{path.name}: {named - ids}"


def test_bfloat16_is_offered_where_it_was_measured_to_rank_as_float32_does() -> None:
    page = (ROOT / "docs" / "precision.md").read_text("utf-8")
    measured: dict[str, list[float]] = {}
    for id, rank in re.findall(r"^\| `(\w+)`[^|]*\| [^|]* \| \w+ \| ([-.\d]+) \|", page, re.MULTILINE):
        measured.setdefault(id, []).append(float(rank))
    layered = {one.id for one in list_methods() if Need.MAPS in one.info.needs}
    assert all(len(ranks) == (4 if id in layered else 2) for id, ranks in measured.items())
    close = {id for id, ranks in measured.items() if min(ranks) >= 0.99}
    assert close == {one.id for one in list_methods() if one.info.half}


def test_the_table_of_options_is_up_to_date() -> None:
    made = tool("options_table")
    assert made.PAGE.read_text("utf-8") == made.table(), "run python tools/options_table.py"


@pytest.mark.parametrize("lang", languages())
def test_the_page_of_cards_is_up_to_date(lang: str) -> None:
    made = tool("method_cards")
    assert made.path(lang).read_text("utf-8") == made.page(lang), "run python tools/method_cards.py"


def tool(name: str) -> Any:
    spec = importlib.util.spec_from_file_location(name, ROOT / "tools" / f"{name}.py")
    assert spec and spec.loader
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made
