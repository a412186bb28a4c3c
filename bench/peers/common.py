"""What the peers share: reading the runs, quoting SQL, and the order in which a row's fields are handed over.

A peer is a module with version(), load(folder, runs), settle(folder), which merges what is worth merging and returns
the bytes on disk, and reader(folder). A reader has prepare(question), which gives a function that asks and returns all
rows and the total in whatever form the system itself uses; answer(asked), which makes plain rows of that, outside the
measured time; and another(), a reader for another thread.

The rules, the same for all:

- The settings are those that an expert of the system would choose for this data and these queries: every index,
  sort order, codec and hint that the system itself offers and keeps up to date. Totals that the application would
  have to count itself, in its own tables, are not used: they would answer whole days and nothing else.
- Prepared statements contain the constants, so that the planner knows everything there is to know.
- Words are searched as each system does it best. A phrase of whole words replaces the text, byte by byte, if the
  system's index has only words; on this data both give the same runs, and the comparison checks that.
"""

import json
import os
import re

COLUMNS = "request_id function qualifier start_ms duration_us mem_bytes ret_code ret_msg log".split()

# 2 is a run that has not finished.
FAILED = "ret_code NOT IN (0, 2)"

CORES = os.cpu_count()


def runs(path):
    """The runs of a file as dicts, in the order of acceptance, each with its number among those of its millisecond."""
    last, number = None, 0
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            run = json.loads(line)
            number = number + 1 if run["StartTime"] == last else 0
            last = run["StartTime"]
            yield run, number


def duration_us(run):
    return round(run["Duration"] * 1000)


def words(text):
    """The words of a text, as the full-text indexes cut it."""
    return re.findall(r"\w+", text.lower())


def quote(text):
    """A text in SQL. The questions hold no backslashes, about which dialects differ."""
    assert "\\" not in text
    return "'" + text.replace("'", "''") + "'"


def folder_bytes(folder):
    """What the files of a folder take on disk: blocks in use, so that holes and preallocation are seen as they are."""
    paths = (os.path.join(parent, name) for parent, _, names in os.walk(folder) for name in names)
    return sum(os.lstat(path).st_blocks * 512 for path in paths)
