"""What the Python suites share: where the server is, the runs to store, and the answer each question must get.

`expected` is an oracle written from the documented semantics (docs and the API's own page), and shares no code with the
server: a list, a filter, a sort. The runs stand in runs.ndjson, one a line; a run's line number is its place in the
order of acceptance. Edit that file by hand: nothing else has to change.
"""

import base64
import json
import os
import urllib.request
from datetime import datetime, timedelta, timezone
from decimal import ROUND_CEILING, Decimal
from pathlib import Path

HTTP = os.environ["RUNLOG_HTTP"]
SECRET_ID = os.environ["RUNLOG_SECRET_ID"]
SECRET_KEY = os.environ["RUNLOG_SECRET_KEY"]

REGION = "ap-guangzhou"
DAY = ("2021-06-30 00:00:00", "2021-06-30 23:59:59")
RUNNING = 2
ZONE = timezone(timedelta(hours=8))
CLASSES = {
    "is0": lambda code: code == 0,
    "not0": lambda code: code not in (0, RUNNING),
    "TimeLimitExceeded": lambda code: code == 433,
    "ResourceLimitExceeded": lambda code: code in (432, 434),
    "UserCodeException": lambda code: code == 430,
}
KEYS = {
    "start_time": lambda run: run["start_ms"],
    "duration": lambda run: run["Duration"],
    "mem_usage": lambda run: run["MemUsage"],
    "function_name": lambda run: (run["Namespace"], run["FunctionName"]),
}


def wall(start_ms):
    """The API's spelling of a moment: wall time in UTC+8, whole seconds."""
    return datetime.fromtimestamp(start_ms // 1000, ZONE).strftime("%Y-%m-%d %H:%M:%S")


def start_ms(value):
    """Unix milliseconds of the three forms a start may be posted in; a time without a zone is in UTC+8."""
    if isinstance(value, int):
        return value
    moment = datetime.fromisoformat(value.replace("Z", "+00:00"))
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=ZONE)
    return round(moment.timestamp() * 1000)


def load():
    with open(Path(__file__).with_name("runs.ndjson"), encoding="utf-8") as lines:
        runs = [{"Namespace": "default", "Qualifier": "$LATEST", "RetryNum": 0, **json.loads(line)} for line in lines]
    for seq, run in enumerate(runs):
        run.update(seq=seq, start_ms=start_ms(run["StartTime"]))
    return runs


RUNS = load()


def row(run):
    """The FunctionLog the API must answer for a run."""
    steps = (Decimal(str(run["Duration"])) / 100).to_integral_value(ROUND_CEILING)
    return {
        "FunctionName": run["FunctionName"],
        "RetMsg": run["RetMsg"],
        "RequestId": run["RequestId"],
        "StartTime": wall(run["start_ms"]),
        "RetCode": run["RetCode"],
        "InvokeFinished": run["InvokeFinished"],
        "Duration": run["Duration"],
        "BillDuration": run.get("BillDuration", int(steps) * 100),
        "MemUsage": run["MemUsage"],
        "Log": run["Log"],
        "Level": run.get("Level", ""),
        "Source": run.get("Source", ""),
        "RetryNum": run["RetryNum"],
    }


def expected(order_by="start_time", order="desc", namespace="default", region=REGION, window=DAY, function=None,
             qualifier=None, request_id=None, ret_code=None, keyword=None):
    """The rows, in their order, of a question to GetFunctionLogs. `window=None` means everything retained."""
    def matches(run):
        return ((run["Namespace"], run["Region"]) == (namespace, region)
                and (window is None or window[0] <= wall(run["start_ms"]) <= window[1])
                and function in (None, run["FunctionName"])
                and qualifier in (None, run["Qualifier"])
                and request_id in (None, run["RequestId"])
                and (ret_code is None or CLASSES[ret_code](run["RetCode"]))
                and (keyword is None or keyword in run["Log"] or keyword in run["RetMsg"]))

    hits = sorted(filter(matches, RUNS), key=lambda run: (KEYS[order_by](run), run["start_ms"], run["seq"]),
                  reverse=order == "desc")
    return [row(run) for run in hits]


def ingest(runs, http=HTTP):
    """Posts runs to the native API and returns its answer."""
    fields = [{name: value for name, value in run.items() if name not in ("seq", "start_ms")} for run in runs]
    body = "".join(json.dumps(run, ensure_ascii=False) + "\n" for run in fields).encode()
    token = base64.b64encode(f"{SECRET_ID}:{SECRET_KEY}".encode()).decode()
    headers = {"Authorization": f"Basic {token}", "Content-Type": "application/x-ndjson"}
    request = urllib.request.Request(f"http://{http}/api/v1/runs", body, headers)
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


def ingest_all():
    """Stores every run; a second call in one suite finds them stored already."""
    answer = ingest(RUNS)
    if answer["refused"]:
        raise AssertionError(f"the server refused runs of the fixture: {answer['refused']}")
    return answer
