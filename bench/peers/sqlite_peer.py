"""SQLite, as Python has it: a row store with an index for each order, and FTS5 for words.

A run's rowid is its start and its number within the millisecond, so that the table and every index, which end in the
rowid, are in the order of time without a column for it. Namespaces and functions are small numbers. Indexes of failed
runs are partial. FTS5 keeps no copy of the texts (contentless) but the positions, for phrases; the namespace is one
of its columns, so that a search need not read the runs. It is in a separate file, which can be vacuumed alone.
"""

import sqlite3
import uuid
from pathlib import Path

from common import CORES, FAILED, duration_us, folder_bytes, quote, runs, words

# 16 KiB pages: a run takes a kilobyte. Memory-mapped as far as the library allows; no journal while loading, as
# nothing is lost that could not be loaded again.
SETTINGS = f"""
PRAGMA main.page_size = 16384; PRAGMA text.page_size = 16384;
PRAGMA mmap_size = 2147418112; PRAGMA cache_size = -1000000; PRAGMA threads = {CORES};
"""
UNSAFE = """
PRAGMA main.journal_mode = OFF; PRAGMA main.synchronous = OFF;
PRAGMA text.journal_mode = OFF; PRAGMA text.synchronous = OFF;
"""

TABLES = """
CREATE TABLE namespaces (id INTEGER PRIMARY KEY, name TEXT UNIQUE);
CREATE TABLE functions (id INTEGER PRIMARY KEY, namespace INTEGER NOT NULL, name TEXT NOT NULL,
    UNIQUE (namespace, name));
CREATE TABLE runs (at INTEGER PRIMARY KEY, namespace INTEGER, function INTEGER, qualifier TEXT, request_id BLOB,
    duration_us INTEGER, mem_bytes INTEGER, ret_code INTEGER, ret_msg TEXT, log TEXT);
CREATE VIRTUAL TABLE text.words USING fts5(namespace, log, ret_msg, content = '', columnsize = 0);
INSERT INTO text.words (words, rank) VALUES ('hashsize', 268435456);
"""

# Made after the rows: sorting once is faster than inserting in any order.
INDEXES = f"""
CREATE INDEX by_time ON runs (namespace);
CREATE INDEX by_function ON runs (function);
CREATE INDEX by_failed ON runs (namespace) WHERE {FAILED};
CREATE INDEX by_function_failed ON runs (function) WHERE {FAILED};
CREATE INDEX by_duration ON runs (namespace, duration_us);
CREATE INDEX by_function_duration ON runs (function, duration_us);
CREATE INDEX by_memory ON runs (namespace, mem_bytes);
CREATE INDEX by_id ON runs (request_id);
INSERT INTO text.words (rowid, namespace, log, ret_msg)
    SELECT at, n.name, log, ret_msg FROM runs JOIN namespaces n ON n.id = namespace ORDER BY at;
"""

COLUMNS = "r.request_id, f.name, qualifier, at >> 20, duration_us, mem_bytes, ret_code, ret_msg, log"


def version():
    return sqlite3.sqlite_version


def connect(folder):
    database = sqlite3.connect(Path(folder, "runs.db"), isolation_level=None, check_same_thread=False)
    database.execute(f"ATTACH {quote(str(Path(folder, 'words.db')))} AS text")
    database.executescript(SETTINGS)
    return database


def place(start_ms, number):
    return start_ms << 20 | number


def load(folder, path):
    database = connect(folder)
    database.executescript(UNSAFE + TABLES)
    namespaces, functions = {}, {}

    def rows():
        for run, number in runs(path):
            namespace = namespaces.setdefault(run["Namespace"], len(namespaces))
            function = functions.setdefault((namespace, run["FunctionName"]), len(functions))
            at, request_id = place(run["StartTime"], number), uuid.UUID(run["RequestId"]).bytes
            numbers = duration_us(run), run["MemUsage"], run["RetCode"]
            yield at, namespace, function, run["Qualifier"], request_id, *numbers, run["RetMsg"], run["Log"]

    database.execute("BEGIN")
    database.executemany("INSERT INTO runs VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", rows())
    database.executemany("INSERT INTO namespaces VALUES (?, ?)", ((id, name) for name, id in namespaces.items()))
    database.executemany("INSERT INTO functions VALUES (?, ?, ?)", ((id, *key) for key, id in functions.items()))
    database.execute("COMMIT")
    database.executescript(INDEXES)
    database.close()


