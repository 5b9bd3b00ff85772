"""An ONNX file, run by onnxruntime: it is explained like any network, by what needs its scores alone."""

import hashlib
from collections.abc import Iterator, Sequence
from importlib import import_module
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import torch
from torch import Tensor

from seewhy.errors import BadOption, Unsupported, first_line
from seewhy.model.opaque import Opaque
from seewhy.scores import Outputs
from seewhy.sources.built import Ask, Built
from seewhy.sources.onnx_input import Input, class_names, read
from seewhy.types import ModelCard, Preprocess

OPTIONS = ("weights", "classes", "mean", "std", "size", "head", "output")
SHAPING = {"Identity", "Reshape", "Flatten", "Squeeze", "Unsqueeze", "Cast"}  # what leaves numbers as they are
ENDS = {"Softmax", "Sigmoid"}


def names() -> list[str]:
    return []


def build(name: str, ask: Ask) -> Built:
    """The file as a network. weights: where it is now, if elsewhere. Raises a SeewhyError for what can't be run."""
    path = Path(name if ask.weights is None else ask.weights).expanduser()
    if str(ask.weights) == "random":
        raise BadOption(f"random weights for '{name}', whose weights are in the file", "leave weights out")
    graph, parts = _read(path)
    session = _session(path, ask.device)
    output = _output(path.name, [one.name for one in session.get_outputs()], ask)
    given = session.get_inputs()
    if len(given) != 1:
        listed = ", ".join(one.name for one in given) or "none"
        raise Unsupported(f"'{path.name}' has {len(given)} inputs: {listed}", "export a network of one picture input")
    input = read(given[0].name, given[0].shape, given[0].type, ask, path.name)
    classes = () if ask.classes else class_names(session.get_modelmeta().custom_metadata_map, path.name)
    kind: Outputs | None = "probability" if output and _ending(graph, output) in ENDS and not ask.head else None
    module = File(session, input, output, kind, _digest(parts))
    return Built(module, ModelCard(path.stem, f"onnx:{path}", "in the file"), _preprocess(input, ask, path), classes)


class File(Opaque):
    """Normalised pixels (n,c,h,w) -> the output that is scores, or all of them by name where a head picks."""

    why = "onnxruntime runs it, which shows neither gradients nor layers"

    def __init__(self, session: Any, input: Input, output: str | None, kind: Outputs | None, fingerprint: str) -> None:
        super().__init__()
        self.session, self.input, self.output = session, input, output
        self.takes, self.outputs, self.fingerprint = input.words, kind, fingerprint
        self.dtype = torch.float16 if input.dtype == "float16" else torch.float32

    def forward(self, x: Tensor) -> Any:
        names = [self.output] if self.output else [one.name for one in self.session.get_outputs()]
        runs = [self._run(names, part) for part in x.split(self.input.batch or len(x))]
        found = {name: _joined(parts) for name, *parts in zip(names, *runs, strict=True)}
        return found[self.output] if self.output else found

    def _run(self, names: list[str], x: Tensor) -> list[Any]:
        """Of some images (n,c,h,w). A file for fixed batches has the last one repeated, where there are fewer."""
        rows = len(x)
        if self.input.batch is not None and rows < self.input.batch:
            x = torch.cat([x, x[-1:].expand(self.input.batch - rows, *x.shape[1:])])
        found = self.session.run(names, {self.input.name: self.input.array(x)})
        return [one[:rows] if isinstance(one, np.ndarray) and one.ndim else one for one in found]


def _joined(parts: Sequence[Any]) -> Any:
    if not all(isinstance(one, np.ndarray) and one.dtype.kind in "fiub" for one in parts):
        return parts[0]  # no tensor of numbers: whoever reads it is told
    arrays = [np.array(one, np.float64 if one.dtype == np.float64 else np.float32) for one in parts]
    return torch.from_numpy(arrays[0] if len(arrays) == 1 else np.concatenate(arrays))


