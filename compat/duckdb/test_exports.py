"""DuckDB reads what runlog exports, in every format, and finds what was put in and what the server itself says.

The runs are those of the fixture and a generated day. What must come back is known from the lines that were posted, not
from the server; its statistics are compared beside that.
"""

import base64
import json
import math
import os
import subprocess
import tempfile
import unittest
import urllib.parse
import urllib.request
from collections import Counter, defaultdict
from pathlib import Path

import duckdb

import fixture

BINARY = os.environ["RUNLOG_BINARY"]
GENERATED = 20_000
DAY_MS = 1_782_864_000_000
FORMATS = ("parquet", "csv", "csv.gz", "ndjson", "ndjson.zst")
FOLDER = tempfile.TemporaryDirectory()
POSTED = {}


def native(path, **params):
    """The body of an answer of the native API."""
    token = base64.b64encode(f"{fixture.SECRET_ID}:{fixture.SECRET_KEY}".encode()).decode()
    url = f"http://{fixture.HTTP}{path}?{urllib.parse.urlencode(params)}"
    with urllib.request.urlopen(urllib.request.Request(url, headers={"Authorization": f"Basic {token}"})) as answer:
        return answer.read()


def runlog(*arguments):
    """Runs the program against the server; it must succeed."""
    environment = {**os.environ, "RUNLOG_ENDPOINT": f"http://{fixture.HTTP}"}
    done = subprocess.run([BINARY, *arguments], env=environment, capture_output=True, timeout=300)
    if done.returncode != 0:
        raise AssertionError(f"{arguments}: {done.stderr.decode()}")
    return done.stdout


def setUpModule():
    fixture.ingest_all()
    lines = runlog("sample", "--runs", str(GENERATED), "--seed", "7", "--day", "2026-07-01 00:00:00")
    (Path(FOLDER.name) / "day.ndjson").write_bytes(lines)
    runlog("import", str(Path(FOLDER.name) / "day.ndjson"))
    generated = [json.loads(line) for line in lines.splitlines()]
    POSTED["day"] = [{"Namespace": "default", "Qualifier": "$LATEST", "RetryNum": 0, **run} for run in generated]
    POSTED["fixture"] = [run for run in fixture.RUNS if run["RetCode"] != fixture.RUNNING]


def tearDownModule():
    FOLDER.cleanup()


def table(path):
    """What DuckDB is to read. The formats of text say nothing of types: DuckDB finds them, but for two columns that a
    reader of CSV may take for numbers."""
    if ".csv" in path:
        return f"read_csv('{path}', header=true, types={{'RequestId': 'VARCHAR', 'Qualifier': 'VARCHAR'}})"
    if ".ndjson" in path:
        return f"read_json('{path}', format='newline_delimited', columns={{{COLUMNS}}})"
    return f"read_parquet('{path}')"


COLUMNS = ", ".join(f"{name}: '{kind}'" for name, kind in {
    "Seq": "BIGINT", "Namespace": "VARCHAR", "FunctionName": "VARCHAR", "Qualifier": "VARCHAR", "RequestId": "VARCHAR",
    "RetryNum": "BIGINT", "StartTime": "BIGINT", "Duration": "DOUBLE", "BillDuration": "BIGINT", "MemUsage": "BIGINT",
    "RetCode": "BIGINT", "ExitCode": "BIGINT", "RetMsg": "VARCHAR", "Log": "VARCHAR",
}.items())


