"""`scf logs` of 2020, unmodified: every way to ask, and the exact text it prints.

The program knows one address, scf.tencentcloudapi.com:443, so this suite runs where that name is this machine: inside
a private network and mount namespace that xtask makes. It sends the machine's local time; TZ puts the client in UTC+8.
"""

import os
import re
import subprocess
import tempfile
import time
import unittest
import uuid
from pathlib import Path

import fixture
from fixture import expected

SCF = os.environ["RUNLOG_SCF"]
ANSI = re.compile(r"\x1b\[[0-9;]*m")
WINDOW = ["-s", fixture.DAY[0], "-e", fixture.DAY[1]]
CONFIGURATION = f"""\
[USER_1]
secret-id = {fixture.SECRET_ID}
secret-key = {fixture.SECRET_KEY}
region = {fixture.REGION}
appid = 1250000000
using-cos = False
[OTHERS]
curr-user = USER_1
"""

setUpModule = fixture.ingest_all


def printed(rows):
    """The text that `scf logs` makes of rows: colours leave a pipe out, an empty line is swallowed."""
    logs = ((row["StartTime"], ANSI.sub("", row["Log"]).replace("\n\n", "\n")) for row in rows)
    return "".join(f"[>] Log startTime: {start}\n{log}\n\n\n" for start, log in logs)


def run(function, start_ms, log):
    return {"FunctionName": function, "Region": fixture.REGION, "RequestId": str(uuid.uuid4()), "StartTime": start_ms,
            "Duration": 5, "MemUsage": 1048576, "RetCode": 0, "InvokeFinished": 1, "Log": log}


def ago(seconds, function, log):
    """Stores a run that began some seconds ago."""
    answer = fixture.ingest([run(function, int((time.time() - seconds) * 1000), log)])
    assert answer["accepted"] == 1, answer


class ScfLogs(unittest.TestCase):
    maxDiff = 4000

    def setUp(self):
        home = tempfile.TemporaryDirectory()
        self.addCleanup(home.cleanup)
        Path(home.name, ".tcli_config.ini").write_text(CONFIGURATION, encoding="utf-8")
        self.environment = {**os.environ, "HOME": home.name, "TZ": "CST-8", "PYTHONIOENCODING": "utf-8",
                            "LC_ALL": "C.UTF-8", "LANG": "C.UTF-8"}
        # Its usage report must find no proxy to leave the namespace by.
        for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
            self.environment.pop(name, None)

    def scf(self, *arguments):
        done = subprocess.run([SCF, "logs", *arguments], env=self.environment, capture_output=True, timeout=60)
        return done.returncode, done.stdout.decode(), done.stderr.decode()

    def check(self, rows, *arguments):
        """The command succeeds and prints exactly these rows."""
        code, output, errors = self.scf(*arguments)
        self.assertEqual((code, errors), (0, ""))
        self.assertEqual(output, printed(rows))
        self.assertGreater(len(rows), 0)

    def test_a_day_of_a_function_oldest_first(self):
        self.check(expected(order="asc", function="thumbnail"), "-n", "thumbnail", *WINDOW)

    def test_only_failed_runs(self):
        self.check(expected(order="asc", function="order-sync", ret_code="not0"), "-n", "order-sync", "-f", *WINDOW)

    def test_a_count(self):
        self.check(expected(order="asc", function="thumbnail")[:5], "-n", "thumbnail", "-c", "5", *WINDOW)

    def test_another_namespace_and_region(self):
        self.check(expected(order="asc", function="order-sync", namespace="prod"), "-n", "order-sync", "-ns", "prod",
                   *WINDOW)
        self.check(expected(order="asc", region="ap-shanghai"), "-n", "thumbnail", "-r", "ap-shanghai", *WINDOW)

    def test_more_runs_than_one_page_of_a_thousand(self):
        start = fixture.start_ms("2021-05-01 08:00:00")
        runs = [run("busy", start + n, f"run {n:04}") for n in range(1203)]
        self.assertEqual(fixture.ingest(runs)["accepted"], len(runs))
        code, output, _ = self.scf("-n", "busy", "-s", "2021-05-01 00:00:00", "-e", "2021-05-01 23:59:59")
        self.assertEqual(code, 0)
        self.assertEqual(re.findall(r"^run (\d+)$", output, re.M), [f"{n:04}" for n in range(1203)])

    def test_the_last_seconds(self):
        ago(300, "recent", "five minutes ago")
        ago(20, "recent", "just now")
        code, minute, _ = self.scf("-n", "recent")
        self.assertEqual((code, "just now" in minute, "five minutes ago" in minute), (0, True, False))
        code, longer, _ = self.scf("-n", "recent", "-d", "600")
        self.assertEqual(code, 0)
        self.assertLess(longer.index("five minutes ago"), longer.index("just now"))

    def test_no_data(self):
        code, output, _ = self.scf("-n", "thumbnail")
        self.assertEqual(code, 0)
        self.assertIn("There is no data during this time period", output)

    def test_the_newest_of_a_tail(self):
        for n in range(4):
            ago(3600 - n, "tailed", f"run {n}")
        code, output, _ = self.scf("-n", "tailed", "-t", "-c", "3")
        self.assertEqual(code, 0)
        self.assertEqual(re.findall(r"^run \d$", output, re.M), ["run 1", "run 2", "run 3"])

    def test_a_tail_prints_runs_as_they_come_each_once(self):
        ago(30, "followed", "before the tail")
        self.environment["PYTHONUNBUFFERED"] = "1"
        follower = subprocess.Popen([SCF, "logs", "-n", "followed", "-t"], env=self.environment,
                                    stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        try:
            time.sleep(3)
            for n in range(3):
                ago(0, "followed", f"live run {n}")
                time.sleep(1.5)
            time.sleep(5)
        finally:
            follower.terminate()
            output = follower.communicate(timeout=20)[0].decode()
        self.assertEqual(re.findall(r"^live run \d$", output, re.M), [f"live run {n}" for n in range(3)])
        self.assertNotIn("before the tail", output)

    def test_an_unknown_function(self):
        code, output, errors = self.scf("-n", "no-such-function", *WINDOW)
        self.assertEqual((code, output), (255, ""))
        self.assertRegex(errors, r"\[x\] \[ERROR\] .*[\u4e00-\u9fff].* RequestId:[0-9a-f-]{36}")
