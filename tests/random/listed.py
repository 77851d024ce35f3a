"""The kinds of difference that are known, each listed in tests/differences or as a difference by design in
docs/siddhi-differences.md. A kind says which apps it can touch and what is left of agreement there: so what differs in
another way, or in another app, is no listed difference.
"""
import collections
import json
import re


def values(rows):
    """Rows without their times."""
    return collections.Counter(json.dumps(r[1:] if len(r) == 3 and isinstance(r[2], list) else r) for r in rows)


def both(siddhi, weir):
    """The rows of each stream, then of each answer: Siddhi's and weir's."""
    for name, rows in siddhi.get("expect", {}).items():
        yield rows, weir.get("expect", {}).get(name, [])
    for a, b in zip(siddhi.get("answers", []), weir.get("answers", [])):
        if isinstance(a, list) and isinstance(b, list):
            yield a, b


def same_but_times(siddhi, weir):
    return all(values(a) == values(b) for a, b in both(siddhi, weir))


def same_but_order(siddhi, weir):
    return all(collections.Counter(map(json.dumps, a)) == collections.Counter(map(json.dumps, b)) for a, b in both(siddhi, weir))


def more(siddhi, weir):
    """weir has all of Siddhi's rows, at other times perhaps, and some that Siddhi loses."""
    return all(not values(a) - values(b) for a, b in both(siddhi, weir))


def zero_for_nan(siddhi, weir):
    as_zero = lambda x: 0.0 if x == "#NaN" or (isinstance(x, float) and abs(x) < 1e-6) else x
    plain = lambda row: [plain(x) if isinstance(x, list) else as_zero(x) for x in row]
    return all(list(map(plain, a)) == list(map(plain, b)) for a, b in both(siddhi, weir))


def anything(siddhi, weir):
    return True


AGGREGATES = r"\b(sum|avg|min|max|count|stdDev|distinctCount)\("
BATCHES = r"(lengthBatch|timeBatch|externalTimeBatch|batch|expressionBatch)\("

# name, what the app has (all of these), what it has not, what is left of agreement
KINDS = [
    ("by design: buckets that Siddhi's threads have not written yet", [r"define aggregation"], [], more),
    ("joins/expression-batch-searched", [r"expressionBatch\(.*join|join.*expressionBatch\("], [AGGREGATES + r".*join|join.*" + AGGREGATES], more),
    ("joins/expression-batch-searched", [r"expressionBatch\(.*join|join.*expressionBatch\(", AGGREGATES], [], anything),
    ("named-windows/batch-searched", [r"define window [^;]*" + BATCHES, r"join"], [AGGREGATES], more),
    ("named-windows/batch-searched", [r"define window [^;]*" + BATCHES, r"join", AGGREGATES], [], anything),
    ("aggregators/stddev-of-equal-values", [r"stdDev\("], [], zero_for_nan),
    ("windows/sessions-that-end-together", [r"session\("], [AGGREGATES], same_but_order),
    ("windows/sessions-that-end-together", [r"session\(", AGGREGATES], [], anything),
    ("windows/filter-behind-a-batch", [BATCHES + r"[^#;]*\)\["], [], anything),
    ("tables/delete-by-an-index-and-more", [r"@Index", r"delete T on T\.\w+ [=<>]+ \w+ and"], [], anything),
    ("tables/identical-rows-under-an-index", [r"@Index"], [r"@PrimaryKey"], more),
    ("tables/ghost-of-a-refused-duplicate", [r"@PrimaryKey.*@Index"], [], anything),
    ("tables/update-set-expression-index", [r"@Index", r"set T\.v = T\.v"], [r"@PrimaryKey"], anything),
    ("tables/update-set-expression-pk", [r"@PrimaryKey", r"set T\.v = T\.v"], [], anything),
    ("by design: order of a table's keys", [r"@PrimaryKey", r"limit|output (first|last)"], [], anything),
    ("tables/rows-after-the-last-was-deleted", [r"define table", r"delete T"], [r"@PrimaryKey|@Index"], anything),
    ("rate-limits/first-every-1-events", [r"first every 1 events"], [], anything),
    ("rate-limits/snapshot-of-computed-totals", [r"output snapshot", AGGREGATES], [], anything),
    ("patterns/not-and-event-of-the-last-step", [r"from every [^;]*(not (\w+)\b[^;>]* and .*|and not (\w+)\b.*)-> [^;]*=(\2|\3)\b"], [], more),
    ("by design: condition of an expression window in a partition", [r"partition", r"expression(Batch)?\("], [], anything),
    ("by design: rate limits count from the app's start", [r"partition", r"output [a-z ]*every \d+ (milli)?sec"], [], anything),
    ("by design: order of a partition's keys", [r"partition"], [], same_but_order),
    ("by design: keys that are due together all fire", [r"partition", r"(time|timeBatch|delay|session|timeLength)\("], [], same_but_times),
]


# What Siddhi goes wrong with in a kind: without it, its answer must be weir's.
WITHOUT = {kind: (r"@Index\([^)]*\) ?", "") for kind in ("tables/delete-by-an-index-and-more", "tables/identical-rows-under-an-index",
                                                       "tables/ghost-of-a-refused-duplicate", "tables/update-set-expression-index")}


def without(kind, case):
    """The case without it, to be asked of Siddhi; or None."""
    pattern, instead = WITHOUT.get(kind, (None, None))
    return {k: v for k, v in {**case, "app": re.sub(pattern, instead, case["app"])}.items()
            if k not in ("expect", "answers", "error", "logged")} if pattern else None


def agree(siddhi, weir):
    """Do the answers agree? Rows of what is unordered may come in any order."""
    free = siddhi.get("unordered", [])
    rows = lambda name, some: sorted(map(json.dumps, some)) if name in free else some
    names = siddhi.get("expect", {})
    return (all(rows(n, names[n]) == rows(n, weir.get("expect", {}).get(n, [])) for n in names) and
            [rows("answers", a) for a in siddhi.get("answers", [])] == [rows("answers", a) for a in weir.get("answers", [])])


def listed(siddhi, weir):
    """The kind to which the difference between the two answers belongs, or None."""
    app = " ".join((siddhi["app"] + " ; ".join(s["query"] for s in siddhi["steps"] if "query" in s)).split())
    for name, has, has_not, agrees in KINDS:
        if all(re.search(h, app) for h in has) and not any(re.search(h, app) for h in has_not) and agrees(siddhi, weir):
            return name
    return None
