import { describe, expect, it } from "vitest";

import { expressionOf, findAll, firstAfter, matchLines, withContext } from "./find.ts";
import { Layout, LINE_SHOWN_MAX } from "./layout.ts";
import { isPlatformLine, jsonOf, Log, timeOf } from "./model.ts";
import { cutRows, markOf, rowCount } from "./width.ts";

const needle = (text: string, isExpression = false, isCaseSensitive = false) => ({
  text,
  isExpression,
  isCaseSensitive,
});
const none = { unfolded: new Map<number, string[]>(), parts: new Map<number, { from: number; to: number }>() };

describe("lines", () => {
  it("are counted as they are stored", () => {
    expect(["", "a", "a\n", "a\nb", "\n", "\n\n", "a\r\nb\r\n"].map((text) => new Log(text).lines)).toEqual([
      0, 1, 1, 2, 1, 2, 2,
    ]);
    expect(new Log("a\r\nb\r\n").line(1)).toBe("b");
  });

  it("are copied byte for byte", () => {
    const lines = Array.from(
      { length: 100_000 },
      (_, at) => `line ${at} \x1b[31mred\x1b[0m\u202e${at % 7 === 0 ? "\r" : ""}`,
    );
    const log = new Log(`${lines.join("\n")}\n`);
    expect(log.slice(9, 89_999)).toBe(`${lines.slice(9, 90_000).join("\n")}\n`);
  });

  it("show what a terminal would after carriage returns, and how often it was overwritten", () => {
    const shown = new Log("10 %\r50 %\r\x1b[32m100 %\x1b[0m\r\n").shown(0);
    expect([shown.text, shown.overwritten, shown.base]).toEqual(["100 %", 2, 10]);
    expect(shown.pieces[0]?.style.front).toBe(2);
  });

  it("keep a colour over any number of lines", () => {
    const log = new Log(`\x1b[35m${"x\n".repeat(1000)}`);
    expect(log.shown(999).pieces[0]?.style.front).toBe(5);
    expect(log.lineOf(1998)).toBe(999);
  });

  it("of the platform and of JSON are recognised", () => {
    expect(isPlatformLine("START RequestId: 1")).toBe(true);
    expect(isPlatformLine("Report RequestId: 1 Duration:2ms")).toBe(true);
    expect(isPlatformLine("START the engine")).toBe(false);
    expect(jsonOf('2026 INFO {"a":[1,2]}')).toEqual({ at: 10, value: { a: [1, 2] } });
    expect([jsonOf("{}"), jsonOf("{no}"), jsonOf("plain")]).toEqual([undefined, undefined, undefined]);
    expect(timeOf("2026-11-28T23:59:57.230+00:00 WARN x")).toBe(Date.UTC(2026, 10, 28, 23, 59, 57, 230));
    expect(timeOf("WARN x")).toBeUndefined();
  });
});

describe("search", () => {
  const lines = Array.from({ length: 120_000 }, (_, at) => (at === 60_000 ? "the planted word" : `filler ${at}`));
  const log = new Log(lines.join("\n"));

  it("finds a word in the middle of 120,000 lines, and counts it once", () => {
    const matches = findAll(log.plain, needle("PLANTED"));
    expect(matches.length / 2).toBe(1);
    expect(log.lineOf(matches[0] as number)).toBe(60_000);
  });

  it("counts exactly", () => {
    const text = Array.from({ length: 1922 }, (_, at) => `${at} needle`).join("\n");
    expect(findAll(text, needle("needle")).length / 2).toBe(1922);
    expect(findAll(text, needle("needle", false, true)).length / 2).toBe(1922);
    expect(findAll(text, needle("n[e]+dle$", true)).length / 2).toBe(1922);
    expect(findAll(text, needle("x*", true))).toHaveLength(0);
  });

  it("takes a text as it is, and an expression as one", () => {
    expect(findAll("a.b acb [x]", needle("a.b")).length / 2).toBe(1);
    expect(findAll("a.b acb [x]", needle("a.b", true)).length / 2).toBe(2);
    expect(findAll("a/b-c", needle("a/b-c")).length / 2).toBe(1);
    expect(() => expressionOf(needle("(", true))).toThrow(SyntaxError);
  });

  it("finds through colours, and in a line that is 5 MB long", () => {
    const long = new Log(`\x1b[31mer\x1b[0mror\n${"x".repeat(5_000_000)}end`);
    expect(long.lineOf(findAll(long.plain, needle("error"))[0] as number)).toBe(0);
    const [at] = findAll(long.plain, needle("end"));
    expect([long.lineOf(at as number), (at as number) - (long.plainStarts[1] as number)]).toEqual([1, 5_000_000]);
  });

  it("goes from match to match, and shows lines around", () => {
    const matches = findAll("ab ab\nab\n\n\n\nab", needle("ab"));
    expect([0, 1, 2, 4, 7, 100].map((offset) => firstAfter(matches, offset))).toEqual([0, 0, 1, 1, 2, 4]);
    const found = matchLines(matches, (offset) => new Log("ab ab\nab\n\n\n\nab").lineOf(offset));
    expect([...found]).toEqual([0, 1, 5]);
    expect([...withContext(found, 1, 6)]).toEqual([0, 1, 2, 4, 5]);
  });
});

