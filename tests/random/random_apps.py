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
AREAS = ["filter", "window", "join", "table", "named-window", "pattern", "sequence", "partition", "rate", "chain"]


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


def handlers(rng, stream, chance=0.4):
    return [f"[{condition(rng, stream)}]"] if rng.random() < chance else []


def window(rng, stream):
    number = rng.choice(number_columns(stream))
    span = rng.choice(["300 millisec", "1 sec", "2 sec", "5 sec"])
    count = rng.randint(1, 5)
    options = [
        f"length({count})", f"lengthBatch({count})", f"time({span})", f"timeBatch({span})",
        f"timeLength({span}, {count})", f"delay({span})", f"batch()",
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
        source.append(window(rng, stream))
        source += handlers(rng, stream, 0.15)
    limit = rate(rng) if with_rate else None
    kind = events(rng, windowed) if not (limit and "snapshot" in limit) else rng.choice(["", "all events "])
    return query(source, selection(rng, number_columns(stream), ["k"]), f"insert {kind}into {target}", limit)


def join(rng, target, left="S", right="R"):
    def side(stream, alias):
        return [stream] + handlers(rng, stream, 0.25) + ([window(rng, stream)] if rng.random() < 0.85 else []) + \
            [f" as {alias}"]
    kind = rng.choice(["join", "inner join", "left outer join", "right outer join", "full outer join"])
    uni = rng.choice([("", ""), ("", ""), ("", ""), (" unidirectional", ""), ("", " unidirectional")])
    on = rng.choice([None, "l.k == r.k", "l.k == r.k", "l.v > r.w", "l.k == r.k and l.v < r.w", "l.v == r.w or l.k == r.k"])
    source = side(left, "l") + [uni[0], f" {kind} "] + side(right, "r") + [uni[1], f" on {on}" if on else ""]
    select = selection(rng, ["l.v", "r.w", "l.p"], ["l.k", "r.k"], 0.3)
    return query(source, select, f"insert {events(rng)}into {target}")


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
        elif shape < 0.38 and i > 0 and not sequence:
            parts.append(f"not {stream}[{condition(rng, stream)}] for {rng.choice(['500 millisec', '1 sec'])}")
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
        spec["elements"] = [single(rng, "S", "O1", with_rate=True, with_window=0.6)]
        spec["relative"] = True
        for part in spec["elements"][0]["source"]:
            if ", 0)" in part:  # aligned to the wall clock's hours, which relative times know nothing of
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
        steps_.sort(key=lambda s: s["t"])
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


def render(spec, name):
    lines = [f"define stream {s} ({', '.join(f'{n} {k}' for n, k in attrs)})" for s, attrs in STREAMS.items()]
    lines += ["define stream Tick (x int)"] + spec["definitions"]
    lines += [render_element(e) for e in spec["elements"]]
    case = {"name": name, "app": ";\n".join(lines) + ";", "steps": spec["steps"], "watch": targets(spec)}
    if spec.get("relative"):
        case["relative"] = True
    if spec["unordered"]:
        case["unordered"] = case["watch"]
    return case


def random_case(area, seed, number):
    rng = random.Random(f"{seed}/{area}/{number}")
    spec = make(area, rng)
    return spec, render(spec, f"{area}/random-{seed}-{number}")
