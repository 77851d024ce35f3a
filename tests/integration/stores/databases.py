"""databases.py: the databases that the tests of stores use: a file of SQLite, and a PostgreSQL server of the test's own."""
import glob
import os
import pathlib
import shutil
import signal
import sqlite3
import subprocess
import time

from harness import free_port, until


class Sqlite:
    name = "sqlite"

    def __init__(self, folder):
        self.folder = folder

    def store(self, table, database="test", more=""):
        return f"@store(type='sqlite', database='{self.folder}/{database}.db', table.name='{table}', synchronous='normal'{more})"

    def places(self, name, n):
        """Names of n databases, for tables whose names the store chooses."""
        return [f"{name}_{i}" for i in range(n)]

    def aggregation(self, place, more=""):
        return f"@store(type='sqlite', database='{self.folder}/{place}.db', synchronous='normal'{more})"

    def query_at(self, place, sql):
        with sqlite3.connect(f"{self.folder}/{place}.db", timeout=30) as db:
            return db.execute(sql).fetchall()

    def rdbms(self, table):
        return f"@store(type='rdbms', jdbc.url='jdbc:sqlite:{self.folder}/test.db', username='u', password='p', jdbc.driver.name='org.sqlite.JDBC', table.name='{table}', field.length='k:100')"

    def query(self, sql, *parameters):
        with sqlite3.connect(f"{self.folder}/test.db", timeout=30, isolation_level=None) as db:
            try:
                return db.execute(sql, parameters).fetchall()
            finally:
                db.commit()

    def close(self):
        pass


class Postgres:
    """Runs as a user that is not root, in a folder of its own, on a free port. Password authentication."""
    name = "postgresql"
    password = "it's \\ secret"

    def __init__(self, folder):
        self.folder = pathlib.Path(folder) / "postgres"
        self.port = free_port()
        self.bin = pathlib.Path(sorted(glob.glob("/usr/lib/postgresql/*/bin"))[-1])
        self.process = None
        self.folder.mkdir()
        (self.folder / "password").write_text(self.password + "\n")
        if os.getuid() == 0:
            for path in (self.folder, self.folder / "password"):
                shutil.chown(path, "postgres", "postgres")
            os.chmod(folder, 0o755)
        self.run(self.bin / "initdb", "-D", self.folder / "data", "-U", "weir", "-A", "scram-sha-256", "-E", "UTF8", "--locale=C.UTF-8",
                 f"--pwfile={self.folder}/password", "--no-sync")
        with open(self.folder / "data/postgresql.conf", "a") as conf:
            conf.write(f"\nlisten_addresses='127.0.0.1'\nunix_socket_directories='{self.folder}'\nshared_buffers=16MB\n"
                       "max_connections=50\nfsync=off\n")
        for _ in range(5):  # somebody may be faster with a free port
            try:
                self.start()
                break
            except RuntimeError:
                self.port = free_port()
        else:
            raise RuntimeError((self.folder.parent / "postgres.log").read_text()[-2000:])

    def as_user(self, *command):
        command = [str(c) for c in command]
        return ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", *command] if os.getuid() == 0 else command

    def run(self, *command):
        done = subprocess.run(self.as_user(*command), capture_output=True, text=True, cwd="/")
        if done.returncode:
            raise RuntimeError(done.stdout + done.stderr)
        return done.stdout

    def start(self):
        with open(self.folder.parent / "postgres.log", "ab") as log:
            self.process = subprocess.Popen(self.as_user(self.bin / "postgres", "-D", self.folder / "data", "-p", self.port), stdout=log, stderr=log, cwd="/")
        until(lambda: self.is_up() or self.process.poll() is not None, 60)
        until(self.is_up, 1, lambda: (self.folder.parent / "postgres.log").read_text()[-2000:])

    def is_up(self):
        return subprocess.run([self.bin / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(self.port)]).returncode == 0

    def kill(self):
        """As a crash: the server's processes notice that their parent is gone."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        pid = self.folder / "data/postmaster.pid"
        if pid.exists():
            pid.unlink()
        time.sleep(1)

    def close(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGQUIT)
            self.process.wait()

    def uri(self):
        secret = self.password.replace("'", "%27").replace("\\", "%5C").replace('"', "%22").replace(" ", "%20")
        return f"postgresql://weir:{secret}@127.0.0.1:{self.port}/postgres"

    def store(self, table, database="postgres", more=""):
        return f"@store(type='postgresql', uri='{self.uri()}', table.name='{table}'{more})"

    def places(self, name, n):
        """Names of n schemas."""
        names = [f"{name}_{i}".lower() for i in range(n)]
        self.query(" ".join(f"CREATE SCHEMA {place};" for place in names))
        return names

    def aggregation(self, place, more=""):
        return f"@store(type='postgresql', uri='{self.uri()}?options=-csearch_path%3D{place}'{more})"

    def query_at(self, place, sql):
        return self.query(f"SET search_path = {place}; {sql}")

    def rdbms(self, table, password="${PG_PASSWORD}"):
        return (f"@store(type='rdbms', jdbc.url='jdbc:postgresql://127.0.0.1:{self.port}/postgres', username='weir', password=\"\"\"{password}\"\"\", "
                f"jdbc.driver.name='org.postgresql.Driver', pool.properties='maximumPoolSize:3', table.name='{table}', field.length='k:100')")

    def query(self, sql, *parameters):
        assert not parameters
        env = {**os.environ, "PGPASSWORD": self.password}
        done = subprocess.run([self.bin / "psql", "-h", "127.0.0.1", "-p", str(self.port), "-U", "weir", "-d", "postgres", "-AtX", "-F", "\x1f",
                               "-q", "-v", "ON_ERROR_STOP=1", "-c", sql], capture_output=True, text=True, env=env)
        if done.returncode:
            raise RuntimeError(done.stderr)
        return [tuple(int(v) if v.lstrip("-").isdigit() else v for v in line.split("\x1f")) for line in done.stdout.splitlines()]
