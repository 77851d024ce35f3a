"""Random SiddhiQL apps with random input, as parts that a shrinker can take away one by one.

A spec is a dict of lists of parts; render() makes a test case of it. Everything comes from one seeded generator, so
a seed and a number name a case for ever.
"""
import random

KEYS = ["a", "b", "c"]
STREAMS = {
    "S": [("k", "string"), ("v", "int"), ("p", "double"), ("n", "long")],
    "R": [("k", "string"), ("w", "int"), ("ok", "bool"), ("f", "float")],
}
AREAS = ["filter", "expression", "window", "join", "table", "named-window", "on-demand", "pattern", "sequence", "partition",
         "rate", "chain", "aggregation"]


def value(rng, kind):
    if rng.random() < 0.06:
        return None
    return {
        "string": lambda: rng.choice(KEYS),
        "int": lambda: rng.randint(-3, 12),
        "long": lambda: rng.randint(0, 40),
        "double": lambda: rng.choice([0.0, 0.5, 1.25, 2.0, 3.5, 7.75, 10.0]),
        "float": lambda: rng.choice([0.0, 0.5, 1.25, 2.0, 8.5]),
        "bool": lambda: rng.random() < 0.5,
    }[kind]()


def number_columns(stream):
    return [name for name, kind in STREAMS.get(stream, STREAMS["S"]) if kind in ("int", "long", "double", "float")]


def condition(rng, stream, prefix=""):
    """A condition over one stream's columns."""
    kind = rng.randrange(7)
    number = prefix + rng.choice(number_columns(stream))
    if kind == 0:
        return f"{prefix}k == '{rng.choice(KEYS)}'"
    if kind == 1:
        return f"{number} % 2 == {rng.choice(['0', '1'])}"
    if kind == 2:
        return f"not ({number} > {rng.randint(0, 8)})"
    if kind == 3:
        return f"{number} > {rng.randint(-1, 5)} and {prefix}k != '{rng.choice(KEYS)}'"
    if kind == 4:
        return f"{number} is null or {number} < {rng.randint(2, 9)}"
    op = rng.choice([">", ">=", "<", "<=", "==", "!="])
    return f"{number} {op} {rng.randint(0, 8)}"


def typed(rng, kind, depth=2):
    """A random expression of a type over S."""
    leaf = {"int": ["v", "3", "-2"], "long": ["n", "7L", "2 sec"], "double": ["p", "1.5", "0.25"], "float": ["2.5f", "0f"],
            "string": ["k", "'b'", "''"], "bool": ["true", "false", "v > 3"]}[kind]
    if depth == 0 or rng.random() < 0.15:
        return rng.choice(leaf)
    sub = lambda t: typed(rng, t, depth - 1)
    number = lambda: sub(rng.choice(["int", "long", "double", "float"]))
    forms = [lambda: f"ifThenElse({sub('bool')}, {sub(kind)}, {sub(kind)})", lambda: f"coalesce({sub(kind)}, {sub(kind)})",
             lambda: f"convert({sub(rng.choice(['int', 'long', 'double', 'float', 'string', 'bool']))}, '{kind}')"]
    wider = {"int": ["int"], "long": ["int", "long"], "float": ["int", "long", "float"], "double": ["int", "long", "float", "double"]}
    if kind in wider:
        op, other = rng.choice(["+", "-", "*", "/", "%"]), sub(rng.choice(wider[kind]))
        both = [sub(kind), other]
        rng.shuffle(both)
        forms += [lambda: f"({both[0]} {op} {both[1]})"] * 3
        forms += [lambda: f"{rng.choice(['maximum', 'minimum'])}({sub(kind)}, {sub(kind)})"]
    if kind == "bool":
        forms += [lambda: f"({number()} {rng.choice(['>', '<', '>=', '<=', '==', '!='])} {number()})"] * 3
        forms += [lambda: f"({sub('bool')} {rng.choice(['and', 'or'])} {sub('bool')})", lambda: f"not ({sub('bool')})",
                  lambda: f"(k {rng.choice(['==', '!='])} {sub('string')})", lambda: rng.choice(["k is null", "v is null"]),
                  lambda: f"instanceOf{rng.choice(['Integer', 'Long', 'Double', 'String', 'Boolean', 'Float'])}({number()})"]
    return rng.choice(forms)()


