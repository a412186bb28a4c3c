"""ClickHouse, inside the process as chDB, without and with a text index over logs and messages.

The runs lie in the order of the first page that everybody asks for: newest of a namespace. Every other order is a
materialised view with the keys alone, which ClickHouse keeps up to date with each insert; a page is found in the view
and its rows are then fetched by primary key. That is the usual secondary index of ClickHouse. Projections would be
the same data, but their planner picks the base table when that, too, is in the right order, and then reads too much.
Each total is a count by primary key ranges, which ClickHouse answers from marks without reading rows.
"""

import json
from pathlib import Path

import chdb
from chdb import session

from common import COLUMNS, CORES, FAILED, quote

# Small granules and compressed blocks: the rows of a page lie scattered, and a whole granule is decompressed for each.
# Texts: ZSTD(3) is a tenth smaller than ZSTD(1) and decompresses as fast. Random ids do not compress.
RUNS = """
CREATE TABLE runs (
    namespace LowCardinality(String), function LowCardinality(String), qualifier LowCardinality(String),
    start_ms Int64 CODEC(Delta, ZSTD(1)), seq UInt64 CODEC(Delta, ZSTD(1)), request_id UUID CODEC(NONE),
    duration_us UInt64 CODEC(T64, ZSTD(1)), mem_bytes UInt64 CODEC(T64, ZSTD(1)), ret_code UInt16 CODEC(ZSTD(1)),
    ret_msg String CODEC(ZSTD(1)), log String CODEC(ZSTD(3)) {indexes}
) ENGINE = MergeTree PARTITION BY toYYYYMMDD(fromUnixTimestamp64Milli(start_ms)) ORDER BY (namespace, start_ms, seq)
SETTINGS index_granularity = 128, min_compress_block_size = 16384, max_compress_block_size = 65536 {settings}
"""

# With positions, so that the index alone answers a phrase; without, every run with all the words would be read.
TEXT_INDEXES = ", " + ", ".join(
    f"INDEX {column}_words {column} TYPE text(tokenizer = splitByNonAlpha, support_phrase_search = 1)"
    for column in ("log", "ret_msg")
)
TEXT_SETTINGS = ", allow_experimental_text_index_phrase_search = 1"

VIEWS = {
    "by_function": ("function, start_ms, seq", ""),
    "by_failed": ("start_ms, seq", f"WHERE {FAILED}"),
    "by_function_failed": ("function, start_ms, seq", f"WHERE {FAILED}"),
    "by_failed_duration": ("duration_us, start_ms, seq", f"WHERE {FAILED}"),
    "by_duration": ("duration_us, start_ms, seq", ""),
    "by_function_duration": ("function, duration_us, start_ms, seq", ""),
    "by_memory": ("mem_bytes, start_ms, seq", ""),
    "by_id": ("request_id, start_ms, seq", ""),
}
VIEW = """
CREATE MATERIALIZED VIEW {name} ENGINE = MergeTree PARTITION BY toYYYYMMDD(fromUnixTimestamp64Milli(start_ms))
ORDER BY (namespace, {key}) SETTINGS index_granularity = 1024, default_compression_codec = 'ZSTD(1)'
AS SELECT namespace, {key} FROM runs {where}
"""

INSERT = """
INSERT INTO runs SELECT Namespace, FunctionName, Qualifier, StartTime, rowNumberInAllBlocks() + 1, RequestId,
    toUInt64(round(Duration * 1000)), MemUsage, RetCode, RetMsg, Log
FROM file({path}, JSONEachRow, 'FunctionName String, RequestId UUID, StartTime Int64, Duration Float64,
    MemUsage UInt64, RetCode UInt16, RetMsg String, Log String, Namespace String, Qualifier String')
SETTINGS max_parsing_threads = {cores}, parallel_view_processing = 1
"""


def version():
    return f"{chdb.query('SELECT version()', 'TSV').data().strip()} (chDB {chdb.__version__})"


def start(folder):
    database = session.Session(str(Path(folder, "database")))
    # A question that is asked again has to be answered again, not remembered.
    database.query(f"SET max_threads = {CORES}, use_query_condition_cache = 0")
    return database


