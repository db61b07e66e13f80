"""Rows as points: on two columns, or on a projection of all of them."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from sklearn.decomposition import PCA
from sklearn.manifold import TSNE

from ...exceptions import DataError
from ...metrics._pair import TablePair
from ._display import MAJORITY, Display, palette, plain, slant
from ._rows import Rows, read_rows

__all__ = ["ProjectionDisplay", "ScatterDisplay"]

# Shapes differ too, so that nothing hangs on colour alone. The few rows that all is about lie on top.
MARKERS: dict[str, dict[str, Any]] = {
    "majority": {"marker": "o", "s": 9, "alpha": 0.45, "zorder": 2.1},
    "minority": {"marker": "o", "s": 16, "alpha": 0.8, "zorder": 2.3},
    "synthetic": {"marker": "^", "s": 13, "alpha": 0.6, "zorder": 2.2},
}
# A category is spread over so much of the space between two of them.
SPREAD = 0.6
# More categories than this are not named along an axis.
MAX_NAMED = 12


class ScatterDisplay(Display):
    """Real rows, and real with synthetic rows, on two columns.

    Parameters
    ----------
    points : dict of str to ndarray of shape (n_rows, 2)
        Of ``"majority"``, ``"minority"`` and ``"synthetic"`` rows.
    names : tuple of str
        Titles of the axes.
    legend : dict of str to str
        What each group is called.
    ticks : tuple
        For each axis a list of the names of the positions 0, 1, ..., ``"time"`` for days since 1970, or None.
    n_hidden : int, default=0
        Rows without a value in one of the columns, which are not drawn.

    Attributes
    ----------
    figure_ : matplotlib Figure
    axes_ : ndarray of Axes of shape (2,)
        Before and after.
    ax_ : Axes
        The first of them.

    Examples
    --------
    >>> from genesis_sampling import GaussianCopulaGenerator
    >>> from genesis_sampling.datasets import make_transactions
    >>> from genesis_sampling.reports.plots import ScatterDisplay
    >>> real = make_transactions(500)
    >>> fraud = GaussianCopulaGenerator().fit(real[real["is_fraud"] == 1]).sample(200, random_state=0)
    >>> display = ScatterDisplay.from_samples(
    ...     real, fraud, target="is_fraud", columns=("amount", "account_age")
    ... )
    >>> [axes.get_title() for axes in display.axes_]
    ['Before', 'After']
    """

    n_across = 2
    panel_size = (4.6, 3.9)

    def __init__(
        self,
        points: dict[str, np.ndarray],
        *,
        names: tuple[str, str],
        legend: dict[str, str],
        ticks: tuple[Any, Any] = (None, None),
        n_hidden: int = 0,
    ):
        self.points = points
        self.names = names
        self.legend = legend
        self.ticks = ticks
        self.n_hidden = n_hidden

    @classmethod
    def from_samples(
        cls,
        real: Any,
        synthetic: Any,
        *,
        target: Any = None,
        columns: tuple[Any, Any] | None = None,
        max_rows: int = 2000,
        random_state: int = 0,
        ax: Any = None,
    ) -> ScatterDisplay:
        """Draw two columns of two tables.

        Parameters
        ----------
        real, synthetic : {dataframe, array-like} of shape (n_rows, n_columns)
        target : str or int, default=None
            Name of the column that holds the class; the largest class is drawn in grey.
        columns : tuple of two names, default=None
            Columns of the two axes. None for the two in which the largest class lies farthest from the others, or
            without a target the first two, numbers before categories.
        max_rows : int, default=2000
            A sample of so many rows is drawn of each group that has more.
        random_state : int, default=0
            Seed of the sample.
        ax : array-like of two Axes, default=None
            Where to draw; None for a new figure.

        Returns
        -------
        ScatterDisplay

        Raises
        ------
        DataError
            For tables of one column, or columns that are not there.
        """
        return cls.from_rows(read_rows(real, synthetic, target), columns, max_rows, random_state).plot(ax)

    @classmethod
    def from_rows(
        cls, rows: Rows, columns: Any = None, max_rows: int = 2000, seed: int = 0
    ) -> ScatterDisplay:
        """Prepare what is drawn of rows that were read already."""
        first, second = _columns(rows, columns)
        legend, rows = rows.legend(), rows.sampled(max_rows, seed)
        rng = np.random.default_rng(seed)
        both = [[_spread(side, rows, at, rng) for side in rows.axis(at)] for at in (first, second)]
        sides = [np.column_stack([axis[side] for axis in both]) for side in (0, 1)]
        points = _grouped(sides[0], sides[1], rows.majority)
        known = {name: group[~np.isnan(group).any(axis=1)] for name, group in points.items()}
        return cls(
            known,
            names=(rows.title(first), rows.title(second)),
            legend={name: text for name, text in legend.items() if len(points[name])},
            ticks=(_ticks(rows, first), _ticks(rows, second)),
            n_hidden=sum(len(points[name]) - len(known[name]) for name in points),
        )

    @property
    def n_panels(self) -> int:
        """Before and after."""
        return 2

    @property
    def description(self) -> str:
        hidden = (
            f"; {self.n_hidden} rows without a value in one of them are not shown" if self.n_hidden else ""
        )
        return (
            f"Scatter plots of {self.names[1]} against {self.names[0]}, before and after: "
            f"{', '.join(self.legend.values())}{hidden}."
        )

    def _draw(self, axes: np.ndarray) -> None:
        for panel, title in zip(axes, ("Before", "After")):
            shown = [name for name in self.legend if name != "synthetic" or title == "After"]
            _scatter(panel, self.points, {name: self.legend[name] for name in shown})
            panel.set(title=title, xlabel=plain(self.names[0]), ylabel=plain(self.names[1]))
            _name_ticks(panel.xaxis, self.ticks[0])
            _name_ticks(panel.yaxis, self.ticks[1])
        for panel in axes:
            panel.set(xlim=_limits(self.points, 0), ylim=_limits(self.points, 1))


class ProjectionDisplay(Display):
    """All columns of real and synthetic rows, projected to a plane.

    Parameters
    ----------
    points : dict of str to ndarray of shape (n_rows, 2)
        Of ``"majority"``, ``"minority"`` and ``"synthetic"`` rows.
    names : tuple of str
        Titles of the axes.
    legend : dict of str to str
        What each group is called.
    method : {"pca", "tsne"}
        How they were projected.

    Attributes
    ----------
    figure_ : matplotlib Figure
    axes_ : ndarray of Axes of shape (1,)
    ax_ : Axes

    Notes
    -----
    Rows become points by the distances of :class:`TableNeighbors` with ``"smote-nc"``: numbers in standard deviations
    of the real ones, a coordinate for each category, missing values one deviation aside. Columns of more than 32
    categories have no part in it. Principal components are those of the real rows; t-SNE [1]_ sees real and
    synthetic rows alike and keeps neighbourhoods, not distances: the size of and the space between its clusters mean
    nothing.

    References
    ----------
    .. [1] L. van der Maaten, G. Hinton, "Visualizing data using t-SNE", Journal of Machine Learning Research 9, 2008.

    Examples
    --------
    >>> import numpy as np
    >>> from genesis_sampling.reports.plots import ProjectionDisplay
    >>> real, synthetic = np.random.default_rng(0).normal(size=(2, 100, 4))
    >>> display = ProjectionDisplay.from_samples(real, synthetic)
    >>> display.points["synthetic"].shape
    (100, 2)
    """

    panel_size = (6.4, 4.8)

    def __init__(
        self,
        points: dict[str, np.ndarray],
        *,
        names: tuple[str, str],
        legend: dict[str, str],
        method: str,
    ):
        self.points = points
        self.names = names
        self.legend = legend
        self.method = method

    @classmethod
    def from_samples(
        cls,
        real: Any,
        synthetic: Any,
        *,
        target: Any = None,
        method: str = "pca",
        max_rows: int | None = None,
        random_state: int = 0,
        ax: Any = None,
    ) -> ProjectionDisplay:
        """Project two tables.

        Parameters
        ----------
        real, synthetic : {dataframe, array-like} of shape (n_rows, n_columns)
        target : str or int, default=None
            Name of the column that holds the class, which has no part in the projection; the largest class is drawn in
            grey.
        method : {"pca", "tsne"}, default="pca"
            Principal components, or t-SNE, which takes seconds.
        max_rows : int, default=None
            A sample of so many rows is drawn of each group that has more: by default 2,000, and 500 for t-SNE.
        random_state : int, default=0
            Seed of the sample and of t-SNE.
        ax : Axes, default=None
            Where to draw; None for a new figure.

        Returns
        -------
        ProjectionDisplay

        Raises
        ------
        DataError
            For an unknown method, or where all columns have more than 32 categories.
        """
        return cls.from_rows(read_rows(real, synthetic, target), method, max_rows, random_state).plot(ax)

    @classmethod
    def from_rows(
        cls, rows: Rows, method: str = "pca", max_rows: int | None = None, seed: int = 0
    ) -> ProjectionDisplay:
        """Prepare what is drawn of rows that were read already."""
        if method not in ("pca", "tsne"):
            raise DataError(f"Got method={method!r}; expected 'pca' or 'tsne'.")
        if max_rows is None:
            max_rows = 2000 if method == "pca" else 500
        legend, rows = rows.legend(), rows.sampled(max_rows, seed)
        real, synthetic = embedded(rows.pair)
        project = _by_components if method == "pca" else _by_neighbors
        real, synthetic, names = project(real, synthetic, seed)
        points = _grouped(real, synthetic, rows.majority)
        named = {name: text for name, text in legend.items() if len(points[name])}
        return cls(points, names=names, legend=named, method=method)

    @property
    def description(self) -> str:
        how = "the first two principal components" if self.method == "pca" else "a t-SNE map"
        return f"All columns projected to {how}: {', '.join(self.legend.values())}."

    def _draw(self, axes: np.ndarray) -> None:
        _scatter(axes[0], self.points, self.legend)
        how = "principal components of the real rows" if self.method == "pca" else "t-SNE"
        axes[0].set(title=f"All columns: {how}", xlabel=self.names[0], ylabel=self.names[1])


def embedded(pair: TablePair) -> list[np.ndarray]:
    """Rows of both tables as points, shape (n_rows, n_coordinates)."""
    points = [pair.distances.embed(codes) for codes in pair.tables]  # type: ignore[attr-defined]
    if not points[0].shape[1]:
        raise DataError(
            f"Got only columns of very many categories ({list(pair.names)[:10]}); expected one of numbers or of at "
            "most 32 categories, without which rows have no place. Look at MarginalsDisplay instead."
        )
    return points


def _by_components(real: np.ndarray, synthetic: np.ndarray, seed: int) -> tuple:
    """Coordinates of both tables along the first two principal components of the real one, and their names."""
    if len(real) < 2:
        raise DataError("Got 1 real row; expected 2 or more, since components are directions between rows.")
    n_found = min(2, *real.shape)
    with np.errstate(invalid="ignore"):  # rows that are all equal have no variance to share out
        components = PCA(n_found, svd_solver="full").fit(real)
    sides = [np.zeros((len(side), 2)) for side in (real, synthetic)]
    for side, points in zip(sides, (real, synthetic)):
        side[:, :n_found] = components.transform(points)
    shares = [*np.nan_to_num(components.explained_variance_ratio_), 0.0]
    return *sides, tuple(f"component {at + 1} ({shares[at]:.0%} of the variance)" for at in (0, 1))


def _by_neighbors(real: np.ndarray, synthetic: np.ndarray, seed: int) -> tuple:
    """Coordinates of both tables in one t-SNE map, and the names of its axes."""
    points = np.vstack([real, synthetic])
    if len(points) < 5:
        raise DataError(f"Got {len(points)} rows for method='tsne'; expected 5 or more. Use method='pca'.")
    perplexity = min(30.0, (len(points) - 1) / 3)
    placed = TSNE(perplexity=perplexity, init="random", random_state=seed).fit_transform(points)
    return placed[: len(real)], placed[len(real) :], ("t-SNE 1", "t-SNE 2")


def _grouped(real: np.ndarray, synthetic: np.ndarray, majority: np.ndarray) -> dict[str, np.ndarray]:
    return {"majority": real[majority], "minority": real[~majority], "synthetic": synthetic}


def _columns(rows: Rows, columns: Any) -> tuple[int, int]:
    """Positions of the columns to draw."""
    if columns is not None:
        if len(columns) != 2:
            raise DataError(f"Got columns={columns!r}; expected two names.")
        return rows.pair.column(columns[0]), rows.pair.column(columns[1])
    n_columns = len(rows.pair.names)
    if n_columns < 2:
        raise DataError(
            f"Got the column {rows.pair.names[0]!r} alone; expected two or more to draw points on."
        )
    first, second, *_ = sorted(range(n_columns), key=lambda column: _rank(rows, column))
    return first, second


def _rank(rows: Rows, column: int) -> tuple[int, float]:
    """Columns of many numbers come first, then those of few, then categories; in each those that tell classes apart."""
    if rows.labels(column) is not None:
        return 2, 0.0
    return int(len(np.unique(rows.pair.real[:, column])) <= MAX_NAMED), -_apart(rows, column)


def _apart(rows: Rows, column: int) -> float:
    """How far the largest class lies from the others in a column of numbers, in standard deviations."""
    values, majority = rows.pair.real[:, column], rows.majority
    known = ~np.isnan(values)
    sides = values[known & majority], values[known & ~majority]
    deviation = values[known].std() if known.any() else 0.0
    if not deviation or not len(sides[0]) or not len(sides[1]):
        # A column without any spread comes last.
        return float(deviation > 0) * 1e-9
    return abs(sides[0].mean() - sides[1].mean()) / deviation


def _spread(values: np.ndarray, rows: Rows, column: int, rng: np.random.Generator) -> np.ndarray:
    """Values to draw: categories are spread around their place, since they would hide each other."""
    if rows.labels(column) is None:
        return values
    return values + SPREAD * (rng.random(len(values)) - 0.5)


def _ticks(rows: Rows, column: int) -> Any:
    return "time" if rows.is_time(column) else rows.labels(column)


def _name_ticks(axis: Any, ticks: Any) -> None:
    if ticks == "time":
        axis.axis_date()
    elif ticks is not None and len(ticks) <= MAX_NAMED:
        labels = [plain(label, 16) for label in ticks]
        upright = {} if axis.axis_name == "y" else slant(labels, 36)
        axis.set_ticks(range(len(labels)), labels=labels, **upright)


def _scatter(panel: Axes, points: dict[str, np.ndarray], legend: dict[str, str]) -> None:
    minority, synthetic, *_ = palette(panel)
    colors = {"majority": MAJORITY, "minority": minority, "synthetic": synthetic}
    for name, text in legend.items():
        panel.scatter(
            *points[name].T, color=colors[name], label=plain(text, 60), linewidths=0, **MARKERS[name]
        )
    entries = panel.legend(loc="best", fontsize="small", framealpha=0.85)
    for handle in filter(None, entries.legend_handles):
        handle.set_alpha(1)


def _limits(points: dict[str, np.ndarray], axis: int) -> tuple[float, float]:
    """Limits for the points of all panels alike."""
    values = np.concatenate([group[:, axis] for group in points.values()])
    low, high = (values.min(), values.max()) if len(values) else (0.0, 1.0)
    margin = 0.05 * (high - low) or 0.5
    return low - margin, high + margin