def expressions(rng, target):
    outs = [(typed(rng, rng.choice(["int", "long", "double", "float", "string", "bool"]), 3), f"c{i}") for i in range(4)]
    source = ["S"] + ([f"[{typed(rng, 'bool', 2)}]"] if rng.random() < 0.4 else [])
    select = {"outs": outs, "group": [], "having": None, "order": [], "limit": None}
    return query(source, select, f"insert into {target}")


def handlers(rng, stream, chance=0.4):
    return [f"[{condition(rng, stream)}]"] if rng.random() < chance else []


def window(rng, stream, delays=True):
    """Siddhi's delay window never comes back in a join, nor where the clock is the wall's."""
    number = rng.choice(number_columns(stream))
    span = rng.choice(["300 millisec", "1 sec", "2 sec", "5 sec"])
    count = rng.randint(1, 5)
    options = [
        f"length({count})", f"lengthBatch({count})", f"time({span})", f"timeBatch({span})",
        f"timeLength({span}, {count})", f"delay({span})" if delays else "length(2)", f"batch()",
        f"sort({count}, {number}, '{rng.choice(['asc', 'desc'])}')",
        f"session({span}, k)", f"expression('count() <= {count}')",
        f"lengthBatch({count}, true)", f"timeBatch({span}, 0)", f"expressionBatch('count() <= {count}')",
    ]
    if stream != "R":
        options += [f"externalTime(n, {rng.randint(2, 9)})", f"externalTimeBatch(n, {rng.randint(2, 9)})"]
    return f"#window.{rng.choice(options)}"


def aggregates(rng, columns):
    """A few aggregates as (text, alias)."""
    out = []
    for i in range(rng.randint(1, 3)):
        column = rng.choice(columns)
        call = rng.choice([f"sum({column})", "count()", f"avg({column})", f"min({column})", f"max({column})",
                           f"distinctCount({column})", f"stdDev({column})", f"count({column})"])
        out.append((call, f"a{i}"))
    return out


def selection(rng, prefix_columns, keys, aggregate_chance=0.5):
    """prefix_columns: numeric references; keys: references to group by. Returns the parts of a selection."""
    plain = [(ref, f"c{i}") for i, ref in enumerate(rng.sample(prefix_columns, min(2, len(prefix_columns))))]
    if keys and rng.random() < 0.8:
        plain.append((rng.choice(keys), "key"))
    if rng.random() < 0.3 and prefix_columns:
        a, b = rng.choice(prefix_columns), rng.choice(prefix_columns)
        plain.append((f"{a} {rng.choice(['+', '-', '*', '/', '%'])} {b}", "e"))
    part = {"outs": plain, "group": [], "having": None, "order": [], "limit": None}
    if rng.random() < aggregate_chance and prefix_columns:
        part["outs"] = plain + aggregates(rng, prefix_columns)
        if keys and rng.random() < 0.6:
            part["group"] = [rng.choice(keys)]
        if rng.random() < 0.3:
            alias = rng.choice([o[1] for o in part["outs"] if o[1] != "key"])
            part["having"] = f"{alias} > {rng.randint(0, 5)}"
    if rng.random() < 0.15 and len(part["outs"]) > 0:
        part["order"] = [rng.choice([o[1] for o in part["outs"]]) + rng.choice(["", " desc", " asc"])]
        if rng.random() < 0.5:
            part["limit"] = rng.choice([f"limit {rng.randint(1, 3)}", f"limit {rng.randint(1, 3)} offset 1"])
    return part


def events(rng, expired=True):
    return rng.choices(["", "current events ", "expired events ", "all events "],
                       [5, 1, 2 if expired else 0, 3 if expired else 0])[0]


def rate(rng):
    n, t = rng.randint(2, 4), rng.choice(["500 millisec", "1 sec", "2 sec"])
    kind = rng.choice(["", "all ", "first ", "last "])
    return rng.choice([f"output {kind}every {n} events", f"output {kind}every {t}", f"output snapshot every {t}"])


