"""The figures beside their floors. A floor stands here once and is never changed by a run."""

from dataclasses import dataclass


@dataclass
class Row:
    figure: str
    floor: str
    aim: str
    measured: str
    # None: told beside a figure, with no floor of its own.
    is_met: bool | None


def at_most(figure, limit, value, unit, note="", aim=None, digits=1):
    shown = f"{value:,.{digits}f} {unit}{note}"
    told = "" if aim is None else f"{aim:g} {unit}"
    return Row(figure, f"< {limit:g} {unit}", told, shown, value < limit)


def at_least(figure, limit, value, unit, note="", aim=None, digits=2):
    shown = f"{value:,.{digits}f} {unit}{note}"
    told = "" if aim is None else f"{aim:,g} {unit}"
    return Row(figure, f"≥ {limit:,g} {unit}", told, shown, value >= limit)


def beside(figure, text):
    return Row(figure, "", "", text, None)


def verdict(row):
    return "" if row.is_met is None else "met" if row.is_met else "MISSED"


def text(rows):
    """As a Markdown table with columns that line up."""
    lines = [("figure", "floor", "aim", "measured", "verdict")]
    lines += [(row.figure, row.floor, row.aim, row.measured, verdict(row)) for row in rows]
    widths = [max(len(line[i]) for line in lines) for i in range(5)]
    shown = ["| " + " | ".join(c.ljust(w) for c, w in zip(line, widths)) + " |" for line in lines]
    shown.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(shown)
