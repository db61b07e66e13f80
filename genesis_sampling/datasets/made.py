"""Tables that are made, of a kind and with a truth that are known."""

from __future__ import annotations

import numpy as np
import pandas as pd

__all__ = ["make_transactions"]

# Value -> its probability in payments that are fraud, and in those that are not.
MERCHANTS = {
    "grocery": (0.10, 0.40),
    "travel": (0.25, 0.10),
    "electronics": (0.30, 0.10),
    "fuel": (0.05, 0.20),
    "gambling": (0.20, 0.02),
    "clothing": (0.10, 0.18),
}
COUNTRIES = {
    "DE": (0.30, 0.60),
    "FR": (0.15, 0.14),
    "IT": (0.15, 0.12),
    "PL": (0.10, 0.09),
    "US": (0.30, 0.05),
}


def make_transactions(
    n_rows: int = 2000, *, fraud_share: float = 0.05, random_state: int | None = 0
) -> pd.DataFrame:
    """A mixed, gappy table of card payments in which few are fraud.

    Parameters
    ----------
    n_rows : int, default=2000
    fraud_share : float, default=0.05
        Share of the rows that are fraud.
    random_state : int or None, default=0
        Seed.

    Returns
    -------
    frame : DataFrame of shape (n_rows, 9)
        ``time`` (datetime), ``amount`` (two decimals), ``n_previous`` (integer), ``merchant`` and ``country`` (text),
        ``online`` (boolean), ``account_age`` in days (nullable integer, missing for 10 %), ``distance`` in km (mostly
        exactly 0, missing where ``online``) and the target ``is_fraud`` (0 or 1).

    Notes
    -----
    Fraud is larger, more often online, abroad, at night and on young accounts, but none of these alone gives it away.

    Examples
    --------
    >>> from genesis_sampling.datasets import make_transactions
    >>> make_transactions(1000)["is_fraud"].value_counts().to_dict()
    {0: 950, 1: 50}
    """
    rng = np.random.default_rng(random_state)
    n_fraud = round(fraud_share * n_rows)
    fraud = rng.permutation(np.arange(n_rows) < n_fraud)
    hour = np.where(fraud, rng.normal(2, 4, n_rows), rng.normal(14, 4, n_rows)) % 24
    seconds = (rng.integers(0, 90, n_rows) * 24 + hour) * 3600
    online = rng.random(n_rows) < np.where(fraud, 0.7, 0.35)
    distance = np.where(rng.random(n_rows) < np.where(fraud, 0.3, 0.7), 0, rng.exponential(40, n_rows)).round(
        1
    )
    age = pd.array(rng.gamma(np.where(fraud, 1.2, 3.0), 400).astype(np.int64), dtype="Int64")
    age[rng.random(n_rows) < 0.1] = pd.NA
    return pd.DataFrame(
        {
            "time": pd.Timestamp("2025-01-01") + pd.to_timedelta(seconds.round(), unit="s"),
            "amount": rng.lognormal(np.where(fraud, 4.6, 3.4), 1.0).round(2),
            "n_previous": rng.poisson(np.where(fraud, 4, 12)),
            "merchant": _choose(fraud, MERCHANTS, rng),
            "country": _choose(fraud, COUNTRIES, rng),
            "online": online,
            "account_age": age,
            "distance": np.where(online, np.nan, distance),
            "is_fraud": fraud.astype(np.int64),
        }
    )


def _choose(
    fraud: np.ndarray, probabilities: dict[str, tuple[float, float]], rng: np.random.Generator
) -> np.ndarray:
    """One value per row, drawn with the probabilities of its class."""
    ends = np.cumsum(list(probabilities.values()), axis=0)
    ends[-1] = 1.0
    u = rng.random(len(fraud))
    codes = np.where(fraud, np.searchsorted(ends[:, 0], u), np.searchsorted(ends[:, 1], u))
    return np.array(list(probabilities))[codes]
