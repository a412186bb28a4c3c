"""One peer in one process: `measure.py load|ask SYSTEM FOLDER INPUT OUTPUT` writes what it measured as JSON.

Loading and asking are different processes, so that the memory of each is its own.
"""

import importlib
import json
import resource
import sys
import threading
import time
from pathlib import Path

# A system is a module, with options that go to load() and reader().
SYSTEMS = {
    "clickhouse": ("clickhouse", {}),
    "clickhouse-text": ("clickhouse", {"text": True}),
    "duckdb": ("duckdb_peer", {}),
    "sqlite": ("sqlite_peer", {}),
    "tantivy": ("tantivy_peer", {}),
}

# As the benchmark asks runlog: so often, after a tenth as often to warm up, or for so long; but at least three times.
REPEATS = 200
TIME_MAX_S = 4
REPEATS_MIN = 3

CLIENTS = 4
LOAD_S = 5


def load(module, options, folder, runs):
    folder.mkdir(parents=True)
    began = time.perf_counter()
    module.load(folder, runs, **options)
    loaded = time.perf_counter()
    disk_bytes = module.settle(folder)
    return {
        "version": module.version(),
        "load_s": loaded - began,
        "settle_s": time.perf_counter() - loaded,
        "disk_bytes": disk_bytes,
        "memory_bytes": {"load_peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024},
    }


def ask(module, options, folder, questions):
    questions = json.loads(Path(questions).read_text(encoding="utf-8"))
    reader = module.reader(folder, **options)
    queries = [latencies(reader, question) for question in questions]
    memory = {"after_queries": resident_bytes("VmRSS"), "after_queries_anonymous": resident_bytes("RssAnon")}
    everyday = [question for question in questions if question["everyday"]]
    return {"queries": queries, "memory_bytes": memory, "mixed": mixed(reader, everyday)}


def latencies(reader, question):
    asks = reader.prepare(question)
    rows, total = reader.answer(asks())
    nanos, warm_ups, began = [], 0, time.perf_counter()
    is_late = False
    while len(nanos) < (REPEATS_MIN if is_late else REPEATS):
        started = time.perf_counter_ns()
        asks()
        took = time.perf_counter_ns() - started
        is_late = time.perf_counter() - began > TIME_MAX_S
        if warm_ups < REPEATS // 10 and not is_late:
            warm_ups += 1
        else:
            nanos.append(took)
    nanos.sort()
    shares = {"p50_us": 0.5, "p99_us": 0.99, "max_us": 1}
    times = {name: nanos[int((len(nanos) - 1) * share)] / 1000 for name, share in shares.items()}
    return {"shape": question["name"], "total": total, "times": len(nanos), **times, "rows": rows}


def mixed(reader, questions):
    """Questions a second of several clients in threads, each starting at another place of the list."""
    clients = [reader] + [reader.another() for _ in range(CLIENTS - 1)]
    answered, failures = [0] * CLIENTS, []
    deadline = time.perf_counter() + LOAD_S

    def client(number):
        try:
            asks = [clients[number].prepare(question) for question in questions]
            at = number * len(asks) // CLIENTS
            while time.perf_counter() < deadline:
                asks[at % len(asks)]()
                answered[number] += 1
                at += 1
        except Exception as failure:
            failures.append(failure)

    threads = [threading.Thread(target=client, args=[number]) for number in range(CLIENTS)]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
    return {"clients": CLIENTS, "queries_per_s": sum(answered) / (time.perf_counter() - began)}


def resident_bytes(field):
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(field + ":"))


def main():
    task, system, folder, source, output = sys.argv[1:]
    name, options = SYSTEMS[system]
    measured = {"load": load, "ask": ask}[task](importlib.import_module(name), options, Path(folder), source)
    Path(output).write_text(json.dumps(measured), encoding="utf-8")


if __name__ == "__main__":
    main()