def query(source, select, output, limit=None):
    return {"source": source, "select": select, "rate": limit, "output": output}


def single(rng, stream, target, with_rate=False, with_window=0.75):
    source = [stream] + handlers(rng, stream)
    windowed = rng.random() < with_window
    if windowed:
        source.append(window(rng, stream, not with_rate))
        source += handlers(rng, stream, 0.15) if "atch" not in source[-1] else []
    limit = rate(rng) if with_rate else None
    kind = events(rng, windowed) if not (limit and "snapshot" in limit) else rng.choice(["", "all events "])
    return query(source, selection(rng, number_columns(stream), ["k"]), f"insert {kind}into {target}", limit)


def join(rng, target, left="S", right="R", limit=None):
    def side(stream, alias):
        return [stream] + handlers(rng, stream, 0.25) + ([window(rng, stream, False)] if rng.random() < 0.85 else []) + \
            [f" as {alias}"]
    kind = rng.choice(["join", "inner join", "left outer join", "right outer join", "full outer join"])
    uni = rng.choice([("", ""), ("", ""), ("", ""), (" unidirectional", ""), ("", " unidirectional")])
    on = rng.choice([None, "l.k == r.k", "l.k == r.k", "l.v > r.w", "l.k == r.k and l.v < r.w", "l.v == r.w or l.k == r.k"])
    source = side(left, "l") + [uni[0], f" {kind} "] + side(right, "r") + [uni[1], f" on {on}" if on else ""]
    select = selection(rng, ["l.v", "r.w", "l.p"], ["l.k", "r.k"], 0.3)
    kind = rng.choice(["", "all events "]) if limit and "snapshot" in limit else events(rng)
    return query(source, select, f"insert {kind}into {target}", limit)


def state_item(rng, ref, earlier):
    stream = rng.choice(["S", "R"])
    own = "v" if stream == "S" else "w"
    filters = []
    if earlier and rng.random() < 0.5:
        other, other_stream = rng.choice(earlier)
        column = "v" if other_stream == "S" else "w"
        filters = [rng.choice([f"[k == {other}.k]", f"[{own} > {other}.{column}]"])]
    elif rng.random() < 0.5:
        filters = [f"[{condition(rng, stream)}]"]
    return stream, f"{ref}={stream}{''.join(filters)}", f"{ref}.{own}"


def n_steps(parts):
    """Absent steps wait from the clock's start on: few of them keep Siddhi from answering for ever."""
    return 2 * sum("not " in p for p in parts) + 1


def states(rng, target, sequence):
    """A pattern or a sequence."""
    refs, parts, columns = [], [], []
    n = rng.randint(2, 4)
    for i in range(n):
        ref = f"e{i + 1}"
        stream, text, column = state_item(rng, ref, refs)
        last = i == n - 1
        shape = rng.random()
        if shape < 0.18 and not last:
            count = rng.choice(["+", "*", "?"]) if sequence else rng.choice(["<1:3>", "<2>", "<0:2>", "<2:>", "<1:>"])
            parts.append(text + count)
            columns += [f"{ref}[0].{column.split('.')[1]}", f"{ref}[last].{column.split('.')[1]}"]
        elif shape < 0.3:
            stream2, text2, column2 = state_item(rng, ref + "b", refs)
            parts.append(f"{text} {rng.choice(['and', 'or'])} {text2}")
            columns += [column, column2]
        elif shape < 0.38 and n_steps(parts) < n:
            other, text2, column2 = state_item(rng, ref, refs)
            absent = f"not {stream}[{condition(rng, stream)}]"
            wait = f" for {rng.choice(['500 millisec', '1 sec'])}"
            form = rng.choice([absent + wait, absent + wait, f"{absent} and {text2}", f"{absent}{wait} and {text2}",
                               f"{absent}{wait} or {text2}", f"{text2} and {absent}{wait}"])
            every = "every " if i == 0 and rng.random() < 0.4 else ""
            parts.append(f"{every}({form})" if every and "(" not in form[:1] and "=" in form else every + form)
            columns += [column2] if f"{ref}=" in form else []
        else:
            every = "every " if (rng.random() < 0.6 and i == 0) or (not sequence and rng.random() < 0.08) else ""
            parts.append(every + text)
            columns.append(column)
            refs.append((ref, stream))
    joint = ", " if sequence else " -> "
    source = []
    for i, part in enumerate(parts):
        source.append((joint if i else "") + part)
    within = f" within {rng.choice(['1 sec', '2 sec', '5 sec'])}" if rng.random() < 0.4 else ""
    source.append(within)
    columns = columns or ["e1.v"]
    select = {"outs": [(c, f"c{i}") for i, c in enumerate(columns)], "group": [], "having": None, "order": [],
              "limit": None}
    return query(source, select, f"insert into {target}")


