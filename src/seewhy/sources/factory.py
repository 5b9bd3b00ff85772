"""A network from any importable factory: `package.module:build`, or `path/to/file.py:build`."""

import sys
from importlib import import_module
from importlib.util import module_from_spec, spec_from_file_location
from operator import attrgetter
from pathlib import Path
from types import ModuleType
from typing import Any

from torch import nn

from seewhy.errors import ModelFailed, UnknownName, Unsupported, first_line
from seewhy.labels import hint
from seewhy.sources.weights import seeded


def make(spec: str) -> Any:
    """What the factory returns: an nn.Module or a seewhy Model, checked by the caller.

    A name that holds a module already, and not a function that makes one, is taken as it is.
    Raises UnknownName where there is no such module or name, ModelFailed where its code raises.
    """
    found = named(spec)
    if isinstance(found, nn.Module) or not callable(found):
        return found
    try:
        with seeded():  # again: what the import drew, it draws only once
            return found()
    except Exception as error:
        raise ModelFailed(
            f"'{spec}' raised {type(error).__name__}: {first_line(error)}", "it is called without arguments"
        ) from error


def named(spec: str) -> Any:
    """What `package.module:name` or `path/to/file.py:name` stands for. Raises UnknownName, or ModelFailed as above."""
    home, _, name = spec.rpartition(":")
    if not home or not name:
        raise UnknownName(f"'{spec}' names no module", "give package.module:name or path/to/file.py:name")
    return _attribute(_import(home), name, spec)


def refuse(spec: str, made: Any) -> Unsupported:
    return Unsupported(
        f"'{spec}' gave a {type(made).__name__}, not a network", "return a torch.nn.Module or a seewhy.Model"
    )


def _import(home: str) -> ModuleType:
    try:
        return _from_file(Path(home)) if home.endswith(".py") else import_module(home)
    except ModuleNotFoundError as error:
        if error.name and (home == error.name or home.startswith(error.name + ".")):
            raise UnknownName(
                f"there is no module '{home}'",
                hint(home, ("timm", "torchvision"))
                or "install it, add its folder to PYTHONPATH, or give path/to/file.py:name",
            ) from error
        raise ModelFailed(
            f"importing '{home}' raised {type(error).__name__}: {first_line(error)}", f"install {error.name}"
        ) from error
    except Exception as error:
        raise ModelFailed(
            f"importing '{home}' raised {type(error).__name__}: {first_line(error)}", "import it in Python to see where"
        ) from error


def _from_file(path: Path) -> ModuleType:
    if not path.is_file():
        raise ModuleNotFoundError(name=str(path))
    spec = spec_from_file_location(f"seewhy_factory_{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules[spec.name] = module_from_spec(spec)  # dataclasses and pickle look their module up there
    spec.loader.exec_module(module)
    return module


def _attribute(module: ModuleType, name: str, spec: str) -> Any:
    try:
        return attrgetter(name)(module)
    except AttributeError as error:
        public = [one for one in dir(module) if not one.startswith("_")]
        raise UnknownName(
            f"'{spec}': the module has no '{name}'", hint(name, public) or f"it has {', '.join(public[:8])}"
        ) from error
