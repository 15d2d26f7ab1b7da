"""Points of many series as arrays, and what was forecast of each."""

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Panel:
    """Points of many series, one entry each, in any order; a series has at most one point a time.

    Attributes:
        series: index of the series.
        time: rank of the point's time among all times.
        pool: index of the pool whose scale the point's series shares.
        value: what to forecast (a logarithm where the noise is relative).
        noise: variance of the value that is known beforehand, such as 1 / count; 0 where none is.
        unit: what a scatter of 1 means (1 for logarithms, the usual size for plain values).
        slots: (points, profiles) place in each seasonal profile, -1 where the profile does not apply.
    """

    series: Ints
    time: Ints
    pool: Ints
    value: Floats
    noise: Floats
    unit: Floats
    slots: Ints


@dataclass(frozen=True)
class Forecasts:
    """What was expected of each point, in the order of the panel.

    Attributes:
        mean: forecast; nan for the first point of a series.
        level_variance: uncertainty of the forecast.
        scatter_variance: the series' own variance around its level, beyond the noise known beforehand.
        points: points of the series before this one.
        degrees: degrees of freedom behind scatter_variance, the pool's included.
    """

    mean: Floats
    level_variance: Floats
    scatter_variance: Floats
    points: Floats
    degrees: Floats

    def put(self, part: slice, found: "Forecasts") -> None:
        """Take over the forecasts of a part of the points."""
        for field in fields(self):
            getattr(self, field.name)[part] = getattr(found, field.name)
