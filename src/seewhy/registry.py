"""The one table of methods: a file in `seewhy/methods` that uses `@method` is in it. Everything else reads it."""

import difflib
import importlib
import pkgutil
import types
from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, Field, dataclass, field, fields
from functools import cache
from typing import Any, ClassVar, Literal, Protocol, Union, dataclass_transform, get_args, get_origin, get_type_hints

from seewhy.asked import listed, number, one_of, whole
from seewhy.errors import BadOption, UnknownName, Unsupported
from seewhy.model import Model
from seewhy.rng import Rng
from seewhy.scores import Score
from seewhy.sources import as_model
from seewhy.targets import Pinned
from seewhy.types import Map, Need, Pixels, Reduce, Sign

Family = Literal["gradient", "cam", "perturbation", "attention"]
Starts = Literal["input", "layers", "attention", "none"]
NOTHING = Need(0)


@dataclass(frozen=True)
class Info:
    """What is known of a method without running it."""

    id: str
    title: str  # as the paper writes it
    family: Family
    needs: Need
    paper: str  # arXiv number or DOI
    sign: Sign  # how its maps are shown: "positive" evidence only, "absolute", or "all"
    reduce: Reduce  # how its channels become one map
    random: bool  # draws from rng
    score: Score  # explained unless told otherwise
    starts: Starts  # where its first backward ends, from the clean image: that forward is shared
    cost: str  # passes, in words
    summary: str
    half: bool = False  # scores in bfloat16 rank its map's cells as float32's do: .99 or more, in docs/precision.md


class Method(Protocol):
    info: ClassVar[Info]

    def __call__(self, model: Model, x: Pixels, target: Pinned, rng: Rng) -> Map: ...


@dataclass(frozen=True)
class Listed:
    """A method as a model's user sees it: whether it is offered, and if not, why."""

    info: Info
    offered: bool = True
    reason: str = ""

    @property
    def id(self) -> str:
        return self.info.id


def option(
    default: Any = MISSING,
    help: str = "",
    *,
    low: float | None = None,
    high: float | None = None,
    choices: Sequence[str] = (),
    file: Literal["picture", "labels"] = "picture",
) -> Any:
    """A field that Python, the CLI, the web form and the docs read. Bounds are inclusive. file: what @FILE holds."""
    known = {"help": help, "low": low, "high": high, "choices": tuple(choices), "file": file}
    return field(default=default, metadata=known)


_TABLE: dict[str, type[Any]] = {}


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(option,))
def method(
    id: str,
    needs: Need,
    *,
    title: str,
    family: Family,
    paper: str,
    cost: str,
    sign: Sign = "all",
    reduce: Reduce = "sum",
    random: bool = False,
    score: Score = "logit",
    starts: Starts = "none",
    half: bool = False,
) -> Callable[[type[Any]], type[Any]]:
    """Make a class a method: its fields become its options everywhere, its docstring's first line its summary."""

    def register(cls: type[Any]) -> type[Any]:
        if id in _TABLE:
            raise ValueError(f"two methods are named {id!r}: {_TABLE[id]} and {cls}")
        summary = (cls.__doc__ or "").strip().splitlines()[0]
        cls.info = Info(id, title, family, needs, paper, sign, reduce, random, score, starts, cost, summary, half)
        _TABLE[id] = dataclass(frozen=True, kw_only=True)(cls)
        return _TABLE[id]

    return register


@cache
def _load() -> None:
    from seewhy import methods

    for found in pkgutil.iter_modules(methods.__path__):
        importlib.import_module(f"seewhy.methods.{found.name}")


def list_methods(model: Model | str | None = None) -> list[Listed]:
    """Every method, by family and name; for a model, also whether it is offered and if not, why."""
    model = None if model is None else as_model(model)
    return [Listed(info) if model is None else _listed(info, model, None) for info in _infos()]


def _infos() -> list[Info]:
    _load()
    return sorted((cls.info for cls in _TABLE.values()), key=lambda info: (info.family, info.id))


def get_method(id: str, **options: Any) -> Method:
    """A method by its id, with options checked and filled in."""
    _load()
    if not isinstance(id, str):
        raise UnknownName(f"{id!r} is no method", "give its id, or what seewhy.get_method returns")
    if id not in _TABLE:
        near = difflib.get_close_matches(id, _TABLE, n=3, cutoff=0.4)
        raise UnknownName(
            f"no method is named {id!r}", f"did you mean {' or '.join(near)}?" if near else "see `seewhy methods`"
        )
    made: type = _TABLE[id]
    known = declared(made)
    for name in options:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1, cutoff=0.4)
            hint = f"did you mean {near[0]!r}? " if near else ""
            raise BadOption(f"{id} has no option {name!r}", f"{hint}its options: {', '.join(known) or 'none'}")
    hints = _hints(made)
    found: Method = made(**{name: _taken(id, known[name], hints[name], value) for name, value in options.items()})
    return found


def configured(method: Method, options: Mapping[str, Any]) -> Method:
    """A method with other options; those it was made with are checked too."""
    return get_method(method.info.id, **{**options_of(method), **options})


