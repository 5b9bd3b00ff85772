"""An Explanation as plain JSON data, its arrays by name in a table beside it."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from os import PathLike
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from seewhy.errors import BadInput
from seewhy.geometry import Geometry
from seewhy.types import Explanation, Function, ModelCard, Passes, Photo, Prediction

SCHEMA = 1
Arrays = dict[str, NDArray[Any]]

_PLAIN = ("method", "target", "score", "seed", "seconds", "precision", "sign", "reduce")
_LISTED = ("classes", "labels", "layers", "notes")


def to_manifest(explanation: Explanation, arrays: Arrays) -> dict[str, Any]:
    """Everything but the arrays, which are put into `arrays` under the names the manifest uses."""
    arrays["values"] = explanation.values
    for name, extra in explanation.extras.items():
        arrays[f"extras.{name}"] = _numbers(extra, f"extras.{name}")
    for name, own in explanation.state.items():
        arrays[f"state.{name}"] = _numbers(own, f"state.{name}")
    return {
        "schema": SCHEMA,
        **{name: getattr(explanation, name) for name in _PLAIN},
        **{name: list(getattr(explanation, name)) for name in _LISTED},
        "decided": explanation.decided,
        "words": explanation.words,
        "words_by": explanation.words_by,
        "options": {name: _pack(value, f"options.{name}", arrays) for name, value in explanation.options.items()},
        "scores": [_pack(float(score), "", arrays) for score in explanation.scores],
        "predictions": [[_prediction(one) for one in row] for row in explanation.predictions],
        "model": asdict(explanation.model)
        | {"overrides": {k: _pack(v, "", arrays) for k, v in explanation.model.overrides}},
        "passes": asdict(explanation.passes),
        "versions": dict(explanation.versions),
        "extras": sorted(explanation.extras),
        "state": sorted(explanation.state),
        "photos": [_photo(photo, i, len(explanation), arrays) for i, photo in enumerate(explanation.photos)],
    }


def from_manifest(
    manifest: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]], photos: Sequence[NDArray[np.uint8]]
) -> Explanation:
    """Raises KeyError, TypeError or ValueError where the manifest is not whole."""
    model = dict(manifest["model"])
    overrides = tuple((name, _unpack(value, arrays)) for name, value in model.pop("overrides").items())
    values = arrays["values"]
    if values.ndim != 4 or values.dtype != np.float32 or len(values) != len(photos):
        raise ValueError(f"values of {values.dtype} {values.shape} for {len(photos)} photos")
    plain: dict[str, Any] = {name: manifest[name] for name in _PLAIN}
    listed: dict[str, Any] = {name: tuple(manifest[name]) for name in _LISTED}
    return Explanation(
        values=values,
        **plain,
        **listed,
        decided=_tuples(manifest["decided"]),
        words=_tuples(manifest.get("words", ())),
        words_by=manifest.get("words_by", ""),
        options={name: _unpack(value, arrays) for name, value in manifest["options"].items()},
        scores=np.array([_unpack(one, arrays) for one in manifest["scores"]], np.float32),
        predictions=tuple(tuple(Prediction(**one) for one in row) for row in manifest["predictions"]),
        model=ModelCard(**model, overrides=overrides),
        passes=Passes(**manifest["passes"]),
        versions=dict(manifest["versions"]),
        extras={name: arrays[f"extras.{name}"] for name in manifest["extras"]},
        state={name: arrays[f"state.{name}"] for name in manifest.get("state", ())},
        photos=tuple(
            _photo_of(entry, pixels, arrays) for entry, pixels in zip(manifest["photos"], photos, strict=True)
        ),
    )


def _prediction(one: Prediction) -> dict[str, Any]:
    return {name: value for name, value in asdict(one).items() if value is not None}


def _photo(photo: Photo, index: int, count: int, arrays: Arrays) -> dict[str, Any]:
    file = "photo.png" if count == 1 else f"photo-{index}.png"
    key = f"photos.{index}.tensor"
    if photo.tensor is not None:
        arrays[key] = photo.tensor
    geometry = asdict(photo.geometry)
    return {
        "name": photo.name,
        "sha256": photo.sha256,
        "file": file,
        "geometry": {name: list(pair) for name, pair in geometry.items()},
        "tensor": None if photo.tensor is None else key,
    }


def _photo_of(entry: Mapping[str, Any], pixels: NDArray[np.uint8], arrays: Mapping[str, NDArray[Any]]) -> Photo:
    geometry = Geometry(**{name: tuple(pair) for name, pair in entry["geometry"].items()})
    if geometry.original != pixels.shape[:2]:
        raise ValueError(f"{entry['file']} is {pixels.shape[:2]}, not {geometry.original}")
    tensor = None if entry["tensor"] is None else arrays[entry["tensor"]]
    return Photo(pixels, geometry, entry["name"], entry["sha256"], tensor)


def _pack(value: Any, key: str, arrays: Arrays) -> Any:
    """Any option as JSON: what JSON has no word for is an object with one tag."""
    if value is None or isinstance(value, bool | str | int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else {"float": repr(value)}
    if isinstance(value, PathLike):
        return str(value)
    if isinstance(value, np.generic):
        return _pack(value.item(), key, arrays)
    if isinstance(value, tuple | list):
        packed = [_pack(one, f"{key}.{i}", arrays) for i, one in enumerate(value)]
        return packed if isinstance(value, list) else {"tuple": packed}
    if isinstance(value, Mapping):
        return {"dict": [[_pack(k, key, arrays), _pack(v, f"{key}.{k}", arrays)] for k, v in value.items()]}
    if isinstance(value, np.ndarray | torch.Tensor):
        tag = "array" if isinstance(value, np.ndarray) else "tensor"
        arrays[key] = _numbers(value if isinstance(value, np.ndarray) else value.detach().cpu().numpy(), key)
        return {tag: key}
    if isinstance(value, Function) or (callable(value) and not isinstance(value, type | torch.nn.Module)):
        return {"function": value.name if isinstance(value, Function) else Function.of(value).name}
    raise BadInput(f"{key} is a {type(value).__name__}, which can't be stored", "give numbers, words or arrays")


def _unpack(value: Any, arrays: Mapping[str, NDArray[Any]]) -> Any:
    if isinstance(value, list):
        return [_unpack(one, arrays) for one in value]
    if not isinstance(value, dict):
        return value
    ((tag, inside),) = value.items()
    return _TAGS[tag](inside, arrays)


def _tuples(value: Any) -> Any:
    return tuple(map(_tuples, value)) if isinstance(value, list) else value


_TAGS: dict[str, Any] = {
    "float": lambda inside, _: float(inside),
    "tuple": lambda inside, arrays: tuple(_unpack(one, arrays) for one in inside),
    "dict": lambda inside, arrays: {_unpack(k, arrays): _unpack(v, arrays) for k, v in inside},
    "array": lambda inside, arrays: arrays[inside],
    "tensor": lambda inside, arrays: torch.from_numpy(arrays[inside]),
    "function": lambda inside, _: Function(str(inside)),
}


def _numbers(array: Any, key: str) -> NDArray[Any]:
    found = np.asarray(array)
    if found.dtype.hasobject:
        raise BadInput(f"{key} is an array of objects, which can't be stored", "give numbers")
    return found
