import { describe, expect, it } from "vitest";

import { healthOf, sorted, type FunctionHealth } from "./overview.ts";

const HOUR_MS = 3_600_000;
const NOW = Date.UTC(2026, 6, 1);

function one(name: string, ret_code: number | undefined, runs: number, ago_ms: number): FunctionHealth {
  const last = {
    RequestId: name,
    StartTime: NOW - ago_ms,
    Duration: 1,
    RetCode: ret_code ?? 0,
    RetMsg: "",
    Qualifier: "1",
    RetryNum: 0,
    MemUsage: 1,
  };
  const base = {
    region: "",
    namespace: "default",
    function: name,
    qualifiers: ["1"],
    first_start_ms: 0,
    last_start_ms: NOW - ago_ms,
    runs,
    running: 0,
    buckets: [],
  };
  return ret_code === undefined ? base : { ...base, last };
}

const health = (row: FunctionHealth): string => healthOf(row, 24 * HOUR_MS, NOW);

describe("the health of a function", () => {
  it("is that of its last run", () => {
    expect([
      health(one("a", 0, 3, 1)),
      health(one("b", 433, 3, 1)),
      health(one("c", 2, 3, 1)),
      health(one("d", undefined, 0, 9e9)),
    ]).toEqual(["ok", "failed", "running", "quiet"]);
  });

  it("is late after four times its usual gap", () => {
    expect(health(one("hourly", 0, 24, 3 * HOUR_MS))).toBe("ok");
    expect(health(one("hourly", 0, 24, 5 * HOUR_MS))).toBe("late");
    expect(health(one("rare", 0, 2, 23 * HOUR_MS))).toBe("ok");
  });
});

describe("the list", () => {
  const rows = [one("b-ok", 0, 9, 1), one("a-ok", 0, 1, 2), one("broken", 430, 5, 3), one("late", 0, 24, 5 * HOUR_MS)];
  const names = (by: "state" | "runs" | "name", isReversed = false): string[] =>
    sorted(rows, by, isReversed, (row) => healthOf(row, 24 * HOUR_MS, NOW)).map((row) => row.function);

  it("begins with what is broken, then late, then by name", () => {
    expect(names("state")).toEqual(["broken", "late", "a-ok", "b-ok"]);
  });

  it("is reversed exactly", () => {
    expect(names("runs")).toEqual(["late", "b-ok", "broken", "a-ok"]);
    expect(names("runs", true)).toEqual(names("runs").reverse());
    expect(names("name")).toEqual(["a-ok", "b-ok", "broken", "late"]);
  });
});
