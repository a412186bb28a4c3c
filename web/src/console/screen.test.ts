import { describe, expect, it } from "vitest";

import { linesHash, linesOf, runOf, runUrl, runWord, screenOf, urlOf } from "./screen.ts";

const at = (url: string): ReturnType<typeof screenOf> => {
  const { pathname, searchParams, hash } = new URL(url, "http://x");
  return screenOf({ path: pathname, query: searchParams, hash: hash.slice(1) });
};

describe("the URL", () => {
  it("is the view", () => {
    expect(at("/console")).toEqual({ view: "functions" });
    expect(at("/console/")).toEqual({ view: "functions" });
    expect(at("/console/runs?result=failed")).toEqual({ view: "runs" });
    expect(at("/console/reports/slow")).toEqual({ view: "reports", kind: "slow" });
    expect(at("/console/reports/none")).toEqual({ view: "unknown" });
    expect(at("/console/nowhere")).toEqual({ view: "unknown" });
  });

  it("holds any request id", () => {
    for (const id of ["61fbd1dc", "a/b?c#d", "100%", "汉字", "<script>", "\u202e", " "]) {
      const run = { RequestId: id, FunctionName: "f&g=h", Namespace: "n s", Region: "", RetryNum: 1 };
      const url = runUrl(run, "#L3");
      expect(at(url)).toEqual({ view: "run", request_id: id });
      expect(runOf(new URLSearchParams({ a: runWord(run) }).get("a") ?? "")).toEqual(run);
      const { searchParams } = new URL(url, "http://x");
      expect([...searchParams]).toEqual([
        ["function", "f&g=h"],
        ["namespace", "n s"],
        ["attempt", "1"],
      ]);
    }
    expect(at("/console/runs/%E0%A4")).toEqual({ view: "run", request_id: "%E0%A4" });
  });

  it("leaves out what is not set", () => {
    expect(urlOf("/runs", { function: undefined, keyword: "" })).toBe("/console/runs");
  });

  it("names lines", () => {
    expect(linesOf("L120-L140")).toEqual({ first: 120, last: 140 });
    expect(linesOf("L140-120")).toEqual({ first: 120, last: 140 });
    expect(linesOf("L7")).toEqual({ first: 7, last: 7 });
    for (const hash of ["", "L0", "L-1", "x", "L1-L0", "L99999999999"]) expect(linesOf(hash), hash).toBeUndefined();
    expect([linesHash(7, 7), linesHash(140, 120)]).toEqual(["#L7", "#L120-L140"]);
  });
});
