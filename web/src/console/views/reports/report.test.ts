import { describe, expect, it } from "vitest";

import { commandOf, sortedDecisions } from "./report.ts";

describe("reports", () => {
  it("name the command line that gives the same", () => {
    expect(commandOf("memory", { since: "1d", namespace: "a b", function: "it's" })).toBe(
      "runlog report memory --function 'it'\\''s' --namespace 'a b' --since 1d",
    );
    expect(commandOf("compare", { a: "1", b: "function=x,from=2h", since: "7d" })).toBe(
      "runlog report compare --since 7d --a 1 --b function=x,from=2h",
    );
  });

  it("begin with what is to be done", () => {
    const found = sortedDecisions([
      "a:1: keep 128 MB",
      "b:1: raise to 256 MB (now 128)",
      "c: no cold start among 3 runs: nothing to do",
    ]);
    expect(found).toEqual({ acts: ["b:1: raise to 256 MB (now 128)"], idle: 2 });
    expect(sortedDecisions(["no version is slower: nothing to do"]).acts).toHaveLength(1);
  });
});