describe("rows", () => {
  it("draw every line once, and none over another", () => {
    const lines = Array.from({ length: 5000 }, (_, at) =>
      at % 3 === 0 ? JSON.stringify({ at, text: "汉字".repeat(at % 90) }) : "y".repeat(at % 400),
    );
    const log = new Log(lines.join("\n"));
    const layout = new Layout(log, { columns: 80, ...none });
    let row = 0;
    for (let line = 0; line < log.lines; line += 1) {
      expect(layout.rowOf(line)).toBe(row);
      const { text } = log.shown(line);
      const cuts = layout.cuts(line, text);
      expect(cuts.map((start, at) => text.slice(start, cuts[at + 1])).join("")).toBe(text);
      for (let part = 0; part < cuts.length; part += 1) expect(layout.place(row + part)).toEqual({ line, part });
      row += cuts.length;
    }
    expect(layout.rows).toBe(row);
  });

  it("count wide characters as two columns, tabs to the next stop, marks as their labels", () => {
    expect(cutRows("汉字汉字", 5)).toEqual([0, 2]);
    expect(cutRows("a\tb", 8)).toEqual([0, 2]);
    expect(rowCount("\u202e\u202e", 3)).toBe(2);
    expect(cutRows("e\u0301".repeat(4), 2)).toEqual([0, 4]);
    expect(rowCount("", 10)).toBe(1);
    expect(cutRows("汉", 1)).toEqual([0]);
  });

  it("show a part of a 5 MB line", () => {
    const log = new Log(`a\n${"x".repeat(5_000_000)}\nb`);
    const layout = new Layout(log, { columns: 100, ...none });
    expect(layout.rows).toBe(2 + Math.ceil(LINE_SHOWN_MAX / 100));
    const end = new Layout(log, { columns: 100, ...none, parts: new Map([[1, { from: 4_999_000, to: 5_000_000 }]]) });
    expect(end.rowOfColumn(1, log.shown(1).text, 4_999_999)).toBe(1 + 9);
  });

  it("leave out lines, and unfold JSON", () => {
    const log = new Log("a\nb\nc\nd");
    const layout = new Layout(log, {
      columns: 80,
      only: Uint32Array.of(1, 3),
      unfolded: new Map([[1, ["{", "}"]]]),
      parts: new Map(),
    });
    expect([layout.rows, layout.rowOf(3), layout.rowOf(2)]).toEqual([4, 3, 3]);
    expect([0, 1, 3].map((row) => layout.place(row))).toEqual([
      { line: 1, part: 0 },
      { line: 1, part: 1 },
      { line: 3, part: 0 },
    ]);
  });
});

describe("deceiving characters", () => {
  it("are marked", () => {
    expect([0, 7, 0x1b, 0x202e, 0x200b, 0xfeff, 0x9b].map(markOf)).toEqual(["␀", "␇", "␛", "RLO", "ZWS", "BOM", "9B"]);
    expect([9, 65, 0x6c49, 0x200d].map(markOf)).toEqual([undefined, undefined, undefined, undefined]);
  });
});
