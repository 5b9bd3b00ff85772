"""The calls that the command line, pages and notebooks share."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import torch

from seewhy.asked import listed, whole
from seewhy.errors import BadOption
from seewhy.explaining import PREDICTIONS, explained, predictions
from seewhy.first import outputs_of
from seewhy.images import load_all
from seewhy.model import Model
from seewhy.registry import Method, configured, declared, get_method
from seewhy.scores import Score, transform
from seewhy.sources import as_model
from seewhy.store import open as open_folder
from seewhy.targets import Askable
from seewhy.texts import with_texts
from seewhy.types import Comparison, Explanation, Prediction


def predict(
    model: Model | str, image: Any, top: int = PREDICTIONS, *, texts: Sequence[str] | None = None, templates: Any = None
) -> Any:
    """The `top` likeliest classes of a photo as Predictions; a list of them for several photos.

    texts, templates: of a model that compares pictures with texts, as `explain` has them.
    """
    top = whole(top, "top", low=1)
    model = with_texts(as_model(model), (), texts, templates)
    found: list[tuple[Prediction, ...]] = []
    for batch in load_all(image, model.preprocess):
        x = model.checked(batch.pixels)
        with model.frozen():
            found += predictions(model, x, model.check_names(outputs_of(model, x)), top)
    several = isinstance(image, list | tuple) or getattr(image, "ndim", 0) == 4
    return found if several else found[0]


def explain(
    model: Model | str,
    image: Any,
    method: str | Method = "gradcam",
    target: Askable = None,
    *,
    layer: Any = None,
    score: Score | None = None,
    seed: int = 0,
    precision: str | None = None,
    memory: int | None = None,
    resume: Any = None,
    stop: Callable[[], bool] | None = None,
    texts: Sequence[str] | None = None,
    templates: Any = None,
    **options: Any,
) -> Any:
    """Explain one score of each image by one method.

    image: path, bytes, PIL, uint8 array (HxWx3 or a batch), a list of these, or a float tensor (b,c,h,w) in [0,1].
    target: None for the predicted class, an index, a label, a list with one an image, a Target, or a callable on the
    model's output. layer, for methods that read one: a name, a module, or a list. score: "logit", "probability" or
    "log_probability"; default the method's own, and "answer" of a function. memory: bytes that activations may take.
    For methods that sample, resume: an earlier explanation of the same, or its folder, that goes on where it ended;
    stop: asked now and then, and once it says True what was sampled is the result.
    Of a model that compares pictures with texts, a target is a text. texts: more of them to compare with; templates:
    "imagenet", or sentences with {} that each text is put into.
    Returns one Explanation, or a list of them where the photos differ in size.
    """
    if layer is not None:
        options["layer"] = layer
    chosen = _method(method, options)
    model = with_texts(as_model(model), [target], texts, templates)
    found = _grid(model, image, [chosen], [target], score, seed, precision, memory, resume, stop)
    return found[0][0][0] if len(found) == 1 else [one[0][0] for one in found]


def compare(
    model: Model | str,
    image: Any,
    methods: Sequence[str | Method] = ("gradcam", "saliency", "integrated_gradients"),
    targets: Sequence[Askable] = (None,),
    *,
    layer: Any = None,
    score: Score | None = None,
    seed: int = 0,
    precision: str | None = None,
    memory: int | None = None,
    options: Mapping[str, Mapping[str, Any]] | None = None,
    resume: Any = None,
    stop: Callable[[], bool] | None = None,
    texts: Sequence[str] | None = None,
    templates: Any = None,
) -> Any:
    """Methods times targets on the same images, sharing forwards and backwards.

    options: by method id. resume, stop, texts, templates: as `explain` has them; texts among the targets are compared
    with one another. Returns a Comparison, indexed by method and target; a
    list where the photos differ in size.
    """
    methods = listed(methods, "methods", "give a list: methods=['gradcam']")
    targets = listed(targets, "targets", "give a list: targets=[None]")
    given = _by_method(options, [_id(asked) for asked in methods])
    chosen = []
    for asked in methods:
        own = dict(given.get(_id(asked), {}))
        if layer is not None and isinstance(asked, str) and _takes(asked, "layer"):
            own.setdefault("layer", layer)
        chosen.append(_method(asked, own))
    model = with_texts(as_model(model), targets, texts, templates)
    found = _grid(model, image, chosen, targets, score, seed, precision, memory, resume, stop)
    made = [Comparison(tuple(tuple(row) for row in table)) for table in found]
    return made[0] if len(made) == 1 else made


def _grid(
    model: Model,
    image: Any,
    methods: Sequence[Method],
    targets: Sequence[Askable],
    score: Score | None,
    seed: int,
    precision: str | None,
    memory: int | None,
    resume: Any,
    stop: Callable[[], bool] | None,
) -> list[list[list[Explanation]]]:
    model = model if precision is None else model.at(precision)
    model = model if memory is None else replace(model, memory=whole(memory, "memory", low=1))
    seed = whole(seed, "seed", -(2**63), 2**63 - 1)
    if score is not None:
        _known(score)
    if not methods or not targets:
        raise BadOption("no method or no target to explain", "name at least one of each")
    if stop is not None:
        model = replace(model, course=replace(model.course, stopped=stop))
    earlier = _earlier(resume)
    with torch.inference_mode(False):  # a caller's inference mode would leave nothing to differentiate
        batches = load_all(image, model.preprocess)
        return [explained(model, batch, methods, targets, score, seed, earlier) for batch in batches]


def _earlier(resume: Any) -> list[Explanation]:
    """The explanations that a call may go on from: given as such, as their folders, or as a list of these."""
    if resume is None:
        return []
    several = resume if isinstance(resume, list | tuple | Comparison) else [resume]
    return [one if isinstance(one, Explanation) else open_folder(one) for one in several]


def _known(score: Any) -> None:
    """Raises BadOption for what is no score of any model."""
    transform(score, "answer" if isinstance(score, str) and score == "answer" else "logit")


def _method(method: str | Method, options: Mapping[str, Any]) -> Method:
    if isinstance(method, str) or not hasattr(method, "info"):
        return get_method(method, **options)  # type: ignore[arg-type]  # which refuses what is no id
    return configured(method, options)


def _id(method: Any) -> str:
    return str(method.info.id) if hasattr(method, "info") else str(method)


def _by_method(options: Any, ids: Sequence[str]) -> Mapping[str, Mapping[str, Any]]:
    """Options by method id, all of methods that are asked for."""
    hint = "give options={'gradcam': {'layer': ...}}"
    options = {} if options is None else options
    if not isinstance(options, Mapping) or not all(isinstance(own, Mapping) for own in options.values()):
        raise BadOption(f"options is {options!r}, not options by method", hint)
    if strange := [str(id) for id in options if id not in ids]:
        raise BadOption(f"options for {', '.join(strange)}, which is not asked for", f"methods: {', '.join(ids)}")
    return options


def _takes(id: str, name: str) -> bool:
    return name in declared(get_method(id))