TABLE = [("k", "string"), ("v", "int")]


def table_queries(rng):
    """Queries that write T (k string, v int), and one that reads it."""
    out = []
    plain = {"outs": [("k", "k"), ("v", "v")], "group": [], "having": None, "order": [], "limit": None}
    for _ in range(rng.randint(1, 3)):
        on = rng.choice(["T.k == k", "T.k == k", "T.v > v", "T.k == k and T.v < v"])
        assign = rng.choice(["", "set T.v = v ", "set T.v = T.v + v "])
        action = rng.choice(["insert into T", f"delete T on {on}", f"update T {assign}on {on}",
                             f"update or insert into T {assign}on {on}"])
        out.append(query(["S"] + handlers(rng, "S"), plain, action))
    read = rng.randrange(3)
    if read == 0:
        out.append(query(["R[(T.k == k) in T]"], selection(rng, ["w", "f"], ["k"], 0), "insert into O9"))
    else:
        kind = rng.choice(["join", "left outer join"])
        on = rng.choice(["R.k == T.k", "R.w < T.v", "R.k == T.k and T.v > R.w"])
        select = {"outs": [("R.k", "rk"), ("T.v", "tv"), ("R.w", "rw")], "group": [], "having": None, "order": [],
                  "limit": None}
        out.append(query([f"R {kind} T on {on}"], select, "insert into O9"))
    return out


def stored_query(rng, name):
    """An on-demand query of a table or window with the columns k and v."""
    on = rng.choice(["", "", f"on v > {rng.randint(-1, 6)} ", f"on k == '{rng.choice(KEYS)}' ",
                     f"on {name}.k == '{rng.choice(KEYS)}' and v < {rng.randint(2, 9)} ", "on v is null "])
    shape = rng.randrange(6)
    if shape < 2:
        return f"from {name} {on}select k, v, v * 2 as w order by v, k"
    if shape == 2:
        return f"from {name} {on}select k, sum(v) as s, count() as c, max(v) as m group by k order by k"
    if shape == 3:
        return f"from {name} {on}select sum(v) as s, avg(v) as a, min(v) as m"
    if shape == 4:
        return f"from {name} {on}select k, v having v > {rng.randint(0, 4)} order by k desc, v limit {rng.randint(1, 4)}"
    return f"from {name} {on}select k, count() as c group by k having c > 1 order by k"


def stored_change(rng):
    key = rng.choice(KEYS)
    return rng.choice([
        f"select '{key}' as k, {rng.randint(0, 9)} as v insert into T", f"delete T on T.k == '{key}'",
        f"delete T on T.v > {rng.randint(3, 9)}", f"update T set T.v = {rng.randint(0, 9)} on T.k == '{key}'",
        f"update T set T.v = T.v + 1 on T.v < {rng.randint(1, 6)}",
        f"select '{key}' as k, {rng.randint(0, 9)} as v update or insert into T on T.k == '{key}'"])


def on_demand(rng, spec):
    call = rng.choice(["length(3)", "lengthBatch(3)", "time(2 sec)", "timeBatch(1 sec)", "sort(3, v, 'desc')"])
    keyed = rng.random() < 0.3
    spec["definitions"] = [("@PrimaryKey('k') " if keyed else "") + "define table T (k string, v int)",
                           f"define window W (k string, v int) {call}"]
    plain = {"outs": [("k", "k"), ("v", "v")], "group": [], "having": None, "order": [], "limit": None}
    spec["elements"] = [query(["S"] + handlers(rng, "S"), plain, "update or insert into T on T.k == k" if keyed else
                              "insert into T"), query(["S"], plain, "insert into W")]
    for _ in range(rng.randint(2, 6)):
        at = rng.randrange(1, len(spec["steps"]) + 1)
        text = stored_change(rng) if rng.random() < 0.4 else stored_query(rng, rng.choice("TTW"))
        spec["steps"].insert(at, {"query": text})


