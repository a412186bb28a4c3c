import { describe, expect, it } from "vitest";

import { comparable, difference } from "./diff.ts";

describe("two answers", () => {
  it("differ in their rows, not in their RequestId", () => {
    const answer = (id: string, rows: number[]): string =>
      comparable(JSON.stringify({ Response: { Data: rows, RequestId: id } }));
    expect(
      difference(answer("a", [1, 2]), answer("b", [1, 2]))?.parts.every(
        (part) => part.kind !== "minus" && part.kind !== "plus",
      ),
    ).toBe(true);
    const found = difference(answer("a", [1, 2, 3]), answer("b", [1, 3]))!;
    expect([found.minus, found.plus]).toEqual([1, 0]);
  });

  it("fold what is equal, and lose no line", () => {
    const lines = Array.from({ length: 100 }, (_, index) => `line ${index}`);
    const other = lines.map((line) => (line === "line 50" ? "changed" : line));
    const found = difference(lines.join("\n"), other.join("\n"))!;
    expect(found.parts.map((part) => `${part.kind} ${part.lines.length}`)).toEqual([
      "folded 47",
      "equal 3",
      "minus 1",
      "plus 1",
      "equal 3",
      "folded 46",
    ]);
    const rebuilt = found.parts.filter((part) => part.kind !== "minus").flatMap((part) => part.lines);
    expect(rebuilt).toEqual(other);
  });
});
