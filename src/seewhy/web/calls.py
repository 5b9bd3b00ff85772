"""The calls in Python and of the command line that give what the server gave, bit for bit."""

import shlex
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from seewhy.asked import MINUS
from seewhy.errors import SeewhyError
from seewhy.registry import Method, get_method, options_of, parse
from seewhy.repeat import ITS_OWN
from seewhy.targets import Contrast, Top
from seewhy.texts import TextModel, texts_typed
from seewhy.texts.prompts import as_templates
from seewhy.types import Explanation, ModelCard
from seewhy.web.asked import Asked

PHOTO = "photo.jpg"
CODE = (".h5", ".hdf5")  # files that are read where they are trusted
FLAGS = {"output": "output-name"}  # what load and the command line call differently
Target = tuple[str, Any]  # as typed, and as Python has it
Calls = dict[str, str | None]


def of_work(asked: Asked) -> Calls:
    """Of all that was asked for at once; None where a call can't say it: a model that has no name, say."""
    targets = [(cell.text, cell.target) for cell in asked.methods[0][1]]
    methods = [method for method, _ in asked.methods]
    texts = isinstance(asked.model, TextModel)
    return _calls(asked.model.card, str(asked.model.device), methods, targets, asked.score, asked.seed, texts)


def of_result(one: Explanation) -> Calls:
    """Of one explanation, on whatever device its network is."""
    target = _target(one)
    try:
        method = get_method(one.method, **one.options)
    except SeewhyError:  # made with what can't be said in words
        target = None
    if target is None:
        return {"python": None, "command": None}
    score = None if one.score == method.info.score else one.score
    return _calls(one.model, "cpu", [method], [target], score, one.seed, _of_texts(one))


def _of_texts(one: Explanation) -> bool:
    return bool(one.predictions[0]) and one.predictions[0][0].similarity is not None


def _target(one: Explanation) -> Target | None:
    """By classes' numbers, since several can have one name; of texts by what they say."""
    kind, *parts = one.decided or ("custom",)
    if one.target == "predicted":
        return "top", None
    if _of_texts(one):
        return one.target, Contrast(*one.target.split(MINUS, 1)) if kind == "contrast" else one.target
    classes = [part for part in (parts if kind == "contrast" else [one.decided]) if part[:1] == ("class",)]
    indices = [int(part[1][0]) for part in classes]
    if kind == "contrast" and len(indices) == 2:
        return MINUS.join(map(str, indices)), Contrast(*indices)
    return (str(indices[0]), indices[0]) if kind == "class" else None


def _calls(
    card: ModelCard,
    device: str,
    methods: Sequence[Method],
    targets: Sequence[Target],
    score: Any,
    seed: int,
    texts: bool,
) -> Calls:
    """texts: whether the classes are texts, which are typed as such."""
    given = dict(card.overrides)
    if not card.spec or "head" in given:
        return {"python": None, "command": None}
    given |= {} if card.weights in ITS_OWN else {"weights": card.weights}
    given |= {} if device == "cpu" else {"device": device}
    given |= {"trust": True} if f"{given.get('weights', card.spec)}".endswith(CODE) else {}
    return {
        "python": _python(card.spec, given, methods, [target for _, target in targets], score, seed),
        "command": _command(card.spec, _typed(given, targets) if texts else given, methods, targets, score, seed),
    }


def _python(
    spec: str, given: Mapping[str, Any], methods: Sequence[Method], targets: Sequence[Any], score: Any, seed: int
) -> str:
    """A call a method: beside another, a method's sums can be in another order, and their last digits others."""
    more = "".join(f", {name}={value!r}" for name, value in given.items())
    chosen = [_instance(method) for method in methods]
    asked = f", targets=[{', '.join(map(_written, targets))}], seed={seed}" + (f", score={score!r}" if score else "")
    found = f'seewhy.compare(model, "{PHOTO}", methods=[{chosen[0] if len(chosen) == 1 else "one"}]{asked})'
    if len(chosen) > 1:
        found = "[\n    " + found + f"\n    for one in [{', '.join(chosen)}]\n]"
    return f"import seewhy\n\nmodel = seewhy.load({spec!r}{more})\nfound = {found}"