def settle(folder):
    """One segment of words, without the pages that merging left free; statistics for the planner."""
    database = connect(folder)
    database.executescript(UNSAFE + "INSERT INTO text.words (words) VALUES ('optimize'); VACUUM text; ANALYZE main;")
    database.executescript("PRAGMA main.journal_mode = WAL; PRAGMA text.journal_mode = WAL;")
    database.close()
    return folder_bytes(folder)


def reader(folder):
    return Reader(folder)


class Reader:
    def __init__(self, folder):
        self.folder = folder
        self.database = connect(folder)

    def another(self):
        return Reader(self.folder)

    def prepare(self, question):
        """Python keeps the statements that it has prepared, by their text."""
        page, total = self.statements(question)
        ask = self.database.execute
        if not question["limit"]:
            return lambda: ([], ask(total).fetchone())
        return lambda: (ask(page).fetchall(), ask(total).fetchone())

    def answer(self, asked):
        page, total = asked
        return [[str(uuid.UUID(bytes=row[0])), *row[1:]] for row in page], total[0]

    def id_of(self, table, name):
        return self.database.execute(f"SELECT id FROM {table} WHERE name = ?", [name]).fetchone()[0]

    def statements(self, question):
        ends = question["window"] and [place(end, 0) for end in question["window"]]
        limit = f"LIMIT {question['limit']} OFFSET {question['offset']}"
        if question["keyword"]:
            phrase = '{{log ret_msg}} : "{}"'.format(" ".join(words(question["keyword"])))
            match = f"""words MATCH 'namespace : "{question["namespace"]}" AND {phrase}'"""
            match += " AND rowid >= {} AND rowid < {}".format(*ends)
            page = f"SELECT rowid FROM words WHERE {match} ORDER BY rowid DESC {limit}"
            rows = f"SELECT {COLUMNS} FROM runs r JOIN functions f ON f.id = r.function"
            return f"{rows} WHERE at IN ({page}) ORDER BY at DESC", f"SELECT count(*) FROM words WHERE {match}"
        namespace = self.id_of("namespaces", question["namespace"])
        where = [f"r.namespace = {namespace}"]
        if question["function"]:
            where = [f"r.function = {self.id_of('functions', question['function'])}"]
        if question["request_id"]:
            where.append(f"request_id = x'{uuid.UUID(question['request_id']).hex}'")
        if question["failed"]:
            where.append(FAILED)
        if ends:
            where.append("at >= {} AND at < {}".format(*ends))
        where = " AND ".join(where)
        order, index = plan(question)
        runs = f"runs r {index} JOIN functions f ON f.id = r.function"
        if question["order_by"] == "function_name":
            # From one function to the next in the order of their names, through each in the order of time.
            runs = f"functions f CROSS JOIN runs r ON r.function = f.id AND f.namespace = {namespace}"
        page = f"SELECT {COLUMNS} FROM {runs} WHERE {where} ORDER BY {order} {limit}"
        return page, f"SELECT count(*) FROM runs r WHERE {where}"


def plan(question):
    """The order, and the index that has it where the planner would rather search by time and sort."""
    match question["order_by"]:
        case "start_time":
            return "at DESC", ""
        case "duration":
            index = "by_function_duration" if question["function"] else "by_duration"
            return "duration_us DESC, at DESC", f"INDEXED BY {index}"
        case "mem_usage":
            return "mem_bytes DESC, at DESC", "INDEXED BY by_memory"
        case "function_name":
            return "f.name DESC, at DESC", ""