UNITS = ["sec", "min", "hour", "day", "month", "year"]
EPOCH = 1_600_000_000_000


def aggregation_range(rng, kept, by_event):
    """Whole buckets: how Siddhi takes parts of one depends on when its threads have written what."""
    begin, unit = EPOCH if by_event else 0, rng.choice(kept)
    bounds = [begin + rng.choice([-100_000, 0, 2000, 4000]), begin + rng.choice([5000, 10_000, 65_000, 10_000_000])]
    if unit != "sec" or rng.random() < 0.3:
        bounds = [0, 9999999999999]
    return f"within {bounds[0]}L, {bounds[1]}L per '{unit}'"


def aggregation(rng, spec):
    """An aggregation by the clock or by n, which is made a time with some late ones, read by queries and a join."""
    first = rng.randrange(3)
    kept = UNITS[first:first + rng.randint(1, 4)]
    by_event = rng.random() < 0.5
    if by_event:
        for step in spec["steps"]:
            late = lambda: rng.choice([0] * 6 + [300, 1500, 61_000, 4_000_000])
            for row in step.get("rows", [step["data"]] if step.get("data") else []):
                if step["stream"] == "S":
                    row[3] = EPOCH + step["t"] - late()
    keys = rng.choice([["k"], ["k"], ["k", "v"]])  # without, Siddhi shows a bucket that its threads have in hand as null
    values = ["v", "p"] if by_event else ["v", "p", "n"]
    outs = [(k, k) for k in keys] + [(f"{f}({rng.choice(values)})", f"x{i}") for i, f in enumerate(rng.sample(["sum", "avg", "min", "max"], rng.randint(1, 3)))]
    outs += [("count()", "c")] if rng.random() < 0.5 else []
    outs += [("distinctCount(v)", "d")] if rng.random() < 0.3 else []
    group = f" group by {', '.join(keys)}"
    spec["definitions"] = [f"@purge(enable='false') define aggregation A from S select {', '.join(f'{e} as {n}' for e, n in outs)}{group}"
                           f" aggregate{' by n' if by_event else ''} every {', '.join(kept)}"]
    select = {"outs": [("r.w", "w"), ("AGG_TIMESTAMP", "t"), ("a." + outs[-1][1], "y")], "group": [], "having": None, "order": [], "limit": None}
    on = rng.choice(["on r.k == a.k ", "on a.k == r.k and r.w > 2 ", "on r.k != a.k ", ""])
    if rng.random() < 0.6:
        spec["elements"] = [query(["R as r join", f" A as a {on}{aggregation_range(rng, kept, by_event)}"], select, "insert into O1")]
        spec["unordered"] = True
    for _ in range(rng.randint(1, 4)):
        on = rng.choice(["", "", "on k == 'a' ", "on k != 'b' "])
        order = ", ".join(["AGG_TIMESTAMP"] + keys)
        spec["steps"].insert(rng.randrange(1, len(spec["steps"]) + 1), {"query": f"from A {on}{aggregation_range(rng, kept, by_event)} select * order by {order}"})


def partition(rng, number):
    keys = rng.choice([["k of S", "k of R"], ["k of S"], ["k of S", "k of R"],
                       ["v < 3 as 'low' or v >= 3 as 'high' of S", "w < 3 as 'low' or w >= 2 as 'high' of R"]])
    inner = []
    kind = rng.randrange(5)
    target = f"P{number}"
    if kind == 0:
        inner = [join(rng, target)]
    elif kind == 1:
        inner = [states(rng, target, rng.random() < 0.3)]
        keys = ["k of S", "k of R"]  # with ranges Siddhi looks for the attributes of one stream in the other
    elif kind == 2:
        first = single(rng, "S", "#I", with_window=0.3)
        first["select"] = {"outs": [("k", "k"), ("v", "v"), ("p", "p"), ("n", "n")], "group": [], "having": None,
                           "order": [], "limit": None}
        second = single(rng, "S", target)
        second["source"][0] = "#I"
        inner = [first, second]
    else:
        inner = [single(rng, rng.choice(["S", "R"] if len(keys) > 1 else ["S"]), target, rng.random() < 0.15)]
    return {"partition": keys, "queries": inner}


