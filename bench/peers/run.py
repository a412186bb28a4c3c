"""runlog and its peers, measured in one run on one machine: `cargo xtask bench --peers` starts this.

runlog goes first: it derives the questions from the data and answers them, in process and over HTTP. Then each peer
loads the same runs from a file, and answers the same questions, in processes of its own. Answers are compared run by
run, field by field; a disagreement is printed and fails the run. The figures are kept as JSON, and RESULTS.md is
written from all that are kept.
"""

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

import report
from measure import SYSTEMS

HERE = Path(__file__).parent
DAY = "2026-07-01 00:00:00"


def arguments():
    parser = argparse.ArgumentParser(prog="cargo xtask bench --peers")
    parser.add_argument("--runs", type=lambda text: int(text.replace("_", "")), default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--systems", type=lambda text: text.split(","), default=list(SYSTEMS), help=", ".join(SYSTEMS))
    parser.add_argument("--out", type=Path, default=HERE.parent / "results", help="RESULTS.md is written beside it")
    parser.add_argument("--binaries", type=Path, required=True, help=argparse.SUPPRESS)
    parser.add_argument("--work", type=Path, required=True, help=argparse.SUPPRESS)
    return parser.parse_args()


def main():
    args = arguments()
    about = machine()
    shutil.rmtree(args.work, ignore_errors=True)
    args.work.mkdir(parents=True)
    runlog, questions = measure_runlog(args)
    asked = args.work / "questions.json"
    asked.write_text(json.dumps(questions), encoding="utf-8")
    runs = args.work / "runs.ndjson"
    generate(args, runs)
    peers, disagreements = {}, []
    for system in args.systems:
        print(f"{system}: loading", file=sys.stderr, flush=True)
        folder = args.work / system
        figures = measure(args.work, "load", system, folder, runs)
        print(f"{system}: asking", file=sys.stderr, flush=True)
        answers = measure(args.work, "ask", system, folder, asked)
        figures["memory_bytes"] |= answers.pop("memory_bytes")
        disagreements += compare(system, questions, answers["queries"])
        peers[system] = figures | answers
        shutil.rmtree(folder)
    for question in questions:
        del question["rows"]
    result = {"runlog": runlog, "questions": questions, "peers": peers, "machine": about}
    result |= {"command": f"cargo xtask bench --peers --runs {args.runs} --seed {args.seed}"}
    print(report.tables(result))
    shutil.rmtree(args.work)
    if disagreements:
        sys.exit("\n".join(disagreements))
    print(f"all {len(peers)} peers and runlog agree on every row and total of {len(questions)} questions")
    print("raw results:", report.save(result, args.out))


def measure_runlog(args):
    output = args.work / "runlog.json"
    sizes = ["--runs", str(args.runs), "--seed", str(args.seed)]
    subprocess.run([args.binaries / "runlog-bench", *sizes, "--for-peers", output], check=True)
    measured = json.loads(output.read_text(encoding="utf-8"))
    return measured["report"], measured["questions"]


def generate(args, path):
    with open(path, "wb") as output:
        sizes = ["--runs", str(args.runs), "--seed", str(args.seed), "--day", DAY]
        subprocess.run([args.binaries / "runlog", "sample", *sizes], stdout=output, check=True)


def measure(work, task, system, folder, source):
    output = work / f"{system}-{task}.json"
    subprocess.run([sys.executable, HERE / "measure.py", task, system, folder, source, output], check=True)
    return json.loads(output.read_text(encoding="utf-8"))


def compare(system, questions, answers):
    """What a peer answered otherwise than runlog, a line each. Takes the rows out of the answers."""
    found = []
    for question, answer in zip(questions, answers, strict=True):
        rows, name = answer.pop("rows"), question["name"]
        if answer["total"] != question["total"]:
            found.append(f"{system}, {name}: a total of {answer['total']}, runlog {question['total']}")
        if len(rows) != len(question["rows"]):
            found.append(f"{system}, {name}: {len(rows)} rows, runlog {len(question['rows'])}")
        for at, (theirs, ours) in enumerate(zip(rows, question["rows"])):
            if theirs != ours:
                found.append(f"{system}, {name}: row {at} is\n  {theirs}\nrunlog's\n  {ours}")
                break
    return found


def machine():
    memory = next(line for line in Path("/proc/meminfo").read_text().splitlines() if line.startswith("MemTotal"))
    return {
        "memory_gib": round(int(memory.split()[1]) / 2**20),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "load_average": os.getloadavg()[0],
    }


if __name__ == "__main__":
    main()
