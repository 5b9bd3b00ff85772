"""The shape of the code is a test, so that it holds without anyone watching."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent / "src" / "seewhy"
FLOORS = [  # a room imports from floors above it in this list and from its own files; rooms on one floor do not meet
    {"errors", "geometry", "held"},
    {"asked"},
    {"types", "lang", "scores"},
    {"targets", "results"},
    {"rng", "labels"},
    {"images", "ops"},
    {"model"},
    {"texts"},
    {"sources"},
    {"registry"},
    {"together"},
    {"attentions", "cams", "noisy", "background", "sampling", "resuming", "agreement"},
    {"superpixels", "first"},
    {"methods", "inspect", "metrics", "synthesis", "concepts", "trees"}
    | {"render", "store", "checkup", "explaining", "cards"},
    {"api"},
    {"repeat", "plan", "stepwise"},
    {"web"},
    {"cli"},
]
# The registry finds the methods' files; `Explanation.save` stands beside `seewhy.open`, and imports it when called; so
# do results with their pages and figures, what a notebook asks of an Explanation, and a Model of a Keras network with
# the only file that knows Keras.
UPWARDS = {
    ("registry", "methods"),
    ("types", "store"),
    ("types", "render"),
    ("results", "render"),
    ("model", "sources"),
}
FLOOR = {room: floor for floor, rooms in enumerate(FLOORS) for room in rooms}
FILES = sorted(path for path in ROOT.rglob("*.py") if path != ROOT / "__init__.py")


def room(path: Path) -> str:
    return path.relative_to(ROOT).parts[0].removesuffix(".py")


def imported(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "seewhy":
            parts = node.module.split(".")
            yield from parts[1:2] if len(parts) > 1 else [alias.name for alias in node.names]


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_go_one_way(path: Path) -> None:
    here = room(path)
    tree = ast.parse(path.read_text())
    for other in set(imported(tree)) - {"__version__"}:
        own = other == here and here != "methods"
        assert own or FLOOR[other] < FLOOR[here] or (here, other) in UPWARDS, f"{here} imports {other}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_file_keeps_to_the_house_rules(path: Path) -> None:
    source = path.read_text()
    assert len(source.splitlines()) <= 280, "one idea a file, two screens"
    assert (
        "register_" not in source.replace("register_filter", "").replace("register_buffer", "")
        or path.name == "trace.py"
    ), "hooks live in trace.py"
    assert "torch.manual_seed" not in source or "fork_rng" in source, "no global seed"
    assert "plt.show" not in source and "pyplot" not in source, "figures are returned, not shown"
    if room(path) != "cli":
        assert not any(
            isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
            for node in ast.walk(ast.parse(source))
        ), "library code does not print"


def test_peers_are_never_imported_by_the_package() -> None:
    peers = {
        "captum",
        "pytorch_grad_cam",
        "torchcam",
        "shap",
        "lime",
        "zennit",
        "quantus",
        "nbdt",
        "lucent",
        "flashtorch",
    }
    for path in FILES:
        names = {
            alias.name.split(".")[0]
            for node in ast.walk(ast.parse(path.read_text()))
            if isinstance(node, ast.Import)
            for alias in node.names
        } | {
            (node.module or "").split(".")[0]
            for node in ast.walk(ast.parse(path.read_text()))
            if isinstance(node, ast.ImportFrom)
        }
        assert not names & peers, path


@pytest.mark.parametrize(
    ("extra", "file"),
    [
        ("onnx", "sources/onnx"), ("onnxruntime", "sources/onnx"), ("transformers", "sources/hf"),
        ("open_clip", "sources/openclip"), ("pyarrow", "results/embeddings"), ("umap", "inspect/projecting"),
        ("plotly", "render/plotly"), ("anywidget", "render/notebook"),
    ],
)  # fmt: skip
def test_what_only_some_install_is_imported_in_one_file(extra: str, file: str) -> None:
    found = [path.relative_to(ROOT) for path in FILES if extra in set(outside(ast.parse(path.read_text())))]
    assert found == [Path(f"{file}.py")]


def outside(tree: ast.AST) -> Iterator[str]:
    """Names of packages that a file imports, by a statement or by `import_module`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield (node.module or "").split(".")[0]
        elif isinstance(node, ast.Call) and getattr(node.func, "id", "") == "import_module":
            yield from (str(one.value).split(".")[0] for one in node.args if isinstance(one, ast.Constant))