def _read(path: Path) -> tuple[Any, list[Path]]:
    """The graph without its weights, and the files it is made of: itself, and those that hold weights."""
    onnx, _ = _libraries()
    if not path.is_file():
        raise BadOption(f"there is no file '{path}'", "check the spelling and the folder")
    try:
        graph = onnx.load(str(path), load_external_data=False).graph
    except Exception as error:  # a broken file breaks in any way
        raise _broken(path, error) from error
    return graph, [path, *(path.parent / name for name in dict.fromkeys(_elsewhere(graph, path)))]


def _elsewhere(graph: Any, path: Path) -> Iterator[str]:
    """Names of files beside this one with weights in them."""
    for tensor in graph.initializer:
        for entry in tensor.external_data:
            if entry.key == "location":
                where = PurePosixPath(entry.value)
                if where.is_absolute() or ".." in where.parts:
                    raise Unsupported(f"'{path.name}' looks for weights outside its folder: {where}", "export it anew")
                if not (path.parent / where).is_file():
                    raise BadOption(
                        f"'{path.name}' has its weights in '{where}', which is not there", f"put it into {path.parent}"
                    )
                yield entry.value


def _digest(parts: Sequence[Path]) -> str:
    """SHA-256 of the file, and of those with its weights behind it."""
    digest = hashlib.sha256()
    for path in parts:
        with path.open("rb") as stream:
            while block := stream.read(2**20):
                digest.update(block)
    return digest.hexdigest()


def _session(path: Path, device: torch.device) -> Any:
    _, runtime = _libraries()
    runtime.disable_telemetry_events()
    settings = runtime.SessionOptions()
    settings.intra_op_num_threads = torch.get_num_threads()
    settings.log_severity_level = 3  # errors alone
    provider: Any = "CPUExecutionProvider"
    if device.type == "cuda":
        provider = ("CUDAExecutionProvider", {"device_id": device.index or 0})
    if device.type == "mps" or (device.type == "cuda" and provider[0] not in runtime.get_available_providers()):
        raise Unsupported(f"this onnxruntime can't run on {device}", "pip install onnxruntime-gpu, or use the CPU")
    try:
        made = runtime.InferenceSession(str(path), settings, providers=[provider])
    except Exception as error:
        raise _broken(path, error) from error
    if device.type == "cuda" and made.get_providers()[0] != provider[0]:  # it goes to the CPU without asking
        raise Unsupported(f"onnxruntime can't run '{path.name}' on {device}", "see its warnings, or use the CPU")
    return made


def _output(file: str, there: list[str], ask: Ask) -> str | None:
    """The output that is scores; None where a head is there to pick it from all."""
    if ask.output is not None and ask.output not in there:
        raise BadOption(f"'{file}' has no output '{ask.output}'", f"it has {', '.join(there)}")
    if ask.output is None and len(there) != 1 and not ask.head:
        raise BadOption(
            f"'{file}' has {len(there)} outputs: {', '.join(there)}",
            "say which one is scores: output=... (--output-name), or head=lambda outputs: outputs[name]",
        )
    return ask.output or (there[0] if len(there) == 1 else None)


def _ending(graph: Any, output: str) -> str:
    """The operation that computes an output, whatever only shapes it."""
    makers = {name: node for node in graph.node for name in node.output}
    while (node := makers.get(output)) is not None and node.op_type in SHAPING:
        output = node.input[0]
    return str(node.op_type) if node is not None else ""


def _preprocess(input: Input, ask: Ask, path: Path) -> Preprocess:
    """Where it takes uint8 it normalises by itself; else mean and std are the user's to say."""
    if input.dtype != "uint8":
        return Preprocess((), (), input.size)
    if ask.channels:
        raise BadOption(f"mean and std for '{path.name}', which takes uint8 pixels", "leave them out")
    return Preprocess((0.0,) * input.channels, (1.0,) * input.channels, input.size)


def _broken(path: Path, error: Exception) -> Unsupported:
    return Unsupported(f"'{path.name}' can't be read as ONNX: {first_line(error)}", "export it again")


def _libraries() -> tuple[Any, Any]:
    try:
        return import_module("onnx"), import_module("onnxruntime")
    except ImportError as error:
        raise Unsupported("ONNX files need onnx and onnxruntime", "pip install 'seewhy[onnx]'") from error
