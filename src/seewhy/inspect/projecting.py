"""Embeddings on a plane."""

from dataclasses import replace
from importlib import import_module
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray

from seewhy.asked import one_of, whole
from seewhy.errors import BadOption, Unsupported
from seewhy.results.embeddings import Embeddings

Map = Literal["pca", "tsne", "umap"]
MAPS = ("pca", "tsne", "umap")
FEWEST = {"pca": 2, "tsne": 4, "umap": 4}
PERPLEXITY, NEIGHBOURS = 30.0, 15  # the usual ones; fewer photos have less


def project(found: Embeddings, how: Map = "pca", *, seed: int = 0) -> Embeddings:
    """The same with a point (x,y) for each photo, by principal components, t-SNE or UMAP.

    PCA keeps distances as well as a plane can, and a note says how much of the variance that is; t-SNE (van der Maaten
    and Hinton, 2008) and UMAP (McInnes et al., 2018) keep who is near whom, and distances between groups mean little.
    Raises BadOption for too few photos, Unsupported where UMAP is not installed.
    """
    one_of(how, "how", MAPS)
    seed = whole(seed, "seed", 0, 2**32 - 1)
    if len(found) < FEWEST[how]:
        raise BadOption(f"a map by {how} of {len(found)} photos", f"pass at least {FEWEST[how]}")
    values = found.values.astype(np.float64)
    notes = list(found.notes)
    if how == "pca":
        points, share = _pca(values, seed)
        notes.append(f"the two components hold {share:.0%} of the variance")
    else:
        points = (_tsne if how == "tsne" else _umap)(values, seed)
    return replace(found, points=np.asarray(points, np.float32), how=how, notes=tuple(notes))


def _pca(values: NDArray[np.float64], seed: int) -> tuple[Any, float]:
    """The points, and their share of the variance."""
    from sklearn.decomposition import PCA

    count = min(2, *values.shape)
    made = PCA(count, random_state=seed)
    spread = bool(np.ptp(values, 0).any())
    points = np.zeros((len(values), 2))
    points[:, :count] = made.fit_transform(values) if spread else 0
    share = float(made.explained_variance_ratio_.sum()) if spread else 0.0
    return points, share


def _tsne(values: NDArray[np.float64], seed: int) -> Any:
    from sklearn.manifold import TSNE

    perplexity = min(PERPLEXITY, (len(values) - 1) / 3)
    start = "pca" if min(values.shape) >= 2 and np.ptp(values, 0).any() else "random"
    return TSNE(2, perplexity=perplexity, init=start, random_state=seed).fit_transform(values.astype(np.float32))


def _umap(values: NDArray[np.float64], seed: int) -> Any:
    try:
        umap = import_module("umap")
    except ImportError as error:
        raise Unsupported("a map by umap needs umap-learn", "pip install 'seewhy[umap]', or ask for tsne") from error
    neighbours = min(NEIGHBOURS, len(values) - 1)
    start = "spectral" if len(values) > NEIGHBOURS else "random"
    made = umap.UMAP(n_neighbors=neighbours, init=start, random_state=seed, n_jobs=1)
    threads = torch.get_num_threads()
    try:
        return made.fit_transform(values.astype(np.float32))
    finally:
        torch.set_num_threads(threads)  # numba sets the number of OpenMP's threads, which are torch's as well
