"""What was measured, as tables. `report.py [RESULTS]` writes RESULTS.md anew from the raw results that are kept."""

import json
import math
import sys
import textwrap
import time
from pathlib import Path

NAMES = {
    "clickhouse": "ClickHouse",
    "clickhouse-text": "ClickHouse, text index",
    "duckdb": "DuckDB",
    "sqlite": "SQLite",
    "tantivy": "Tantivy",
}

PREFACE = """# runlog and its peers

Written by `bench/peers/report.py` from `bench/results/`; do not edit.

Each section was measured in one benchmark run on one machine. Every system has the same generated runs and answers the
same queries: a page of 20 whole rows with their texts, in one total order (key, start, order of acceptance), and the
exact number of all matches. The benchmark fails unless all systems give the same rows and totals. The top of each
peer's file in `bench/peers/` says how the peer is set up, and why.

- *In process*: a library call of one client, on warm data; with prepared statements for peers that have them.
- *HTTP*: a signed request to a server process over loopback, JSON both ways; only runlog is queried this way.
- *Best peer / runlog* compares in process with in process. Above 1, runlog is faster.
- runlog's ingest is NDJSON over HTTP on 4 connections, answered after the runs are fsynced. The peers load one file in
  bulk, without durability guarantees in between. The remaining merges follow and do not count; a server does them in
  the background.
- Memory after the queries includes the pages of mapped files that are in use; the system can reclaim them at any time.
"""


def tables(result):
    return f"{heading(result)}\n\n{latency_table(result)}\n\n{figures_table(result)}"


def heading(result):
    runlog, machine = result["runlog"], result["machine"]
    date = time.strftime("%Y-%m-%d", time.gmtime(runlog["time_s"]))
    versions = {NAMES[system].split(",")[0]: peer["version"] for system, peer in result["peers"].items()}
    versions = ", ".join(f"{name} {version}" for name, version in versions.items())
    cpu = f"{runlog['machine']['cores']} cores of {runlog['machine']['cpu']}, {machine['memory_gib']} GiB of memory"
    where = textwrap.fill(
        f"{date}, {cpu}, {machine['system']}; runlog {runlog['machine']['commit']}, {versions}, "
        f"Python {machine['python']}. Load average before: {machine['load_average']:.1f}.",
        width=120,
    )
    return f"## {runlog['runs']:,} runs\n\n{where}\n\n    {result['command']}"


def latency_table(result):
    runlog, peers = result["runlog"], result["peers"]
    systems = [runlog["engine"], {"queries": runlog["queries"]}, *peers.values()]
    heads = ["runlog in process", "runlog HTTP", *(NAMES[system] for system in peers)]
    rows = [["p50 (p99), ms", "total", *heads, "best peer / runlog"]]
    for at, question in enumerate(result["questions"]):
        answers = [system["queries"][at] for system in systems]
        ours, theirs = answers[0]["p50_us"], [answer["p50_us"] for answer in answers[2:]]
        ratio = f"{digits(min(theirs) / ours)} ({heads[2 + theirs.index(min(theirs))]})" if theirs else ""
        cells = [f"{digits(answer['p50_us'] / 1000)} ({digits(answer['p99_us'] / 1000)})" for answer in answers]
        rows.append([question["name"], f"{question['total']:,}", *cells, ratio])
    return markdown(rows)


def figures_table(result):
    runlog, runs = result["runlog"], result["runlog"]["runs"]
    memory, engine, http = runlog["memory_bytes"], runlog["engine"], runlog["mixed"]["queries_per_s"]
    heads = ["ingest, runs/s", "ingest, s", "merging, s", "bytes a run", "memory at ingest, MiB", "after queries, MiB"]
    rows = [["", *heads, "everyday questions/s, 4 clients"]]

    def row(name, load_s, settle_s, disk_bytes, load_peak, after_queries, mixed):
        times = [f"{runs / load_s:,.0f}", f"{load_s:.1f}", f"{settle_s:.1f}"]
        sizes = [f"{disk_bytes / runs:.0f}", *(f"{count / 2**20:,.0f}" for count in (load_peak, after_queries))]
        rows.append([name, *times, *sizes, f"{mixed['queries_per_s']:,.0f}"])

    sizes = runlog["disk_bytes"], memory["ingest_peak"], memory["after_queries"]
    row("runlog", runlog["ingest"]["seconds"], engine["settle_s"], *sizes, engine["mixed"])
    rows[-1][-1] += f" ({http:,.0f} over HTTP)"
    for system, peer in result["peers"].items():
        memory = peer["memory_bytes"]
        sizes = peer["disk_bytes"], memory["load_peak"], memory["after_queries"]
        row(NAMES[system], peer["load_s"], peer["settle_s"], *sizes, peer["mixed"])
    return markdown(rows)


def markdown(rows):
    """A table whose columns are as wide as their widest cells; all but the first aligned to the right."""
    widths = [max(len(row[at]) for row in rows) for at in range(len(rows[0]))]
    rule = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]
    rows = [rows[0], rule, *rows[1:]]
    pad = [[row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])] for row in rows]
    return "\n".join(f"| {' | '.join(row)} |" for row in pad)


def digits(number):
    """Two digits that say something, or all before the point."""
    return f"{number:.{max(0, 1 - math.floor(math.log10(number)))}f}" if number else "0"


def save(result, folder):
    """Keeps the raw results, writes RESULTS.md beside their folder, and says where they are."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"peers-{result['runlog']['runs']}-{result['runlog']['time_s']}.json"
    path.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    write(folder)
    return path


def write(folder):
    """The newest results of each size, the smallest first."""
    newest = {}
    for path in sorted(folder.glob("peers-*.json"), key=lambda path: int(path.stem.split("-")[2])):
        result = json.loads(path.read_text(encoding="utf-8"))
        newest[result["runlog"]["runs"]] = result
    sections = [tables(newest[runs]) for runs in sorted(newest)]
    text = "\n".join([PREFACE, *(section + "\n" for section in sections)])
    (folder.parent / "RESULTS.md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent.parent / "results")