def steps(rng):
    out, t = [], 1000
    for _ in range(rng.randint(8, 40)):
        t += rng.choice([0, 1, 100, 150, 300, 500, 700, 1000, 2500])
        stream = rng.choice(["S", "S", "R"])
        row = lambda: [value(rng, kind) for _, kind in STREAMS[stream]]
        if rng.random() < 0.12:
            out.append({"t": t, "stream": stream, "rows": [row() for _ in range(rng.randint(2, 5))]})
        else:
            out.append({"t": t, "stream": stream, "data": row()})
    out.append({"t": t + 20000, "stream": "Tick", "data": [1]})
    return out


def make(area, rng):
    """The spec of one random case."""
    spec = {"definitions": [], "elements": [], "steps": steps(rng), "unordered": False}
    if area == "filter":
        spec["elements"] = [single(rng, "S", "O1", with_window=0), single(rng, "R", "O2", with_window=0)]
    elif area == "expression":
        spec["elements"] = [expressions(rng, "O1"), expressions(rng, "O2")]
    elif area == "on-demand":
        on_demand(rng, spec)
    elif area == "aggregation":
        aggregation(rng, spec)
    elif area == "window":
        spec["elements"] = [single(rng, rng.choice(["S", "R"]), "O1", with_window=1)]
    elif area == "join":
        spec["elements"] = [join(rng, "O1")]
    elif area == "table":
        key = rng.choice(["", "@PrimaryKey('k') ", "@Index('v') ", "@PrimaryKey('k') @Index('v') "])
        spec["definitions"] = [f"{key}define table T (k string, v int)"]
        spec["elements"] = table_queries(rng)
        spec["unordered"] = bool(key)
    elif area == "named-window":
        call = window(rng, "S").replace("#window.", "")
        output = rng.choice(["", " output all events", " output current events", " output expired events"])
        columns = ", ".join(f"{n} {k}" for n, k in STREAMS["S"])
        spec["definitions"] = [f"define window W ({columns}) {call}{output}"]
        fill = {"outs": [(n, n) for n, _ in STREAMS["S"]], "group": [], "having": None, "order": [], "limit": None}
        spec["elements"] = [query(["S"] + handlers(rng, "S"), fill, "insert into W")]
        reader = single(rng, "S", "O1", with_window=0)
        reader["source"][0] = "W"
        reader["output"] = f"insert {events(rng)}into O1"
        spec["elements"].append(reader)
        if rng.random() < 0.5:
            select = selection(rng, ["r.w", "W.v"], ["r.k"], 0.3)
            right = "R" + (window(rng, "R") if rng.random() < 0.5 else "")
            spec["elements"].append(query([right, " as r ", rng.choice(["join", "left outer join"]), " W on r.k == W.k"],
                                          select, f"insert {events(rng)}into O2"))
    elif area in ("pattern", "sequence"):
        spec["elements"] = [states(rng, "O1", area == "sequence")]
    elif area == "partition":
        spec["elements"] = [partition(rng, 1)]
        if rng.random() < 0.3:
            spec["elements"].append(single(rng, "S", "O1"))
    elif area == "rate":
        spec["elements"] = [join(rng, "O1", limit=rate(rng)) if rng.random() < 0.25 else
                            single(rng, "S", "O1", with_rate=True, with_window=0.6)]
        spec["relative"] = True
        for step in spec["steps"]:  # away from the ticks, which start a little later than the clock of the case
            step["t"] += 25
        snapshot = "snapshot" in spec["elements"][0]["rate"]
        outs = spec["elements"][0]["select"]["outs"]
        while snapshot and sum("(" in text for text, _ in outs) > 1:  # Siddhi mixes up several aggregates there
            outs.remove(next(o for o in outs if "(" in o[0]))
        for part in spec["elements"][0]["source"]:
            if ", 0)" in part or "externalTime" in part:  # the wall clock's hours, or times that are not relative
                spec["elements"][0]["source"].remove(part)
                break
    else:  # chain
        first = single(rng, "S", "M")
        first["select"]["outs"] = [("k", "k"), ("v", "v"), ("p", "p"), ("n", "n")]
        first["select"]["order"], first["select"]["having"], first["select"]["limit"] = [], None, None
        second = single(rng, "S", "O1")
        second["source"][0] = "M"
        third = single(rng, "S", rng.choice(["O1x", "M"]))
        if third["output"].endswith(" M"):
            third["select"] = dict(first["select"])
        fourth = join(rng, "O2", "M", "R")
        spec["elements"] = [first, second, third] + ([fourth] if rng.random() < 0.4 else [])
    if rng.random() < 0.2 and area not in ("rate",):
        steps_ = spec["steps"]
        steps_.insert(rng.randrange(len(steps_)), {"t": steps_[0]["t"], "stream": "Tick", "data": [0]})
        last = 0
        for step in steps_:  # queries stay where they are
            last = step["t"] = max(last, step.get("t", last))
        steps_[:] = [{k: v for k, v in s.items() if k != "t" or "query" not in s} for s in steps_]
    return spec


