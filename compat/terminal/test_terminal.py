"""The command line as people see it: its screens in a real terminal, compared with those under `snapshots/`.

RUNLOG_RECORD=1 writes the snapshots anew; look at the difference before it is committed.
"""

import base64
import json
import os
import re
import unicodedata
import unittest
import urllib.request
from pathlib import Path

from screen import Screen, ended

SNAPSHOTS = Path(__file__).with_name("snapshots")
RECORDS = os.environ.get("RUNLOG_RECORD") == "1"

# 2026-07-01 08:00:00 in UTC+8.
START_MS = 1_782_864_000_000
WINDOW = "--from 2026-07-01 --to 2026-07-02"

# Runs that tests add start on another day, outside the window.
LATER_MS = START_MS + 30 * 86_400_000

RUNS = [
    {"FunctionName": "nightly-report", "RequestId": "61fbd1dc-10ae-47f7-9879-7a080245df3c", "Duration": 812.4,
     "MemUsage": 48 << 20, "RetCode": 0, "ExitCode": 0, "RetMsg": "wrote 42 rows",
     "Log": "reading\n\u001b[32mwrote 42 rows\u001b[0m\n"},
    {"FunctionName": "nightly-report", "RequestId": "33b8165f-d347-46d8-8e0f-ac5ccae718e9", "Duration": 61_000,
     "MemUsage": 512 << 20, "RetCode": 433, "RetMsg": "ended after its time limit of 60 s", "Log": "reading\n"},
    {"FunctionName": "夜间任务", "RequestId": "4c849c90-6185-412a-b94c-88d1081164f4", "Duration": 2.443,
     "MemUsage": 3_174_400, "RetCode": 430, "ExitCode": 7, "Qualifier": "3",
     "RetMsg": "exit code 7: 没有找到文件, and a message that is longer than a screen has room for",
     "Log": "\u001b[31m没有找到文件\u001b[0m\u001b[2J\u001b]0;owned\u0007\n"},
    {"FunctionName": "image-resize", "RequestId": "bc309eaa-6d64-11e8-a7fe-5254000b4175", "Duration": 95_250,
     "MemUsage": 0, "RetCode": 2, "RetMsg": "", "Log": "working\n"},
    {"FunctionName": "image-resize", "RequestId": "f2b1c0de-0000-4000-8000-000000000005", "Duration": 1234.5,
     "MemUsage": 2 << 30, "RetCode": 434, "RetMsg": "killed for using more than its memory limit of 2048 MB"},
    {"FunctionName": "a-function-with-a-rather-long-name", "RequestId": "f2b1c0de-0000-4000-8000-000000000006",
     "Duration": 0.532, "MemUsage": 1 << 20, "RetCode": 3, "RetMsg": "ended by signal 15 (SIGTERM)"},
]


def store(runs):
    """Stores runs; each must be new, or a report of a run in flight."""
    key = os.environ["RUNLOG_SECRET_ID"] + ":" + os.environ["RUNLOG_SECRET_KEY"]
    request = urllib.request.Request(
        f"http://{os.environ['RUNLOG_HTTP']}/api/v1/runs",
        data="".join(json.dumps(run) + "\n" for run in runs).encode(),
        headers={"Authorization": "Basic " + base64.b64encode(key.encode()).decode()},
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        report = json.load(answer)
    if report["accepted"] != len(runs):
        raise AssertionError(report)


def setUpModule():
    store([{"StartTime": START_MS + 1000 * at, **run} for at, run in enumerate(RUNS)])


def stable(text):
    """A screen without what differs from one server to the next; columns keep their width where they matter."""
    text = text.replace(os.environ["RUNLOG_HTTP"], "SERVER")
    text = re.sub(r"as of #\d+", "as of #SEQ", text)
    text = re.sub(r"after \d+; Ctrl-C", "after SEQ; Ctrl-C", text)
    return re.sub(r"(?m)^(\S*Sequence\S* +)\d+$", r"\1SEQ", text)


def columns_of(line):
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in line)


