"""aggregations.py: aggregations in a store: the recorded cases, restarts, several writers, purging, crashes."""
import importlib.util
import json
import random
import subprocess
import time

import rewrite

kit = None  # the run's own module: see use()


def use(module):
    global kit
    kit = module


def files():
    folders = ("conformance", "cases", "differences")
    return [p for d in folders for p in sorted((kit.ROOT / "tests" / d).glob("*.jsonl"))]


# ---- The recorded cases ----

def recorded_cases(db, *args, more=""):
    name = kit.new_name("agg")
    (kit.folder / name).mkdir()
    places = db.places(name, 300)
    path = kit.folder / f"{name}.jsonl"
    every = 1 if kit.options.full or db.name == "sqlite" else 10  # a connection to a server takes its time
    n = rewrite.write_aggregations(files(), path, lambda i: db.aggregation(places[i], more).replace("'normal'", "'off'"), every)
    kit.check(n * every >= 50, n)
    if db.name == "postgresql":  # rows have no order there
        path.write_text("".join(json.dumps({**c, "unordered": ["answers", *streams(c)]}) + "\n" for c in rewrite.cases(path)))
    done = subprocess.run([kit.options.weir, "test", *args, str(path)], capture_output=True, text=True)
    kit.check(done.returncode == 0 and " 0 failed" in done.stdout, done.stdout[-3000:] + done.stderr)


def streams(case):
    return list(case.get("expect", {}))


def recorded_aggregations_give_the_same_answers(db):
    recorded_cases(db, "--batch", "1024", more=", @cache(size='2')")
    if kit.options.full or db.name == "sqlite":
        recorded_cases(db, "--restore")
    if kit.options.full:
        recorded_cases(db, "--batch", "1")
        recorded_cases(db, "--serial", more=", @cache(size='100')")


