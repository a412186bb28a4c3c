"""DuckDB: one table in the order of time, columns compressed as DuckDB chooses.

The file is in the order of time and stays in it: zone maps of the start time are sharp, and the newest page is in the
last row group. Filters and sort keys are columns that are scanned, which is what DuckDB is good at; the one index is
for request ids. Its own choice for texts (DICT_FSST) is kept: ZSTD takes 40 % of the space, but decompresses 2,048
texts for each row of a page, which is up to ten times slower. There is no index for words: the full-text extension is
not in the package, ranks by words, knows no phrases, and does not follow inserts.
"""

from pathlib import Path

import duckdb

from common import COLUMNS, CORES, FAILED, folder_bytes, quote

RUNS = """
CREATE TABLE runs AS SELECT
    row_number() OVER () AS seq, Namespace AS namespace, FunctionName AS function, Qualifier AS qualifier,
    RequestId AS request_id, StartTime AS start_ms, round(Duration * 1000)::BIGINT AS duration_us,
    MemUsage AS mem_bytes, RetCode AS ret_code, RetMsg AS ret_msg, Log AS log
FROM read_json({path}, format = 'newline_delimited', columns = {{
    Namespace: 'VARCHAR', FunctionName: 'VARCHAR', Qualifier: 'VARCHAR', RequestId: 'UUID', StartTime: 'BIGINT',
    Duration: 'DOUBLE', MemUsage: 'BIGINT', RetCode: 'INTEGER', RetMsg: 'VARCHAR', Log: 'VARCHAR'
}})
"""

ORDERS = {
    "start_time": "",
    "duration": "duration_us DESC,",
    "mem_usage": "mem_bytes DESC,",
    "function_name": "namespace DESC, function DESC,",
}


def version():
    return duckdb.__version__


def connect(folder, mode):
    database = duckdb.connect(config={"threads": CORES})
    # The newest format: the default is an older one, which lacks the better compression.
    database.execute(f"ATTACH {quote(str(Path(folder, 'runs.db')))} AS runs_db ({mode}, STORAGE_VERSION 'latest')")
    database.execute("USE runs_db")
    return database


def load(folder, path):
    database = connect(folder, "READ_WRITE")
    database.execute(RUNS.format(path=quote(path)))
    database.execute("CREATE INDEX by_id ON runs (request_id)")
    database.close()


def settle(folder):
    database = connect(folder, "READ_WRITE")
    database.execute("CHECKPOINT")
    database.close()
    return folder_bytes(folder)


def reader(folder):
    return Reader(connect(folder, "READ_ONLY"))


class Reader:
    def __init__(self, database):
        self.database = database
        self.prepared = 0

    def another(self):
        cursor = self.database.cursor()
        cursor.execute("USE runs_db")
        return Reader(cursor)

    def prepare(self, question):
        page, total = map(self.statement, statements(question))
        if not question["limit"]:
            return lambda: ([], total())
        return lambda: (page(), total())

    def statement(self, sql):
        self.prepared += 1
        name = f"q{self.prepared}"
        self.database.execute(f"PREPARE {name} AS {sql}")
        return lambda: self.database.execute(f"EXECUTE {name}").fetchall()

    def answer(self, asked):
        page, total = asked
        return [[str(row[0]), *row[1:]] for row in page], total[0][0]


def statements(question):
    where = [f"namespace = {quote(question['namespace'])}"]
    if question["window"]:
        where.append("start_ms >= {} AND start_ms < {}".format(*question["window"]))
    if question["function"]:
        where.append(f"function = {quote(question['function'])}")
    if question["request_id"]:
        where.append(f"request_id = {quote(question['request_id'])}")
    if question["failed"]:
        where.append(FAILED)
    if question["keyword"]:
        either = (f"contains({column}, {quote(question['keyword'])})" for column in ("log", "ret_msg"))
        where.append("({})".format(" OR ".join(either)))
    where = " AND ".join(where)
    order = f"{ORDERS[question['order_by']]} start_ms DESC, seq DESC"
    # The page's row ids first: left alone, DuckDB reads the texts of the skipped rows as well.
    rows, limit = f"SELECT {', '.join(COLUMNS)} FROM runs", f"LIMIT {question['limit']} OFFSET {question['offset']}"
    if question["offset"]:
        # The page's row ids first: left alone, DuckDB reads the texts of the skipped rows as well.
        where_page = f"rowid IN (SELECT rowid FROM runs WHERE {where} ORDER BY {order} {limit})"
        page = f"{rows} WHERE {where_page} ORDER BY {order}"
    else:
        page = f"{rows} WHERE {where} ORDER BY {order} {limit}"
    return page, f"SELECT count(*) FROM runs WHERE {where}"
