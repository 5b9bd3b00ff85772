"""The Python blocks of the pages run as they stand, one after another."""

import re
from pathlib import Path

import pytest
from PIL import Image

ROOT = Path(__file__).parent.parent
TEXTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
PAGES = [path for path in TEXTS if "```python" in path.read_text("utf-8") and path.name != "CONTRIBUTING.md"]


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_the_python_of_a_page_runs(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from skimage.data import chelsea

    monkeypatch.chdir(tmp_path)
    Image.fromarray(chelsea()).save("chelsea.png")
    names: dict[str, object] = {}
    for block in re.findall(r"```python\n(.*?)```", page.read_text("utf-8"), re.S):
        exec(compile(block, str(page), "exec"), names)


def test_links_between_pages_lead_somewhere() -> None:
    for page in TEXTS:
        for link in re.findall(r"\]\(([^)#]+)\)", page.read_text("utf-8")):
            assert "://" in link or (page.parent / link).exists(), f"{page.name} links to {link}"
