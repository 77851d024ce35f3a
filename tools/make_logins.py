#!/usr/bin/env python3
"""Makes examples/data/logins.csv: one day of login events, always the same.

2000 people log in now and then from their own address; three addresses attack: a burst, a slow one that stays
just under ten attempts in ten minutes (and is not to be caught), and one that comes back at night.
"""
import pathlib
import random

FILE = pathlib.Path(__file__).resolve().parent.parent / "examples" / "data" / "logins.csv"
START = 1357020000000  # 2013-01-01 06:00 UTC
HOUR = 3600 * 1000
PEOPLE = 2000
LOGINS = 4000

# address, city, start (ms after START), number of attempts, ms between two
ATTACKS = [
    ("203.0.113.7", 17, 5 * HOUR + 120_000, 60, 4_000),
    ("198.51.100.23", 4, 9 * HOUR, 41, 61_000),
    ("192.0.2.99", 31, 14 * HOUR + 1_800_000, 25, 15_000),
    ("192.0.2.99", 31, 20 * HOUR + 900_000, 25, 15_000),
]


def ordinary(random):
    for _ in range(LOGINS):
        person = random.randrange(PEOPLE)
        address = f"10.{person % 7}.{person // 250}.{person % 250 + 1}"
        yield START + random.randrange(24 * HOUR), address, person % 40


def attacks():
    for address, city, start, attempts, step in ATTACKS:
        for k in range(attempts):
            yield START + start + k * step, address, city


def main():
    events = sorted([*ordinary(random.Random(13)), *attacks()])
    lines = [f"{ts},{ip},{city}\n" for ts, ip, city in events]
    FILE.write_text("ts,ip,cityId\n" + "".join(lines), encoding="ascii")
    print(f"{FILE.name}: {len(lines)} rows")


if __name__ == "__main__":
    main()