def made_up_cases(seed, n):
    """Of tests/random, which has a module of the name of one here."""
    spec = importlib.util.spec_from_file_location("all_random_apps", kit.ROOT / "tests" / "random" / "random_apps.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return [module.random_case("aggregation", seed, i)[1] for i in range(n)]


def random_aggregations_answer_as_in_memory(db):
    name, seed, n = kit.new_name("agg"), random.randrange(10**6), 200 if kit.options.full else 25
    path = kit.folder / f"{name}.jsonl"
    path.write_text("".join(json.dumps(case) + "\n" for case in made_up_cases(seed, n)))
    done = subprocess.run([kit.options.weir, "test", "--record", str(path)], capture_output=True, text=True)
    kit.check(done.returncode == 0, done.stdout)
    (kit.folder / name).mkdir()
    for k, args in enumerate((["--batch", "1024"], ["--batch", "2"], ["--restore"])):
        places, stored = db.places(f"{name}/{k}", n), kit.folder / f"{name}_{k}.jsonl"
        (kit.folder / name / str(k)).mkdir(exist_ok=True)
        rewrite.write_aggregations([path], stored, lambda i: db.aggregation(places[i]).replace("'normal'", "'off'"))
        done = subprocess.run([kit.options.weir, "test", *args, str(stored)], capture_output=True, text=True)
        kit.check(done.returncode == 0 and " 0 failed" in done.stdout, f"seed {seed} {args}: {done.stdout[-3000:]}")


# ---- Runs one after the other ----

COLUMNS = "k string, v int, ts long"
START = 1_600_000_000_000


def app(db, place, path, name, more="", annotations="", promise="", follow=""):
    return f"""@app:name('{place}') {promise}
@source(type='file', file.uri='{path}'{follow}, @map(type='json')) define stream S ({COLUMNS});
{annotations} {db.aggregation(place)}
define aggregation {name} from S select k, v as last, sum(v) as total, avg(v) as mean, count() as n, distinctCount(v) as different
group by k aggregate by ts every sec ... hour; {more}"""


def rows(db, place, sql):
    return db.query_at(place, sql)


def expected(events, unit_ms):
    sums = {}
    for e in events:
        key = (e["ts"] // unit_ms * unit_ms, e["k"])
        total, n = sums.get(key, (0, 0))
        sums[key] = (total + e["v"], n + 1)
    return sorted((*key, total, n) for key, (total, n) in sums.items())


def check_totals(db, place, name, events):
    for table, unit in (("SECONDS", 1000), ("MINUTES", 60_000), ("HOURS", 3_600_000)):
        got = sorted(rows(db, place, f"SELECT AGG_EVENT_TIMESTAMP, k, AGG_SUM_v, AGG_COUNT FROM {name}_{table}"))
        want = expected(events, unit)
        kit.check(got == want, f"{table}: {len(got)} rows instead of {len(want)}: {[x for x in got if x not in want][:3]} {[x for x in want if x not in got][:3]}")


def made_up(n, seed, late=0.1):
    r = random.Random(seed)
    return [{"k": f"k{r.randrange(5)}", "v": r.randrange(100), "ts": START + i * 50 - (r.randrange(100_000) if r.random() < late else 0)} for i in range(n)]


def a_run_goes_on_with_what_the_one_before_has_left(db):
    name, [place] = kit.new_name("Left"), db.places(kit.new_name("left"), 1)
    events = made_up(3000, 7)
    for part in (events[:1000], events[1000:1001], events[1001:]):
        kit.run_app(app(db, place, kit.write_events(kit.new_name("in"), part), name))
    check_totals(db, place, name, events)
    out = kit.folder / kit.new_name("out")
    ask = f"""@source(type='file', file.uri='{kit.write_events(kit.new_name('ask'), [{'key': f'k{i}'} for i in range(6)])}', @map(type='json'))
define stream Ask (key string);
@sink(type='file', file.uri='{out}', @map(type='csv')) define stream Out (key string, begin long, total long, n long, mean double);
from Ask join {name} as a on a.k == Ask.key within {START}L, {START + 3_600_000}L per 'minutes'
select key, AGG_TIMESTAMP as begin, a.total as total, a.n as n, a.mean as mean insert into Out;"""
    kit.run_app(app(db, place, kit.write_events(kit.new_name("none"), []), name, more=ask))
    got = sorted((int(b), k, int(t), int(n), float(m)) for k, b, t, n, m in (line.split(",") for line in out.read_text().splitlines()))
    want = [(b, k, t, n, float(t // n)) for b, k, t, n in expected(events, 60_000) if b >= START]
    kit.check(got == want, f"{got[:4]} instead of {want[:4]}")


def rows_that_siddhi_wrote_apart_are_added_up(db):
    name, [place] = kit.new_name("Apart"), db.places(kit.new_name("apart"), 1)
    kit.run_app(app(db, place, kit.write_events(kit.new_name("in"), [{"k": "a", "v": 1, "ts": START}]), name))
    minute, out = START // 60_000 * 60_000, kit.folder / kit.new_name("out")
    rows(db, place, f"INSERT INTO {name}_MINUTES (AGG_TIMESTAMP, AGG_EVENT_TIMESTAMP, k, last, AGG_LAST_EVENT_TIMESTAMP, AGG_SUM_v, AGG_COUNT)"
                    f" VALUES ({minute + 600_000}, {minute}, 'a', 5, {START + 1}, 10, 2)")
    ask = f"""@sink(type='file', file.uri='{out}', @map(type='csv')) define stream Out (total long, n long, last int);
from S join {name} as a on a.k == S.k within {minute}L, {minute + 1}L per 'minutes' select a.total as total, a.n as n, a.last as last insert into Out;"""
    kit.run_app(app(db, place, kit.write_events(kit.new_name("in"), [{"k": "a", "v": 7, "ts": START}]), name, more=ask))
    kit.check(out.read_text() == "18,4,5\n", out.read_text())


def writers_with_shards_of_their_own_are_added_up(db):
    name, [place] = kit.new_name("Shard"), db.places(kit.new_name("shard"), 1)
    events = made_up(2000, 9)
    parts = {"one": events[::2], "two": events[1::2]}
    for round_ in range(2):
        for shard, part in parts.items():
            half = part[round_ * 500:round_ * 500 + 500]
            kit.run_app(app(db, place, kit.write_events(kit.new_name("in"), half), name, annotations=f"@PartitionById(enable='true', shardId='{shard}')"))
    got = sorted(rows(db, place, f"SELECT AGG_EVENT_TIMESTAMP, k, sum(AGG_SUM_v), sum(AGG_COUNT) FROM {name}_SECONDS GROUP BY AGG_EVENT_TIMESTAMP, k"))
    kit.check(got == expected(events, 1000), "the shards' sums are not those of all events")
    kit.check(len(rows(db, place, f"SELECT 1 FROM {name}_HOURS WHERE SHARD_ID = 'one' AND k = 'k1'")) == 1, "no row of a shard")
    out = kit.folder / kit.new_name("out")
    ask = f"""@sink(type='file', file.uri='{out}', @map(type='csv')) define stream Out (k string, n long);
from S join {name} as a on a.k == S.k within 0L, 9999999999999L per 'hours' select S.k as k, a.n as n insert into Out;"""
    one = [{"k": "k1", "v": 1, "ts": START}]
    kit.run_app(app(db, place, kit.write_events(kit.new_name("in"), one), name, more=ask, annotations="@PartitionById(shardId='three')"))
    got = [int(line.split(",")[1]) for line in out.read_text().splitlines()]
    kit.check(got == [n for _, k, _, n in expected(events + one, 3_600_000) if k == "k1"], got)


def old_buckets_are_purged_from_the_store(db):
    name, [place] = kit.new_name("Purged"), db.places(kit.new_name("purged"), 1)
    events = [{"k": "a", "v": 1, "ts": START + i * 1000} for i in range(600)]
    purge = "@purge(enable='true', interval='60 sec', @retentionPeriod(sec='120 sec', min='all', hours='all'))"
    text = app(db, place, kit.write_events(kit.new_name("in"), events), name, annotations=purge, promise="@app:playback")
    kit.run_app(text.replace("@map(type='json')", "event.time='ts', @map(type='json')"))
    seconds = [r[0] for r in rows(db, place, f"SELECT AGG_EVENT_TIMESTAMP FROM {name}_SECONDS")]
    kit.check(120 <= len(seconds) <= 190 and max(seconds) == events[-1]["ts"], f"{len(seconds)} rows")
    kit.check(sum(r[0] for r in rows(db, place, f"SELECT AGG_COUNT FROM {name}_MINUTES")) == 600, "minutes are kept")


def what_does_not_fit_an_aggregation_in_a_store_is_refused(db):
    stream = "define stream S (k string, v int, o object);"
    for annotation, select, message in ((db.store("x"), "k, sum(v) as s", "can't all be 'x'"), (db.aggregation(db.places(kit.new_name("no"), 1)[0]), "k, sum(v) * 2 + sum(v + 1) as s", "of attributes"),
                                        ("@PartitionById " + db.aggregation("no"), "k, sum(v) as s", "shardId"), ("@PartitionById(shardId='1')", "k, sum(v) as s", "in a store")):
        path = kit.folder / f"{kit.new_name('refused')}.siddhi"
        path.write_text(f"{stream} {annotation} define aggregation A from S select {select} group by k aggregate every sec;")
        done = subprocess.run([kit.options.weir, "check", str(path)], capture_output=True, text=True)
        kit.check(done.returncode == 1 and message in done.stdout + done.stderr, done.stdout + done.stderr)


# ---- Crashes ----

def aggregations_exactly_once_survive_kill_9(db):
    name, [place] = kit.new_name("Exact"), db.places(kit.new_name("exact"), 1)
    events, path = made_up(20000, 11), kit.folder / f"{name}.jsonl"
    feeder = Following(path, events, 6)
    weir = kit.Weir(kit.options.weir, app(db, place, path, name, promise="@app:guarantee('exactly-once')", follow=", follow='true'"), kit.folder,
                    "--state", str(kit.folder / f"{name}.state"), "--checkpoint", "60")
    for _ in range(6):
        time.sleep(random.uniform(0.3, 1.2))
        kit.check(weir.is_running(), weir.text())
        weir.kill()
        weir.begin()
    feeder.join()

    def counted():
        try:
            return int(rows(db, place, f"SELECT coalesce(sum(AGG_COUNT), 0) FROM {name}_HOURS")[0][0])
        except Exception:
            return 0
    kit.until(lambda: counted() >= len(events), 60, lambda: f"{counted()} of {len(events)}: {weir.text()[-2000:]}")
    kit.check(weir.stop() == 0, weir.text())
    check_totals(db, place, name, events)


class Following:
    """Appends events to a file, in bursts, over some seconds."""

    def __init__(self, path, events, seconds):
        path.touch()
        self.thread = kit.threading.Thread(target=self.run, args=(path, events, int(seconds * 50)), daemon=True)
        self.thread.start()

    def run(self, path, events, bursts):
        for burst in range(bursts):
            with open(path, "a") as f:
                f.write("".join(json.dumps(e) + "\n" for e in events[len(events) * burst // bursts:len(events) * (burst + 1) // bursts]))
            time.sleep(0.02)

    def join(self):
        self.thread.join()


ALL = [recorded_aggregations_give_the_same_answers, a_run_goes_on_with_what_the_one_before_has_left, rows_that_siddhi_wrote_apart_are_added_up,
       writers_with_shards_of_their_own_are_added_up, old_buckets_are_purged_from_the_store, what_does_not_fit_an_aggregation_in_a_store_is_refused,
       aggregations_exactly_once_survive_kill_9]
