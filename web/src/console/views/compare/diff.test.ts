import { describe, expect, it } from "vitest";

import { changedPart, difference, rowsOf, type DiffRow } from "./diff.ts";
import { masked } from "./masks.ts";

const ALL = { times: true, ids: true };
const NONE = { times: false, ids: false };

describe("masks", () => {
  it("hide times, ids and numbers, and leave the words", () => {
    expect(
      masked("2026-07-01T08:00:00.123Z order 61fbd1dc-10ae-47f7-9879-7a080245df3c took 12.5 ms at 08:00:01", ALL),
    ).toBe("⏱ order # took # ms at ⏱");
    expect(masked("2026-07-01 08:00:00 +08:00 x 1782864003250", { times: true, ids: false })).toBe("⏱ x ⏱");
    expect(masked("a 1", NONE)).toBe("a 1");
    expect(masked("deadbeef facade", ALL)).toBe("deadbeef facade");
  });
});

describe("a comparison", () => {
  const a = "start 1\nload 5 rows\nwrite a\nend\n";
  const b = "start 2\nload 9 rows\nwrite b\nretry\nend\n";

  it("shows what was printed, compared without what is masked", () => {
    const found = difference(a, b, ALL);
    expect(found.blocks.map(({ kind, aCount, bCount }) => `${kind} ${aCount} ${bCount}`)).toEqual([
      "same 2 2",
      "changed 1 2",
      "same 1 1",
    ]);
    expect(found.b[1]).toBe("load 9 rows");
    expect(difference(a, b, NONE).blocks[0]?.kind).toBe("changed");
    expect(difference("\x1b[31mx\x1b[0m\n", "x\r\n", NONE).blocks.map(({ kind }) => kind)).toEqual(["same"]);
  });

  it("has every line of both sides once, split and unified", () => {
    const left = Array.from({ length: 300 }, (_, at) => (at % 40 === 7 ? `left ${at}` : `line ${at}`)).join("\n");
    const right = Array.from({ length: 310 }, (_, at) => (at % 50 === 9 ? `right ${at}` : `line ${at}`)).join("\n");
    const found = difference(left, right, NONE);
    const unfolded = new Set(found.blocks.keys());
    for (const isSplit of [true, false]) {
      const rows = rowsOf(found.blocks, isSplit, unfolded);
      const side = (name: "a" | "b"): number[] =>
        rows.flatMap((row) => (row.kind === "fold" || row[name] === undefined ? [] : [row[name]]));
      expect(side("a")).toEqual([...found.a.keys()]);
      expect(side("b")).toEqual([...found.b.keys()]);
    }
  });

  it("folds what is equal, but for some lines around a change", () => {
    const text = Array.from({ length: 50 }, (_, at) => `line ${at}`);
    const found = difference(text.join("\n"), [...text.slice(0, 25), "new", ...text.slice(25)].join("\n"), NONE);
    const rows = rowsOf(found.blocks, false, new Set());
    const shape = rows.map((row: DiffRow) => (row.kind === "fold" ? `fold ${row.lines}` : row.kind));
    expect(shape).toEqual(["fold 22", "same", "same", "same", "changed", "same", "same", "same", "fold 22"]);
  });

  it("is rough rather than slow", () => {
    const lines = (word: string): string =>
      ["same", ...Array.from({ length: 4000 }, (_, at) => `${word} ${"x".repeat(at % 17)}${at}`), "end"].join("\n");
    const found = difference(lines("a"), lines("b"), NONE, 1);
    expect(found.isRough).toBe(true);
    expect(found.blocks.map(({ kind }) => kind)).toEqual(["same", "changed", "same"]);
  });

  it("marks the part of a line that changed", () => {
    expect(changedPart("took 12 ms", "took 345 ms")).toEqual({ from: 5, to: 7 });
    expect(changedPart("x".repeat(300), "y")).toBeUndefined();
  });
});