# ---- Rendering -----------------------------------------------------------------------------------------------------


def render_select(select):
    text = " select " + ", ".join(f"{expr} as {alias}" for expr, alias in select["outs"]) if select["outs"] else ""
    if select["group"]:
        text += " group by " + ", ".join(select["group"])
    if select["having"]:
        text += " having " + select["having"]
    if select["order"]:
        text += " order by " + ", ".join(select["order"])
    return text + (f" {select['limit']}" if select["limit"] else "")


def render_query(q):
    rate_text = f" {q['rate']}" if q["rate"] else ""
    return f"from {''.join(p for p in q['source'] if p)}{render_select(q['select'])}{rate_text} {q['output']}"


def render_element(e):
    if "partition" not in e:
        return render_query(e)
    return f"partition with ({', '.join(e['partition'])}) begin {'; '.join(render_query(q) for q in e['queries'])}; end"


def targets(spec):
    """The streams that queries write: what is watched."""
    out = []
    for e in spec["elements"]:
        for q in e.get("queries", [e]):
            words = q["output"].split()
            if words[0] == "insert" and not words[-1].startswith("#") and words[-1] not in ("T", "W"):
                out.append(words[-1])
    return sorted(set(out))


NO_NULLS = ("sort(", "externalTime", "session(", "snapshot", "@Index", "distinctCount")  # with nulls Siddhi fails on the way


def without_nulls(step, columns):
    filled = {"string": "a", "bool": True, "double": 0.5, "float": 0.5}
    fill = lambda row: [filled.get(kind, 1) if v is None else v for v, (_, kind) in zip(row, columns)]
    out = dict(step)
    if "rows" in step:
        out["rows"] = [fill(row) for row in step["rows"]]
    if "data" in step:
        out["data"] = fill(step["data"])
    return out


def render(spec, name):
    lines = [f"define stream {s} ({', '.join(f'{n} {k}' for n, k in attrs)})" for s, attrs in STREAMS.items()]
    lines += ["define stream Tick (x int)"] + spec["definitions"]
    lines += [render_element(e) for e in spec["elements"]]
    app, steps_ = ";\n".join(lines) + ";", spec["steps"]
    if any(word in app for word in NO_NULLS):
        steps_ = [without_nulls(s, STREAMS.get(s.get("stream"), [("x", "int")])) for s in steps_]
    case = {"name": name, "app": app, "steps": steps_, "watch": targets(spec)}
    if spec.get("relative"):
        case["relative"] = True
    if spec["unordered"]:
        case["unordered"] = case["watch"]
    return case


def random_case(area, seed, number):
    rng = random.Random(f"{seed}/{area}/{number}")
    spec = make(area, rng)
    return spec, render(spec, f"{area}/random-{seed}-{number}")