def load(folder, path, text=False):
    database = start(folder)
    database.query("CREATE DATABASE runlog ENGINE = Atomic")
    database.query("USE runlog")
    database.query(RUNS.format(indexes=TEXT_INDEXES if text else "", settings=TEXT_SETTINGS if text else ""))
    for name, (key, where) in VIEWS.items():
        database.query(VIEW.format(name=name, key=key, where=where))
    database.query(INSERT.format(path=quote(path), cores=CORES))
    database.close()


def settle(folder):
    """Merges every table into one part a day. What it was merged from stays on disk for a while; it does not count."""
    database = start(folder)
    for name in ["runs", *VIEWS]:
        database.query(f"OPTIMIZE TABLE runlog.{name} FINAL")
    parts = "SELECT sum(bytes_on_disk) FROM system.parts WHERE active AND database = 'runlog'"
    disk_bytes = int(database.query(parts, "TSV").data())
    database.close()
    return disk_bytes


def reader(folder, text=False):
    database = start(folder)
    database.query("USE runlog")
    return Reader(database, text)


class Reader:
    def __init__(self, database, text):
        self.database = database
        self.text = text

    def another(self):
        # Threads may share a session, of which there is one a process. chDB lets them take turns.
        return self

    def prepare(self, question):
        """chDB has no prepared statements: the text is parsed each time, in about a tenth of a millisecond."""
        ask, page, total = self.database.query, *self.statements(question)
        if not question["limit"]:
            return lambda: (None, ask(total, "JSONCompactEachRow").bytes())
        return lambda: (ask(page, "JSONCompactEachRow").bytes(), ask(total, "JSONCompactEachRow").bytes())

    def answer(self, asked):
        page, total = ([json.loads(line) for line in (part or b"").splitlines()] for part in asked)
        # Integers of 64 bits may come as text.
        rows = [[int(field) if 3 <= at <= 6 else field for at, field in enumerate(row)] for row in page]
        return rows, int(total[0][0])

    def statements(self, question):
        where = [f"namespace = {quote(question['namespace'])}"]
        if question["window"]:
            where.append("start_ms >= {} AND start_ms < {}".format(*question["window"]))
        if question["function"]:
            where.append(f"function = {quote(question['function'])}")
        if question["request_id"]:
            where.append(f"request_id = {quote(question['request_id'])}")
        if question["keyword"]:
            match = "hasPhrase({}, {})" if self.text else "position({}, {}) > 0"
            either = (match.format(column, quote(question["keyword"])) for column in ("log", "ret_msg"))
            where.append("({})".format(" OR ".join(either)))
        where = " AND ".join(where)
        order, sorted_in, counted_in = plan(question)
        columns = ", ".join(COLUMNS)
        limit = f"ORDER BY {order} LIMIT {question['offset']}, {question['limit']}"
        if sorted_in == "runs":
            page = f"SELECT {columns} FROM runs WHERE {where} {limit}"
        else:
            keys = f"SELECT start_ms, seq FROM {sorted_in} WHERE {where} {limit}"
            by_key = f"namespace = {quote(question['namespace'])} AND (start_ms, seq) IN ({keys})"
            page = f"SELECT {columns} FROM runs WHERE {by_key} ORDER BY {order}"
        return page, f"SELECT count() FROM {counted_in} WHERE {where}"


def plan(question):
    """How rows are ordered, the table that has them in this order, and the one that has them together for counting."""
    newest = "start_ms DESC, seq DESC"
    function = "_function" if question["function"] else ""
    filtered = f"by{function}_failed" if question["failed"] else "by_function" if function else "runs"
    if question["keyword"]:
        return newest, "runs", "runs"
    if question["request_id"]:
        return newest, "by_id", "by_id"
    match question["order_by"]:
        case "start_time":
            return newest, filtered, filtered
        case "duration" if question["failed"]:
            return f"duration_us DESC, {newest}", "by_failed_duration", filtered
        case "duration":
            return f"duration_us DESC, {newest}", f"by{function}_duration", filtered
        case "mem_usage":
            return f"mem_bytes DESC, {newest}", "by_memory", filtered
        case "function_name":
            return f"namespace DESC, function DESC, {newest}", "by_function", filtered