def declared(method: Method | type) -> "dict[str, Field[Any]]":
    """A method's options by name, as they are declared."""
    return {f.name: f for f in fields(method)}  # type: ignore[arg-type]  # each is a dataclass by its decorator


def options_of(method: Method) -> dict[str, Any]:
    """The options that a method was made with."""
    return {name: getattr(method, name) for name in declared(method)}


def parse(id: str, texts: Mapping[str, str]) -> dict[str, Any]:
    """Options given as text, by the types of the method's fields."""
    _load()
    made = type(get_method(id))
    hints = _hints(made)
    return {name: _value(id, name, text, hints[name]) if name in hints else text for name, text in texts.items()}


def check(method: Method, model: Model, x: Pixels | None = None) -> None:
    """Raise where the model can't serve the method, before anything runs."""
    named = getattr(method, "layer", None) is not None  # whose maps are looked at when it is found
    listed = _listed(method.info, model, x, besides=Need.MAPS if named else NOTHING)
    if not listed.offered:
        able = [info.id for info in _infos() if _listed(info, model, x).offered]
        raise Unsupported(f"{method.info.id!r} {listed.reason}", f"methods for this model: {', '.join(able) or 'none'}")


_WHY = {
    Need.GRADIENT: "its output is not differentiable in its input",
    Need.MAPS: "no layer behind its start returns maps (b,d,r,q)",
    Need.POOLED_HEAD: "its scores are not linear in the mean of its last maps",
    Need.BIASES: "its layers add their biases by functions of their own, which are not followed",
    Need.ATTENTION: "no attention was found in it",
    Need.TEXT: "it takes no text",
}


def _listed(info: Info, model: Model, x: Pixels | None, besides: Need = NOTHING) -> Listed:
    if model.compared is not None and not info.half:
        noise = "gradients in bfloat16 are noise" if Need.GRADIENT in info.needs else "it is not measured to be close"
        return Listed(info, False, f"is not offered in bfloat16: {noise}")
    missing = info.needs & ~model.offers_for(x) & ~besides
    if not missing:
        return Listed(info)
    first = next(iter(missing))
    why = model.opaque.why if model.opaque else _WHY.get(first, "")
    if first is Need.RELU and not model.opaque:
        others = sorted(set(model.census(x).activations) - {"relu", "relu6"})
        why = f"its activations are {', '.join(others)}, not ReLU" if others else "it has no ReLU"
    return Listed(info, False, f"needs {first.name} and {model.name} does not offer it: {why}")


def _taken(id: str, spec: "Field[Any]", hint: Any, value: Any) -> Any:
    """The value as the option's own type, or a refusal that names its range."""
    low, high, choices = (spec.metadata.get(key) for key in ("low", "high", "choices"))
    kinds, what = _kinds(hint), f"{id}.{spec.name}"
    if value is None and type(None) in kinds:
        return None
    if choices:
        return one_of(value, what, choices)
    if bool in kinds:
        if str(getattr(value, "dtype", type(value).__name__)).removeprefix("torch.") != "bool":
            raise BadOption(f"{what} is {value!r}", "give True or False")
        return bool(value)
    if float in kinds or int in kinds:
        return (number if float in kinds else whole)(value, what, low, high)
    if any(get_origin(kind) is tuple for kind in kinds):
        several = [number(one, what, low, high) for one in listed(value, what, "give a list of numbers")]
        if not several:
            raise BadOption(f"{what} is an empty list", "give at least one number")
        return tuple(several)
    return value


@cache
def _hints(made: type) -> dict[str, Any]:
    return get_type_hints(made)


def _kinds(hint: Any) -> tuple[Any, ...]:
    """The types an option may have."""
    return get_args(hint) if get_origin(hint) in (Union, types.UnionType) else (hint,)


def _value(id: str, name: str, text: str, hint: Any) -> Any:
    kinds = _kinds(hint)
    if bool in kinds and text.lower() in ("true", "false", "yes", "no", "1", "0"):
        return text.lower() in ("true", "yes", "1")
    if type(None) in kinds and text.lower() == "none":
        return None
    for kind in (int, float):
        if kind in kinds:
            try:
                return kind(text)
            except ValueError:
                continue
    if any(get_origin(kind) in (tuple, list, Sequence) or kind in (tuple, list) for kind in kinds) and "," in text:
        return tuple(_plain(part.strip()) for part in text.split(","))
    if Any in kinds:
        return tuple(_plain(part.strip()) for part in text.split(",")) if "," in text else _plain(text)
    if str in kinds or get_origin(hint) is Literal:
        return text
    if any(get_origin(kind) is tuple for kind in kinds):
        return (_plain(text),)
    wanted = " or ".join(_WORDS.get(kind, getattr(kind, "__name__", str(kind))) for kind in kinds)
    raise BadOption(f"{id}.{name}={text!r} is not understood", f"give {wanted}")


_WORDS: Mapping[Any, str] = {
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    type(None): "none",
}


def _plain(text: str) -> int | float | str:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text