def _instance(method: Method) -> str:
    options = "".join(f", {name}={value!r}" for name, value in changed(method).items())
    return f"seewhy.get_method({method.info.id!r}{options})" if options else repr(method.info.id)


def _written(target: Any) -> str:
    if isinstance(target, Top):
        return f"seewhy.Top({target.rank})"
    if isinstance(target, Contrast):
        return f"seewhy.Contrast({_written(target.this)}, {_written(target.other)})"
    return repr(target)


def changed(method: Method) -> dict[str, Any]:
    """The options that are not as the method has them."""
    usual = options_of(get_method(method.info.id))
    return {name: value for name, value in options_of(method).items() if repr(value) != repr(usual[name])}


def _command(
    spec: str, given: Mapping[str, Any], methods: Sequence[Method], targets: Sequence[Target], score: Any, seed: int
) -> str | None:
    """A line a method, which has its own options."""
    typed = [text for text, _ in targets]
    usual = [] if spec == "default" else [("model", spec)]
    before = [*usual, *(pair for name, value in given.items() for pair in _flags(name, value))]
    after = [] if typed == ["top"] else [("target", text) for text in typed]
    after += [("score", score)] if score else []
    after += [("seed", str(seed))] if seed else []
    lines = list[str]()
    for method in methods:
        options = {name: _text(method, name, value) for name, value in changed(method).items()}
        if None in options.values():
            return None
        own = [("method", method.info.id), *(("option", f"{name}={text}") for name, text in options.items())]
        out = [("out", f"seewhy-out/{len(lines) + 1}")] if len(methods) > 1 else []
        lines.append(f"seewhy explain {PHOTO}" + "".join(map(_flag, [*before, *own, *after, *out])))
    return "\n".join(lines)


def _text(method: Method, name: str, value: Any) -> str | None:
    """The value as it is typed; None where nothing that is typed is read as this value."""
    value = tuple(value) if isinstance(value, list) else value
    parts = value if isinstance(value, tuple) else [value]
    text = ",".join(one if isinstance(one, str) else repr(one) for one in parts)
    for tried in (text, text.lower()):  # True is typed as true
        with suppress(SeewhyError):
            made = get_method(method.info.id, **parse(method.info.id, {name: tried}))
            if repr(getattr(made, name)) == repr(value):
                return tried
    return None


def _typed(given: Mapping[str, Any], targets: Sequence[Target]) -> dict[str, Any]:
    """The texts that a network compares with by --text, in their order, unless the targets name them so."""
    found = dict(given)
    texts = list(found.pop("classes", ()))
    named = list(dict.fromkeys(part for text, _ in targets for part in texts_typed(text)))
    return found if named == texts else found | {"text": texts}


def _flags(name: str, value: Any) -> list[tuple[str, Any]]:
    if name == "text":
        return [(name, one) for one in value]
    if name in ("mean", "std"):
        return [(name, ",".join(map(repr, value)))]
    if name == "size":
        return [(name, "x".join(map(str, value)))]
    if name == "templates" and tuple(value) != as_templates("imagenet"):
        return [(name, value[0] if len(value) == 1 else "templates.txt")]
    if name == "templates":
        return [(name, "imagenet")]
    if name == "classes":  # a file with a name a line, which the reader has
        return [(name, "classes.txt")]
    return [(FLAGS.get(name, name), value)]


def _flag(one: tuple[str, Any]) -> str:
    name, value = one
    if value is True:
        return f" --{name}"
    text = shlex.quote(str(value))
    return f" --{name}={text}" if str(value).startswith("-") else f" --{name} {text}"
