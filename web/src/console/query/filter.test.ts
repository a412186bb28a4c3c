import { describe, expect, it } from "vitest";

import { filterChanges, filterOf, filterText, parseFilter, type Filter } from "./filter.ts";

const VALUES = [
  "nightly",
  "a b",
  'say "no"',
  "back\\slash",
  "x:y",
  "result:failed",
  "  two  blanks ",
  "汉字",
  "\u202e",
  "<script>",
  "a\tb",
];

function some(seed: number): Filter {
  const at = (step: number): string => VALUES[(seed * 7 + step * 3) % VALUES.length] as string;
  return {
    ...(seed % 2 === 0 ? { function: at(1) } : {}),
    ...(seed % 3 === 0 ? { namespace: at(2) } : {}),
    ...(seed % 5 === 0 ? { qualifier: at(3) } : {}),
    ...(seed % 4 === 0 ? { result: "430,433" } : {}),
    ...(seed % 3 === 1 ? { request_id: at(4) } : {}),
    ...(seed % 2 === 1 ? { keyword: at(5) } : {}),
  };
}

describe("filters", () => {
  it("are the same as chips, as text and in the URL", () => {
    for (let seed = 0; seed < 200; seed += 1) {
      const filter = some(seed);
      const text = filterText(filter);
      expect(parseFilter(text), text).toEqual({ filter, refused: [] });
      const query = new URLSearchParams();
      for (const [name, value] of Object.entries(filterChanges(filter)))
        if (value !== undefined) query.set(name, value);
      expect(filterOf(new URLSearchParams(query.toString()))).toEqual(filter);
    }
  });

  it("read what people type", () => {
    expect(parseFilter("fn:nightly status:failed connection reset").filter).toEqual({
      function: "nightly",
      result: "failed",
      keyword: "connection reset",
    });
    expect(parseFilter('"key:value"').filter).toEqual({ keyword: "key:value" });
    expect(parseFilter("  ").filter).toEqual({});
  });

  it("are refused by name, never left out", () => {
    const reasons = (text: string): unknown => parseFilter(text).refused;
    expect(reasons("duration:>5s")).toEqual([{ token: "duration:>5s", reason: "unknown" }]);
    expect(reasons("function:a function:b")).toEqual([{ token: "function:b", reason: "twice" }]);
    expect(reasons("result:bad")).toEqual([{ token: "result:bad", reason: "result" }]);
    expect(reasons("function: x")).toEqual([{ token: "function:", reason: "empty" }]);
    expect(reasons('"open')).toEqual([{ token: "open", reason: "quote" }]);
  });
});