class Exports(unittest.TestCase):
    def setUp(self):
        self.db = duckdb.connect()
        self.addCleanup(self.db.close)

    def ask(self, question, path):
        return self.db.sql(question.format(table(path))).fetchall()

    def exports(self, name, *filters):
        for ending in FORMATS:
            path = str(Path(FOLDER.name) / f"{name}.{ending}")
            runlog("export", "-o", path, *filters)
            start = "epoch_ms(StartTime)" if ending == "parquet" else "StartTime"
            with self.subTest(ending=ending):
                yield path, start

    def test_sums_and_counts_of_a_day(self):
        runs = POSTED["day"]
        failed = Counter(run["FunctionName"] for run in runs if run["RetCode"] != 0)
        for path, start in self.exports("day", "--from", "2026-07-01 00:00:00", "--time-zone", "+00:00"):
            sums = "select count(*), count(distinct Seq), sum(Duration), sum(MemUsage)::BIGINT, min({0}), max({0}) from {{}}"
            (count, seqs, duration, memory, first, last), = self.ask(sums.format(start), path)
            self.assertEqual((count, seqs), (GENERATED, GENERATED))
            self.assertEqual(memory, sum(run["MemUsage"] for run in runs))
            self.assertTrue(math.isclose(duration, sum(run["Duration"] for run in runs), rel_tol=1e-12))
            starts = [fixture.start_ms(run["StartTime"]) for run in runs]
            self.assertEqual((first, last), (min(starts), max(starts)))
            found = self.ask("select FunctionName, count(*) from {} where RetCode <> 0 group by 1", path)
            self.assertEqual(dict(found), dict(failed))

    def test_statistics_of_the_server(self):
        window = {"from": DAY_MS, "to": DAY_MS + 86_400_000}
        stats = json.loads(native("/api/v1/stats", top=1000, **window))
        self.assertEqual(stats["versions"]["rest_values"], 0)
        of_server = defaultdict(tuple)
        for value in stats["versions"]["values"]:
            percentiles = value["percentiles"]
            of_server[value["function"]] = (
                percentiles["finished"], percentiles["failed"],
                *(percentiles["duration_ms"][name] for name in ("p50", "p90", "p95", "p99")),
                *(percentiles["mem_bytes"][name] for name in ("p50", "p99")),
            )
        question = """select FunctionName, count(*), count_if(RetCode <> 0),
            quantile_disc(Duration, 0.5), quantile_disc(Duration, 0.9), quantile_disc(Duration, 0.95),
            quantile_disc(Duration, 0.99), quantile_disc(MemUsage, 0.5), quantile_disc(MemUsage, 0.99)
            from {} group by 1"""
        for path, _ in self.exports("stats", "--from", str(DAY_MS), "--to", str(DAY_MS + 86_400_000)):
            of_duckdb = {row[0]: row[1:] for row in self.ask(question, path)}
            self.assertEqual(of_duckdb, dict(of_server))
            self.assertEqual(sum(row[0] for row in of_duckdb.values()), stats["total"])

    def test_every_text_of_the_fixture(self):
        key = lambda run: (run["Namespace"], run["FunctionName"], run["RequestId"], run["RetryNum"])
        posted = {
            key(run): (fixture.start_ms(run["StartTime"]), run["Duration"], run["MemUsage"], run["RetCode"],
                       run["RetMsg"], run["Log"])
            for run in POSTED["fixture"]
        }
        question = """select Namespace, FunctionName, RequestId, RetryNum,
            {}, Duration, MemUsage, RetCode, coalesce(RetMsg, ''), coalesce(Log, '') from {{}}"""
        for path, start in self.exports("fixture", "--to", "2026-01-01"):
            found = self.ask(question.format(start), path)
            self.assertEqual({row[:4]: row[4:] for row in found}, posted)

    def test_types_of_parquet(self):
        path = str(Path(FOLDER.name) / "types.parquet")
        Path(path).write_bytes(native("/api/v1/export", format="parquet"))
        types = {name: kind for name, kind, *_ in self.ask("describe select * from {}", path)}
        self.assertEqual(types["StartTime"], "TIMESTAMP WITH TIME ZONE")
        for name in ("Seq", "BillDuration", "MemUsage", "RetCode", "RetryNum", "InvokeFinished", "ExitCode"):
            self.assertEqual(types[name], "BIGINT", name)
        self.assertEqual((types["Duration"], types["Log"]), ("DOUBLE", "VARCHAR"))
        (count,), = self.ask("select count(*) from {}", path)
        self.assertEqual(count, GENERATED + len(POSTED["fixture"]))
        # A window by the timestamp, and rows in the order of the export.
        (hour,), = self.ask("select count(*) from {} where StartTime >= '2026-07-01 05:00:00+00' "
                            "and StartTime < '2026-07-01 06:00:00+00'", path)
        window = {"from": DAY_MS + 5 * 3_600_000, "to": DAY_MS + 6 * 3_600_000}
        self.assertEqual(hour, json.loads(native("/api/v1/runs", limit=0, **window))["total"])
        rows = self.ask("select epoch_ms(StartTime), Seq from {}", path)
        self.assertEqual(rows, sorted(rows, reverse=True))


if __name__ == "__main__":
    unittest.main()
