#!/usr/bin/env python3
"""Checks what examples/wind.siddhi and examples/login.siddhi wrote against the same answers computed here, from the
input files alone.

    tests/examples/check_wind.py [DIRECTORY]        where the output files are; default build/demo

Rows are compared as multisets, numbers with a relative tolerance of 1e-9. A time window of length d holds, at time t,
the rows with t - d < ts <= t; every file is in order of event time, so the clock never passes an event by.
"""
import bisect
import collections
import csv
import io
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
DATA = ROOT / "examples" / "data"
SECOND = 1000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR
CALLS = 52374


def read(path):
    data = path.read_bytes()
    if path.suffix == ".zst":
        data = subprocess.run(["zstd", "-dcq"], input=data, stdout=subprocess.PIPE, check=True).stdout
    return list(csv.DictReader(io.StringIO(data.decode("utf-8"))))


def number(text):
    return float(text) if text else None


def weather():
    """(ts, origin, speed, gust), in order of ts; speed and gust may be None."""
    return [(int(r["ts"]), r["origin"], number(r["wind_speed"]), number(r["wind_gust"]))
            for r in read(DATA / "weather.csv.zst")]


def flights():
    """(ts, origin, carrier, flight, delay) of those that left."""
    return [(int(r["ts"]), r["origin"], r["carrier"], int(r["flight"]), int(r["dep_delay"]))
            for r in read(DATA / "flights.csv.zst") if r["dep_delay"]]


class Sliding:
    """Sum and count of the values of one key within the last `span` ms."""

    def __init__(self, span):
        self.span = span
        self.held = collections.defaultdict(collections.deque)

    def add(self, ts, key, value):
        held = self.held[key]
        held.append((ts, value))
        while held[0][0] <= ts - self.span:
            held.popleft()
        return held

    def average(self, ts, key, value):
        held = self.add(ts, key, value)
        return sum(v for _, v in held) / len(held)


def storm(readings):
    return [(ts, origin, speed) for ts, origin, speed, _ in readings if speed is not None and speed > 50]


def strong(readings):
    return [(ts, origin, speed, gust) for ts, origin, speed, gust in readings
            if speed is not None and 30 < speed <= 50]


def rising(readings):
    hour, day = Sliding(HOUR), Sliding(DAY)
    for ts, origin, speed, _ in readings:
        if speed is None or speed > 50:
            continue
        hour_average, day_average = hour.average(ts, origin, speed), day.average(ts, origin, speed)
        if hour_average > day_average + 10:
            yield ts, origin, hour_average, day_average


class Readings:
    """Wind of at least `least` mph (and not broken) by airport, to be asked for the hour before a moment."""

    def __init__(self, readings, least):
        self.times, self.speeds = collections.defaultdict(list), collections.defaultdict(list)
        for ts, origin, speed, _ in readings:
            if speed is not None and least <= speed <= 50:
                self.times[origin].append(ts)
                self.speeds[origin].append(speed)

    def hour_before(self, ts, origin):
        times = self.times[origin]
        first, last = bisect.bisect_right(times, ts - HOUR), bisect.bisect_right(times, ts)
        return self.speeds[origin][first:last]


def delays(readings):
    wind = Readings(readings, 25)
    for ts, origin, carrier, flight, delay in flights():
        if delay >= 60:
            for speed in wind.hour_before(ts, origin):
                yield ts, origin, carrier, flight, delay, speed


def delay_days(delayed):
    """By day and airport; the last day stays open, as no later flight closes it."""
    days = collections.defaultdict(list)
    for ts, origin, _, _, delay, speed in delayed:
        days[(ts - 5 * HOUR) // DAY, origin].append((ts, delay, speed))
    last = max(day for day, _ in days)
    for (day, origin), rows in days.items():
        if day < last:
            yield (max(ts for ts, _, _ in rows), origin, len(rows), sum(d for _, d, _ in rows) / len(rows),
                   max(s for _, _, s in rows))


def made_calls(path):
    """The generated calls as the app wrote them: one in ten minutes, from 90 seconds after the first reading on."""
    rows = [(int(r["ts"]), r["origin"], r["kind"]) for r in read(path)] if path.exists() else []
    if [ts for ts, _, _ in rows] != list(range(1357020090000, 1357020090000 + CALLS * 10 * MINUTE, 10 * MINUTE)):
        sys.exit(f"{path.name}: not {CALLS} calls, ten minutes apart")
    return rows


def wind_calls(strong_readings, calls):
    for ts, origin, kind in calls:
        for at, where, speed, gust in strong_readings:
            if where == origin and ts - HOUR < at <= ts:
                yield ts, origin, kind, speed, gust


def logins():
    window = Sliding(10 * MINUTE)
    for r in read(DATA / "logins.csv"):
        count = len(window.add(int(r["ts"]), r["ip"], 1))
        if count > 10:
            yield r["ip"], count, int(r["cityId"])


def cell(text):
    try:
        return float(text)
    except ValueError:
        return text or None


def close(a, b):
    if isinstance(a, float) and isinstance(b, (int, float)):
        return abs(a - b) <= 1e-9 * max(1.0, abs(b))
    return a == b


def sort_key(row):
    """Numbers rounded, so that the last digits don't decide the order."""
    return [(v is None, isinstance(v, str), round(v, 6) if isinstance(v, (int, float)) else v or "") for v in row]


def compare(path, expected):
    """True if the file holds exactly these rows; says what differs."""
    if not path.exists():
        print(f"{path.name}: no such file")
        return False
    lines = list(csv.reader(path.open(encoding="utf-8")))[1:]
    got = sorted((tuple(cell(v) for v in line) for line in lines), key=sort_key)
    expected = sorted((tuple(row) for row in expected), key=sort_key)
    if len(got) != len(expected):
        print(f"{path.name}: {len(got)} rows, expected {len(expected)}")
        return False
    for a, b in zip(got, expected):
        if len(a) != len(b) or not all(close(x, y) for x, y in zip(a, b)):
            print(f"{path.name}: {a}, expected {b}")
            return False
    print(f"{path.name}: {len(got)} rows, as expected")
    return True


def main():
    directory = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "build" / "demo"
    readings = weather()
    delayed = list(delays(readings))
    expected = {
        "storm.csv": storm(readings),
        "strong-wind.csv": strong(readings),
        "rising-wind.csv": rising(readings),
        "wind-delays.csv": delayed,
        "wind-delay-days.csv": delay_days(delayed),
        "wind-calls.csv": wind_calls(strong(readings), made_calls(directory / "calls.csv")),
        "login-attempts.csv": logins(),
    }
    same = [compare(directory / name, rows) for name, rows in expected.items()]
    sys.exit(0 if all(same) else 1)


if __name__ == "__main__":
    main()
