"""Over-sampling by points between near rows: the SMOTE family."""

from __future__ import annotations

from dataclasses import replace
from numbers import Integral

import numpy as np
from sklearn.utils._param_validation import HasMethods, Interval, StrOptions

from .._random import RandomStreams
from ..exceptions import NeighborsWarning
from ..tables.neighbors import METRICS, EuclideanDistances, NeighborSearch
from ._segments import KINDS, Neighborhood
from .blending import BlendingOverSampler
from .data import ClassData, ClassSource, NewRows

__all__ = ["InterpolationSampler"]

# With fewer coordinates distances always differ enough.
MIN_CROWDED_WIDTH = 50
# Above this ratio of the distance to neighbours and the distance to random rows, neighbours say nothing.
MAX_DISTANCE_RATIO = 0.9
CONTRAST_ROWS = 200


class InterpolationSampler(BlendingOverSampler):
    """Over-sample with rows between near rows of a class: SMOTE and its relatives, on any table.

    A new row lies on the segment from a row of the class to one of its neighbours. The kinds differ in the rows that
    they start from, in the neighbours that they take, and in how far they go.

    Parameters
    ----------
    kind : str, default="smote"
        ``"smote"`` [1]_
            From every row to one of its ``k_neighbors`` nearest rows of the class.
        ``"borderline-1"`` [2]_
            From rows in danger: at least half, but not all, of their ``m_neighbors`` nearest rows are of other
            classes.
        ``"borderline-2"`` [2]_
            The same, and half the way to the nearest row of another class too.
        ``"svm"`` [3]_
            From support vectors: towards neighbours where other classes crowd in, away from them where they do not.
        ``"adasyn"`` [4]_
            From each row in proportion to the other classes among its nearest rows.
        ``"cluster"`` [5]_
            As SMOTE, inside clusters of the class; no segment leads from one to another.
        ``"safe-level"`` [6]_
            As SMOTE, nearer to the parent with more rows of the class around it.
        ``"prowsyn"`` [7]_
            Between rows that are equally near to the other classes, more often the nearer they are.
        ``"polynom-fit"`` [8]_
            From every row towards the mean of the class, or as ``topology`` says.
    k_neighbors : int, default=5
        Neighbours inside the class. A class with fewer rows makes do with what it has, and a warning says so.
    m_neighbors : int, default=10
        Neighbours of any class by which rows are judged, for ``"borderline-1"``, ``"borderline-2"`` and ``"svm"``.
    metric : {"smote-nc", "hvdm", "gower"}, default="smote-nc"
        How far apart rows lie; see :class:`TableNeighbors`.
    scale : bool, default=True
        Whether numbers are divided by their standard deviation before they are compared. False compares them as
        imbalanced-learn does.
    neighbors : {"auto", "exact", "approximate"} or object with ``fit`` and ``kneighbors``, default="auto"
        How neighbours are found; see :class:`TableNeighbors`. An object is given the rows as points.
    svm_estimator : classifier, default=None
        With ``support_``, for ``"svm"``; None for ``SVC(gamma="scale")``.
    clusterer : {"hdbscan", "k-means"} or clusterer, default="hdbscan"
        For ``"cluster"``. ``"k-means"`` takes the number of clusters (2 to 8) with the largest silhouette.
    topology : {"star", "bus", "mesh"}, default="star"
        For ``"polynom-fit"``: towards the mean, from row to row in their order, or between any two rows.
    sampling_strategy : float, str, dict or callable, default="auto"
        As in imbalanced-learn. A float also works for more than two classes: each smaller class is brought to that
        ratio of the largest.
    categorical_features : "auto", array-like of names or positions, or boolean mask, default="auto"
        Columns that hold categories. ``"auto"``: text, object, boolean and unordered ``category`` columns.
    growth : float, default=0.0
        By how much every class, the largest too, grows after that, as a share of its rows.
    n_jobs : int, default=None
        Threads for the search of neighbours; None for as many as the linear algebra uses. Rows do not depend on it.
    random_state : int, RandomState instance or None, default=None
        Seed. Each class has a stream of its own.

    Attributes
    ----------
    sampling_strategy_ : dict
        Number of rows made of each class.
    n_features_in_ : int
        Number of columns seen.
    feature_names_in_ : ndarray of str of shape (`n_features_in_`,)
        Their names, where they are all strings.
    synthetic_mask_ : ndarray of bool of shape (n_rows_out,)
        Which rows of the result were made.
    sample_indices_ : ndarray of int of shape (n_rows_out,)
        Position in the input of the row that each row is, or starts from.
    parent_indices_ : ndarray of int of shape (n_rows_out, 2)
        Positions of both parents; of the row itself, twice, for original rows; -1 for a parent that is no row (the
        mean of a class).
    report_ : AugmentationReport
        Counts, how neighbours were found, and seconds.

    See Also
    --------
    TableNeighbors : The neighbours alone, also for the samplers of imbalanced-learn.
    HybridSampler : Cleans afterwards, as SMOTE-ENN and SMOTE-Tomek do.
    MixupSampler : Between rows of any class.

    Notes
    -----
    For parents :math:`a, b` a new row is :math:`a + u (b - a)` in every number, with :math:`u` uniform on [0, 1] unless
    the kind says otherwise. Integers, dates and ordered categories are rounded to what the column can hold. A category
    is that of :math:`b` with probability :math:`u`, else that of :math:`a`; so is a number that one parent lacks,
    whose gap is thereby inherited. No kind leaves the range of a column.

    Where a kind has nothing to start from (no row is in danger, or no row has another class around it), plain SMOTE
    is used for that class, with a warning and a word in ``report_``.

    References
    ----------
    .. [1] N. V. Chawla, K. W. Bowyer, L. O. Hall, W. P. Kegelmeyer, "SMOTE: synthetic minority over-sampling
       technique", Journal of Artificial Intelligence Research 16, 2002.
    .. [2] H. Han, W.-Y. Wang, B.-H. Mao, "Borderline-SMOTE", International Conference on Intelligent Computing, 2005.
    .. [3] H. M. Nguyen, E. W. Cooper, K. Kamei, "Borderline over-sampling for imbalanced data classification",
       International Journal of Knowledge Engineering and Soft Data Paradigms 3(1), 2011.
    .. [4] H. He, Y. Bai, E. A. Garcia, S. Li, "ADASYN: adaptive synthetic sampling approach for imbalanced learning",
       International Joint Conference on Neural Networks, 2008.
    .. [5] D. A. Cieslak, N. V. Chawla, A. Striegel, "Combating imbalance in network intrusion datasets", IEEE
       International Conference on Granular Computing, 2006.
    .. [6] C. Bunkhumpornpat, K. Sinapiromsaran, C. Lursinsap, "Safe-Level-SMOTE", Pacific-Asia Conference on Knowledge
       Discovery and Data Mining, 2009.
    .. [7] S. Barua, M. M. Islam, K. Murase, "ProWSyn: proximity weighted synthetic oversampling technique for
       imbalanced data set learning", Pacific-Asia Conference on Knowledge Discovery and Data Mining, 2013.
    .. [8] S. Gazzah, N. Essoukri Ben Amara, "New oversampling approaches based on polynomial fitting for imbalanced
       data sets", International Workshop on Document Analysis Systems, 2008.

    Examples
    --------
    >>> from collections import Counter
    >>> import numpy as np
    >>> from genesis_sampling import InterpolationSampler
    >>> X = np.random.default_rng(0).normal(size=(100, 3))
    >>> y = np.repeat([0, 1], [80, 20])
    >>> X_new, y_new = InterpolationSampler(random_state=0).fit_resample(X, y)
    >>> sorted(Counter(y_new.tolist()).items())
    [(0, 80), (1, 80)]
    """

    _parameter_constraints: dict = {
        **BlendingOverSampler._parameter_constraints,
        "kind": [StrOptions(set(KINDS))],
        "k_neighbors": [Interval(Integral, 1, None, closed="left")],
        "m_neighbors": [Interval(Integral, 1, None, closed="left")],
        "metric": [StrOptions(set(METRICS))],
        "scale": ["boolean"],
        "neighbors": [StrOptions({"auto", "exact", "approximate"}), HasMethods(["fit", "kneighbors"])],
        "svm_estimator": [HasMethods(["fit"]), None],
        "clusterer": [StrOptions({"hdbscan", "k-means"}), HasMethods(["fit_predict"])],
        "topology": [StrOptions({"star", "bus", "mesh"})],
        "n_jobs": [Integral, None],
    }

    def __init__(
        self,
        kind="smote",
        *,
        k_neighbors=5,
        m_neighbors=10,
        metric="smote-nc",
        scale=True,
        neighbors="auto",
        svm_estimator=None,
        clusterer="hdbscan",
        topology="star",
        sampling_strategy="auto",
        categorical_features="auto",
        growth=0.0,
        n_jobs=None,
        random_state=None,
    ):
        super().__init__(sampling_strategy=sampling_strategy)
        self.kind = kind
        self.k_neighbors = k_neighbors
        self.m_neighbors = m_neighbors
        self.metric = metric
        self.scale = scale
        self.neighbors = neighbors
        self.svm_estimator = svm_estimator
        self.clusterer = clusterer
        self.topology = topology
        self.categorical_features = categorical_features
        self.growth = growth
        self.n_jobs = n_jobs
        self.random_state = random_state

    def _fit_class(self, part: ClassData) -> ClassSource:
        encoder, codes = part.data.encoder, part.data.codes
        searches = self.kind != "polynom-fit"
        if len(part.positions) <= (self.k_neighbors if searches else 1):
            n_others = len(part.positions) - 1
            part.warn_of_few_rows(
                f"each row has only {n_others} instead of {self.k_neighbors} neighbours"
                if n_others
                else "its new rows are copies of it"
            )
        if len(part.positions) == 1:
            return _copies(part)
        near = self._neighborhood(part)
        segments = KINDS[self.kind](near)
        self._check_contrast(near)
        blender = self._blender(part.data)
        if self.kind == "polynom-fit":
            blender = replace(blender, centre=_centre(codes[part.positions], encoder.discrete_))

        def draw(n_rows: int, streams: RandomStreams) -> NewRows:
            first, second, place = segments.pick(n_rows, streams.child("parents").rng())
            rows = blender.blend(first, second, place, streams.child("blend").rng())
            partners = np.where(second < len(codes), second, -1)
            return NewRows(encoder.inverse_transform(rows), first, partners=partners)

        return ClassSource(draw, near.choices, nested=not segments.exact)

    def _neighborhood(self, part: ClassData) -> Neighborhood:
        data = part.data
        distances = data.distances(self.metric, scale=self.scale)

        def search(rows: np.ndarray) -> NeighborSearch:
            seed = data.streams.child("neighbors").integer_seed()
            return NeighborSearch(distances, rows, method=self.neighbors, n_jobs=self.n_jobs, seed=seed)

        # What needs points, as a support vector machine does, has them for Gower's distance too.
        view = data.distances("smote-nc" if self.metric == "gower" else self.metric, scale=self.scale)
        assert isinstance(view, EuclideanDistances)
        return Neighborhood(part, view, search, self)

    def _check_contrast(self, near: Neighborhood) -> None:
        """Say so where all rows are about equally far from each other."""
        if near.view.width < MIN_CROWDED_WIDTH or "neighbors" not in near.choices:
            return
        ratio = near.distance_ratio(CONTRAST_ROWS)
        near.choices["distance of neighbours against that of random rows"] = round(ratio, 2)
        if ratio > MAX_DISTANCE_RATIO:
            near.part.data.warn(
                f"Class {near.part.label!r}: in {near.view.width} dimensions its nearest rows are {ratio:.0%} as far "
                "away as random ones, so neighbours carry hardly any information. Reduce the dimensions first, or use "
                "a sampler without neighbours.",
                NeighborsWarning,
            )


def _copies(part: ClassData) -> ClassSource:
    """The only row of a class, again and again."""

    def draw(n_rows: int, streams: RandomStreams) -> NewRows:
        source = np.repeat(part.positions, n_rows)
        return NewRows(part.data.table.rows(source).reset_index(drop=True), source, partners=source)

    return ClassSource(draw)


def _centre(codes: np.ndarray, discrete: np.ndarray) -> np.ndarray:
    """Mean of the numbers and most frequent category of each column, NaN where every value is missing."""
    centre = np.full(codes.shape[1], np.nan)
    for column, values in enumerate(codes.T):
        known = values[~np.isnan(values)]
        if len(known):
            centre[column] = np.bincount(known.astype(np.intp)).argmax() if discrete[column] else known.mean()
    return centre
