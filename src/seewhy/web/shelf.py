"""The models that are served, which may still be loaded while the server answers already."""

from collections.abc import Iterator, Mapping, Sequence

from seewhy.model import Model
from seewhy.web.refusing import Refusal
from seewhy.web.twins import Twins


class Shelf(Mapping[str, Model]):
    """Models by the names that clients call them. Asked for one that is still being loaded, it refuses."""

    def __init__(self, names: Sequence[str]) -> None:
        self._names, self._there = tuple(names), dict[str, Model]()
        self._fingerprints = dict[str, str]()
        self.twins = Twins()

    @classmethod
    def of(cls, models: Mapping[str, Model]) -> "Shelf":
        if isinstance(models, cls):
            return models
        made = cls(list(models))
        for name, model in models.items():
            made.put(name, model)
        return made

    def put(self, name: str, model: Model) -> None:
        self._fingerprints[name] = model.fingerprint
        self._there[name] = model

    def fingerprint(self, name: str) -> str:
        """Of its weights, looked at once: a model that is served stays as it is, and to look at all its memory for each
        question would take longer than the answer."""
        return self._fingerprints[name]

    @property
    def there(self) -> dict[str, Model]:
        """Those that are loaded, in order."""
        return {name: self._there[name] for name in self._names if name in self._there}

    @property
    def loading(self) -> list[str]:
        return [name for name in self._names if name not in self._there]

    def __getitem__(self, name: str) -> Model:
        if name in self._there:
            return self._there[name]
        if name in self._names:
            raise Refusal("loading", f"{name} is still being loaded", "ask again in a moment", 503)
        raise KeyError(name)

    def __contains__(self, name: object) -> bool:
        return name in self._names

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)