class Terminal(unittest.TestCase):
    maxDiff = None

    def screen(self, columns, rows):
        screen = Screen(columns, rows)
        self.addCleanup(screen.close)
        return screen

    def check(self, name, screen, has_colours=False):
        text = stable(screen.text(has_colours))
        path = SNAPSHOTS / f"{name}.txt"
        if RECORDS:
            path.write_text(text, encoding="utf-8")
        self.assertEqual(text, path.read_text(encoding="utf-8"), f"{path.name}: not what is on the screen")

    def check_run(self, name, columns, rows, line, has_colours=False):
        screen = self.screen(columns, rows)
        screen.run(line)
        self.check(name, screen, has_colours)

    def test_query_table_on_screens_of_three_widths(self):
        for columns in (80, 120, 170):
            with self.subTest(columns=columns):
                screen = self.screen(columns, 20)
                text = screen.run(f"runlog query {WINDOW}")
                table = [line for line in text.split("\n") if line.startswith(("START", "2026-07-01 08", "07-01 08"))]
                self.assertEqual(len(table), 1 + len(RUNS))
                self.assertLessEqual(max(map(columns_of, table)), columns)
                self.check(f"query-{columns}", screen)

    def test_query_in_colours(self):
        self.check_run("query-colours", 120, 20, f"runlog query {WINDOW}", has_colours=True)

    def test_query_without_colours_where_they_are_not_wanted(self):
        screen = self.screen(120, 20)
        screen.run(f"NO_COLOR=1 runlog query {WINDOW} --errors")
        self.assertEqual(screen.text(has_colours=True), screen.text())

    def test_query_wide(self):
        self.check_run("query-wide", 220, 20, f"runlog query {WINDOW} -o wide")

    def test_query_into_a_pipe_has_no_escapes(self):
        screen = self.screen(170, 20)
        text = screen.run(f"runlog query {WINDOW} --errors 2>&1 | cat -v")
        self.assertNotIn("^[", text)
        self.check("query-pipe", screen)

    def test_query_filters_and_sorts(self):
        self.check_run("query-slow", 120, 12, f"runlog query {WINDOW} --errors --slow 1s")

    def test_query_that_finds_nothing(self):
        self.check_run("query-empty", 100, 8, f"runlog query never {WINDOW} --fail-empty")

    def test_a_wrong_command_line_and_a_wrong_key(self):
        self.check_run("usage-error", 100, 14, "runlog query --errors --ok")
        self.check_run("wrong-key", 100, 8, "runlog last --secret-key wrong")

    def test_show_one_run(self):
        self.check_run("show", 100, 26, "runlog show 61fbd1dc-10ae-47f7-9879-7a080245df3c", has_colours=True)

    def test_show_does_not_let_a_log_steer_the_terminal(self):
        screen = self.screen(100, 26)
        screen.run("runlog show 4c849c90-6185-412a-b94c-88d1081164f4")
        self.check("show-steering", screen)
        self.assertNotIn("owned", screen.tmux("display-message", "-p", "#{pane_title}"))

    def test_last(self):
        self.check_run("last", 100, 26, "runlog last nightly-report --errors")
        self.check_run("last-table", 120, 10, "runlog last -n 2 nightly-report")

    def test_tail_until_ctrl_c(self):
        screen = self.screen(120, 14)
        screen.type("runlog tail live-tail")
        screen.wait(lambda text: "Ctrl-C ends it" in text)
        run = {"FunctionName": "live-tail", "StartTime": LATER_MS, "RequestId": "live-one", "Duration": 1500,
               "MemUsage": 1 << 20}
        store([{**run, "RetCode": 2}])
        screen.wait(lambda text: "running" in text)
        store([{**run, "RetCode": 0, "RetMsg": "done"}, {**run, "RequestId": "live-two", "RetCode": 430}])
        screen.wait(lambda text: "live-two" in text)
        screen.key("C-c")
        text = screen.wait(lambda text: ended(text, 2))
        self.assertIn("2 runs, 0 missed", text)
        self.check("tail", screen, has_colours=True)

    def test_follow_a_run_to_its_exit_code(self):
        screen = self.screen(100, 16)
        run = {"FunctionName": "live-follow", "StartTime": LATER_MS, "RequestId": "followed", "Duration": 2500}
        store([{**run, "RetCode": 2, "Log": "START RequestId: followed\none\n"}])
        screen.type("runlog follow followed")
        screen.wait(lambda text: "one" in text)
        log = "START RequestId: followed\none\n\u001b[32mtwo\u001b[0m\u001b]0;owned\u0007\n"
        store([{**run, "RetCode": 2, "Log": log}])
        screen.wait(lambda text: "two" in text)
        log += "10%\r20%\rthree\nEND RequestId: followed\n"
        store([{**run, "RetCode": 430, "ExitCode": 7, "RetMsg": "exit code 7", "Log": log}])
        text = screen.wait(lambda text: ended(text, 2))
        self.assertEqual(text.count("two"), 1)
        self.assertNotIn("owned", screen.tmux("display-message", "-p", "#{pane_title}"))
        self.check("follow", screen, has_colours=True)

    def test_a_wait_that_is_ended_by_hand(self):
        screen = self.screen(100, 8)
        screen.type("runlog follow never --wait")
        screen.wait(lambda text: "waiting for the run" in text)
        screen.key("C-c")
        self.assertIn("[130]$", screen.wait(lambda text: ended(text, 2)))

    def test_print_request(self):
        self.check_run("print-request", 100, 10, "runlog query nightly-report --errors --print-request curl")

    def test_help(self):
        self.check_run("help", 100, 44, "runlog --help")
        for command in ("query", "show", "last", "tail", "follow"):
            with self.subTest(command=command):
                self.check_run(f"help-{command}", 100, 90, f"runlog {command} -h")

    def test_help_on_a_narrow_screen(self):
        self.check_run("help-follow-60", 60, 70, "runlog follow -h")


if __name__ == "__main__":
    unittest.main()
