"""Timing that stands on a machine with other work to do, and the rows of the table."""

import math
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

# Seconds a call: times["keopsnb"][k] and times["pykeops"][k] are of one round.
Times = dict[str, list[float]]


@dataclass(frozen=True)
class Measure:
    """One line of the table. `met` is None where nothing is to be reached."""

    measure: str
    ours: str
    peer: str = ""
    theirs: str = ""
    ratio: str = ""
    reach: str = ""
    met: bool | None = None


def interleaved(candidates: Mapping[str, Callable[[], object]], budget: float = 12.0) -> Times:
    """Time the candidates in turn, round after round, within about `budget` seconds.

    Taking turns spreads what else the machine does over all of them.
    """
    calls: dict[str, int] = {}
    round_time = 0.0
    for name, call in candidates.items():
        call()  # compiles, allocates
        once = _time(call, 1)
        calls[name] = max(1, math.ceil(0.02 / once))
        round_time += calls[name] * once
    times: Times = {name: [] for name in candidates}
    for _ in range(min(15, max(3, int(budget / round_time)))):
        for name, call in candidates.items():
            time.sleep(0.01)  # threads that wait actively for more work fall asleep
            times[name].append(_time(call, calls[name]))
    return times


def _time(call: Callable[[], object], calls: int) -> float:
    start = time.perf_counter()
    for _ in range(calls):
        call()
    return (time.perf_counter() - start) / calls


def versus(
    measure: str, times: Times, peer: str, at_least: float | None = None, ours: str = "keopsnb"
) -> Measure:
    """The speed in that of the peer, the median over rounds; `at_least` is to be reached."""
    ratio = statistics.median(p / o for p, o in zip(times[peer], times[ours], strict=True))
    return Measure(
        measure,
        _seconds(statistics.median(times[ours])),
        peer,
        _seconds(statistics.median(times[peer])),
        f"{ratio:.3g}x",
        "" if at_least is None else f">= {at_least:g}x",
        None if at_least is None else ratio >= at_least,
    )


def at_most(measure: str, seconds: float, limit: float) -> Measure:
    """A time with a limit of its own."""
    return Measure(measure, _seconds(seconds), reach=f"<= {_seconds(limit)}", met=seconds <= limit)


def cost(measure: str, times: Times, whole: str, part: str, limit: float) -> Measure:
    """The time of the whole, in that of `part`."""
    ratio = statistics.median(w / p for w, p in zip(times[whole], times[part], strict=True))
    return Measure(
        measure,
        _seconds(statistics.median(times[whole])),
        part,
        _seconds(statistics.median(times[part])),
        f"{ratio:.3g} of it",
        f"<= {limit:g} of it",
        ratio <= limit,
    )


def share(
    measure: str, times: Times, work: float, peak: float, at_least: float | None = None
) -> Measure:
    """What `work` takes, in what as much takes at the speed at which "peak" does `peak`."""
    found = statistics.median(
        (work / o) / (peak / p) for p, o in zip(times["peak"], times["keopsnb"], strict=True)
    )
    return Measure(
        measure,
        _seconds(statistics.median(times["keopsnb"])),
        "FMA peak",
        _seconds(statistics.median(times["peak"]) * work / peak),
        f"{found:.0%}",
        "" if at_least is None else f">= {at_least:.0%}",
        None if at_least is None else found >= at_least,
    )


def skipped(measure: str, why: str) -> Measure:
    """A line that says what was not measured."""
    return Measure(measure, "", why)


def _seconds(t: float, digits: int = 3) -> str:
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("us", 1e-6)):
        if t >= 0.9995 * size or unit == "us":
            return f"{t / size:.{digits}g} {unit}"
    raise AssertionError


HEADER = ("measure", "keopsnb", "against", "takes", "ratio", "reach", "")
_WIDTHS = (51, 7, 12, 7, 10, 12, 3)


def line(cells: tuple[str, ...]) -> str:
    """Cells as a line of a Markdown table, aligned as far as they fit."""
    return "| " + " | ".join(f"{c:<{w}}" for c, w in zip(cells, _WIDTHS, strict=True)) + " |"


def head() -> str:
    """The two lines above the rows."""
    return line(HEADER) + "\n" + line(tuple("-" * w for w in _WIDTHS))


def body(row: Measure) -> str:
    """A row as a line of the table."""
    met = {None: "", True: "yes", False: "NO"}[row.met]
    return line((row.measure, row.ours, row.peer, row.theirs, row.ratio, row.reach, met))
