"""rewrite.py: cases of tables and aggregations as cases of such in a store: @store is put in front of each `define table`, or
`define aggregation`."""
import json
import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parents[3]
TABLE = re.compile(r"(define\s+table\s)", re.I)
AGGREGATION = re.compile(r"(define\s+aggregation\s)", re.I)


def cases(path):
    return [json.loads(line) for line in path.read_bytes().split(b"\n") if line.strip()]


def stored(case, annotation, what=TABLE):
    """annotation(n): what goes in front of the n-th table, or aggregation. None: the case has none."""
    count = [0]

    def put(match):
        count[0] += 1
        return annotation(count[0] - 1) + " " + match.group(1)

    app = what.sub(put, case["app"])
    return {**case, "app": app} if count[0] and "@store" not in case["app"].lower() else None


def write(paths, target, annotation, excepted, every=1):
    """Writes the cases with tables of all files, or one in so many; annotation(case, n). Gives how many there are."""
    seen, n, found = set(), 0, 0
    with open(target, "w") as out:
        for path in paths:
            for case in cases(path):
                if case["name"] in excepted or case["name"] in seen:
                    continue
                seen.add(case["name"])
                found += "define table" in case["app"]
                new = stored(case, lambda i, case=case: annotation(case, i)) if found % every == 0 else None
                if new:
                    out.write(json.dumps(new) + "\n")
                    n += 1
    return n


def write_aggregations(paths, target, annotation, every=1):
    """Writes the cases with aggregations of all files, one of a name, or one in so many; annotation(n), n counts all aggregations
    written. Gives how many cases there are."""
    seen, count, written = set(), [0], 0

    def next_annotation(_):
        count[0] += 1
        return annotation(count[0] - 1)

    with open(target, "w") as out:
        for case in (c for path in paths for c in cases(path)):
            if case["name"] in seen or not AGGREGATION.search(case["app"]):
                continue
            seen.add(case["name"])
            new = stored(case, next_annotation, AGGREGATION) if len(seen) % every == 0 else None
            if new:
                out.write(json.dumps(new) + "\n")
                written += 1
    return written
