#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""report.py [--json FILE] [--svg FILE] RESULTS: print the results of bench/run
as a table.  RESULTS has a JSON object on each line: a series of samples, a row
of the table, a point of a curve, or the reason for a missing measurement.
"""
import argparse
import html
import json
import math
import platform
import statistics
import subprocess
import sys

PEERS = (("util-linux", ["nsenter", "--version"]),
         ("bubblewrap", ["bwrap", "--version"]),
         ("crun", ["crun", "--version"]),
         ("runc", ["runc", "--version"]),
         ("lxc", ["lxc-start", "--version"]),
         ("podman", ["podman", "--version"]),
         ("openssh", ["ssh", "-V"]))


def quantile(samples, part):
    """The quantile of samples, interpolated between two of them."""
    samples = sorted(samples)
    place = (len(samples) - 1) * part
    low = int(place)
    high = min(low + 1, len(samples) - 1)
    return samples[low] + (samples[high] - samples[low]) * (place - low)


def summary(series):
    samples = series["samples"]
    return {"unit": series.get("unit", "ms"), "n": len(samples),
            "median": statistics.median(samples),
            "p10": quantile(samples, 0.1), "p90": quantile(samples, 0.9),
            "p99": quantile(samples, 0.99), "samples": samples}


def read(path):
    """Series by name, rows, curves by name, reasons by series."""
    series, rows, curves, reasons = {}, [], {}, {}
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            each = json.loads(line)
            if "samples" in each:
                series[each["series"]] = summary(each)
            elif "row" in each:
                rows.append(each)
            elif "curve" in each:
                curves.setdefault(each["curve"], []).append(each)
            else:
                reasons[each["missing"]] = each["reason"]
    return series, rows, curves, reasons


def judge(row, series, reasons):
    """The row with its ratio, or value, and the verdict."""
    limit = row.get("at_most", row.get("at_least"))
    result = dict(row, target=limit, verdict="")
    for name in (row["ours"], row["peer"]):
        if name and name not in series:
            return dict(result, verdict="skipped: " +
                        reasons.get(name, "not measured"))
    result["value"] = series[row["ours"]][row["quantile"]]
    if row["peer"]:
        other = series[row["peer"]][row["quantile"]]
        result["value"] = result["value"] / other if other else float("nan")
    if limit is not None:
        good = (result["value"] <= limit if "at_most" in row
                else result["value"] >= limit)
        result["verdict"] = "met" if good else "missed"
    return result


def number(value):
    if value == 0:
        return "0"
    return "%.*f" % (max(0, 3 - len(str(int(abs(value))))), value)


def cell(one, what):
    if not one:
        return ""
    if what == "p99":
        return "p99 %s %s" % (number(one["p99"]), one["unit"])
    if one["n"] == 1:
        return "%s %s" % (number(one["median"]), one["unit"])
    return "%s [%s-%s] %s" % (number(one["median"]), number(one["p10"]),
                              number(one["p90"]), one["unit"])


def target(row):
    if row["target"] is None:
        return ""
    sign = "<=" if "at_most" in row else ">="
    unit = "" if row["peer"] else " " + row.get("unit", "")
    return "%s %g%s" % (sign, row["target"], unit)


def table(rows, series):
    lines = [("what", "ours [p10-p90]", "peer [p10-p90]", "ratio", "target",
              "")]
    for row in rows:
        ours, peer = series.get(row["ours"]), series.get(row["peer"])
        if ours:
            row["unit"] = ours["unit"]
        value = ("%.3f" % row["value"] if "value" in row and row["peer"]
                 else "")
        lines.append((row["row"], cell(ours, row["quantile"]),
                      cell(peer, row["quantile"]), value, target(row),
                      row["verdict"]))
    widths = [max(len(line[i]) for line in lines) for i in range(6)]
    return "\n".join("  ".join(text.ljust(width) for text, width
                               in zip(line, widths)).rstrip()
                     for line in lines)


PANEL, LEFT, TOP, WIDTH, HEIGHT = 640, 60, 40, 400, 240
COLOURS = ("#1b6ca8", "#c8553d", "#4a7c59", "#6a4c93", "#8d6a00")


def ticks(top):
    """About four round numbers from 0 up to top."""
    step = 10.0 ** math.floor(math.log10(top))
    while top / step < 4:
        step /= 2
    return [step * i for i in range(int(top / step) + 1)]


class Axes:
    """The axes of a panel: x is logarithmic, y starts at 0."""

    def __init__(self, points, number_of):
        xs = [point["x"] for point in points]
        self.left = LEFT + number_of * PANEL
        self.low, self.high = math.log(min(xs)), math.log(max(xs))
        self.top = max(point["p90"] for point in points) * 1.05 or 1

    def x(self, value):
        part = (math.log(value) - self.low) / ((self.high - self.low) or 1)
        return "%.1f" % (self.left + WIDTH * part)

    def y(self, value):
        return "%.1f" % (TOP + HEIGHT * (1 - value / self.top))


def text(x, y, what, anchor="middle"):
    return '<text x="%s" y="%s" text-anchor="%s">%s</text>' % (
        x, y, anchor, html.escape(what))


def grid(axes, title, points):
    out = [text(axes.left + WIDTH / 2, TOP - 16, title)]
    for value in ticks(axes.top):
        y = axes.y(value)
        out.append('<path class="grid" d="M%d %sh%d"/>' %
                   (axes.left, y, WIDTH))
        out.append(text(axes.left - 6, float(y) + 4, "%g" % value, "end"))
    for x in sorted({point["x"] for point in points}):
        out.append(text(axes.x(x), TOP + HEIGHT + 18, str(x)))
    return out


def line(axes, points, place, name):
    """A line of medians, with a band from the 10th to the 90th percentile."""
    colour = COLOURS[place % len(COLOURS)]
    spots = [(axes.x(p["x"]), axes.y(p["median"])) for p in points]
    band = ([(axes.x(p["x"]), axes.y(p["p90"])) for p in points] +
            [(axes.x(p["x"]), axes.y(p["p10"])) for p in points[::-1]])
    y = TOP + 12 + 20 * place
    right = axes.left + WIDTH + 12
    out = ['<polygon fill="%s" opacity="0.15" points="%s"/>' %
           (colour, " ".join(map(",".join, band))),
           '<polyline fill="none" stroke="%s" stroke-width="2" '
           'points="%s"/>' % (colour, " ".join(map(",".join, spots))),
           '<rect x="%d" y="%d" width="10" height="10" fill="%s"/>' %
           (right, y - 9, colour), text(right + 16, y, name, "start")]
    out += ['<circle cx="%s" cy="%s" r="3" fill="%s"/>' % (x, y, colour)
            for x, y in spots]
    return out


def panel(place, title, points, series):
    points = [dict(point, **series[point["series"]]) for point in points
              if point["series"] in series]
    if not points:
        return []
    axes = Axes(points, place)
    out = grid(axes, title, points)
    for i, name in enumerate(dict.fromkeys(p["line"] for p in points)):
        out += line(axes, [p for p in points if p["line"] == name], i, name)
    return out


def svg(curves, series):
    out = ['<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" '
           'font-family="sans-serif" font-size="12">' %
           (PANEL * max(1, len(curves)), TOP + HEIGHT + 40),
           '<style>.grid { stroke: #ddd }</style>',
           '<rect width="100%" height="100%" fill="white"/>']
    for place, (title, points) in enumerate(curves.items()):
        out += panel(place, title, points, series)
    return "\n".join(out + ["</svg>", ""])


def first_line(command):
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, check=False,
                              stderr=subprocess.STDOUT, text=True)
        return done.stdout.split("\n")[0].strip()
    except OSError:
        return "not installed"


def processor():
    with open("/proc/cpuinfo", encoding="utf-8") as lines:
        models = [line.split(":", 1)[1].strip() for line in lines
                  if line.startswith("model name")]
    return "%d x %s" % (len(models), models[0]) if models else "unknown"


def machine():
    with open("/proc/loadavg", encoding="utf-8") as text:
        load = " ".join(text.read().split()[:3])
    facts = {"kernel": platform.release(), "processors": processor(),
             "load": load}
    facts.update((name, first_line(command)) for name, command in PEERS)
    return facts


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--json")
    parser.add_argument("--svg")
    parser.add_argument("results")
    options = parser.parse_args()
    series, rows, curves, reasons = read(options.results)
    rows = [judge(row, series, reasons) for row in rows]
    facts = machine()
    for name, fact in facts.items():
        print("%-12s %s" % (name, fact))
    print("\n" + table(rows, series))
    if options.json:
        with open(options.json, "w", encoding="utf-8") as out:
            json.dump({"machine": facts, "rows": rows, "series": series,
                       "curves": curves, "skipped": reasons}, out, indent=1)
            out.write("\n")
    if options.svg:
        with open(options.svg, "w", encoding="utf-8") as out:
            out.write(svg(curves, series))


if __name__ == "__main__":
    sys.exit(main())
