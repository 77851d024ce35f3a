"""random_apps.py: made-up apps that change one table and ask it, with made-up events: what they answer with the table in memory is
what they must answer with it in a store. Conditions mix what is pushed down with what is not, nulls and NaN with the rest."""
import json
import random

COLUMNS = {"k": "string", "i": "int", "l": "long", "d": "double", "f": "float", "b": "bool"}
NUMBERS = "ildf"
OPERATORS = ["==", "!=", "<", "<=", ">", ">="]


class Maker:
    def __init__(self, seed):
        self.random = random.Random(seed)

    def value(self, column):
        r = self.random
        if r.random() < 0.15:
            return None
        return {"string": lambda: r.choice(["a", "b", "c", "null", "", "it's"]), "int": lambda: r.randint(-2, 3), "long": lambda: r.randint(-2, 3),
                "double": lambda: r.choice([0.0, 1.5, -1.5, 2.0, "#NaN"]), "float": lambda: r.choice([0.0, 1.5, 2.0]),
                "bool": lambda: r.random() < 0.5}[COLUMNS[column]]()

    def comparison(self):
        r = self.random
        number, other, operator = r.choice(NUMBERS), r.choice(NUMBERS), r.choice(OPERATORS)
        return r.choice([f"T.k {r.choice(['==', '!='])} k"] * 3 + [f"T.b {r.choice(['==', '!='])} b", f"T.{r.choice(list(COLUMNS))} is null",
                        f"T.{number} {operator} T.{other}", f"{r.choice(['1', '2L', '1.5'])} {operator} T.{number}",
                        f"math:abs(T.{r.choice('il')}) {operator} {other}", f"T.{number} + 1 {operator} {other}"] + [f"T.{number} {operator} {other}"] * 2)

    def condition(self, depth=0):
        r = self.random.random()
        if depth > 2 or r < 0.45:
            return self.comparison()
        if r < 0.88:
            return f"({self.condition(depth + 1)} {'and' if r < 0.7 else 'or'} {self.condition(depth + 1)})"
        return f"not ({self.condition(depth + 1)})"

    def app(self):
        r = self.random
        attributes = ", ".join(f"{name} {type}" for name, type in COLUMNS.items())
        key = r.choice(["", "@PrimaryKey('k') ", "@PrimaryKey('i') ", "@PrimaryKey('k', 'i') ", "@Index('l') "])
        is_set, up = r.choice("ldfb"), "T.k == k and T.i == i" if r.random() < 0.5 else self.condition()
        return "".join([f"define stream {name} ({attributes}); " for name in "IUDPQ"] + [
            f"{key}define table T ({attributes}); from I insert into T; ",
            f"from U update T set T.{is_set} = {is_set} on {self.condition()}; ",
            f"from D delete T on {self.condition() if r.random() < 0.5 else 'T.k == k'}; ",
            f"from P update or insert into T set T.{is_set} = {is_set} on {up}; ",
            # What asks and is asked is driven event by event: half of the apps only change it.
            f"from Q[({self.condition()}) in T] select k, i insert into Found; " if r.random() < 0.5 else ""])

    def steps(self):
        steps = []
        for t in range(self.random.randint(8, 25)):
            rows = [[self.value(c) for c in COLUMNS] for _ in range(self.random.randint(1, 4))]
            what = {"rows": rows} if self.random.random() < 0.5 else {"data": rows[0]}
            steps.append({"t": 1000 + t, "stream": self.random.choice("IIIUDPQ"), **what})
            if self.random.random() < 0.3:
                steps.append({"query": "from T select *"})
        return steps + [{"query": "from T select *"}]


def write(path, seed, n):
    maker = Maker(seed)
    with open(path, "w") as out:
        for number in range(n):
            out.write(json.dumps({"name": f"random/{seed}-{number}", "app": maker.app(), "steps": maker.steps()}) + "\n")
