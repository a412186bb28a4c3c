import { describe, expect, it } from "vitest";

import { serverTiming, read } from "./send.ts";
import { beginsLine, findAll, layOut, rowAt, rowText, ROWS_MAX } from "./rows.ts";

const texts = (text: string, columns: number): string[] => {
  const rows = layOut(text, columns);
  return Array.from({ length: rows.count }, (_, row) => rowText(rows, row));
};

describe("rows", () => {
  it("end at lines and at columns", () => {
    expect(texts("ab\ncdefg\n", 3)).toEqual(["ab", "cde", "fg", ""]);
    expect(texts("", 3)).toEqual([""]);
    expect(texts("中文字", 4)).toEqual(["中文", "字"]);
    expect(texts("a😀😀b", 3)).toEqual(["a😀", "😀b"]);
  });

  it("join to the text", () => {
    const text = '{\n  "Log": "' + "x中".repeat(5000) + '"\n}\n\n';
    const rows = layOut(text, 97);
    let joined = "";
    for (let row = 0; row < rows.count; row += 1) {
      joined += (row > 0 && beginsLine(rows, row) ? "\n" : "") + rowText(rows, row);
    }
    expect(joined).toBe(text);
  });

  it("are found by place", () => {
    const rows = layOut("aa\nbb\ncc", 80);
    expect([0, 2, 3, 7].map((place) => rowAt(rows, place))).toEqual([0, 0, 1, 2]);
    expect(findAll("abcabcab", "ab")).toEqual([0, 3, 6]);
    expect(findAll("abc", "")).toEqual([]);
  });

  it("of 10 MB on one line, and of more than a page can hold", () => {
    const long = layOut("x".repeat(10_000_000), 160);
    expect(long.count).toBe(62_500);
    const many = layOut("\n".repeat(ROWS_MAX + 10), 80);
    expect([many.count, many.isCut]).toEqual([ROWS_MAX, true]);
  });
});

describe("answers", () => {
  it("say how they went", () => {
    expect(read('{"Response":{"TotalCount":7,"Data":[{},{}],"RequestId":"r"}}')).toEqual({
      error: undefined,
      requestId: "r",
      total: 7,
      rows: 2,
    });
    expect(read('{"Response":{"Error":{"Code":"A.B","Message":"m"},"RequestId":"r"}}').error).toEqual({
      code: "A.B",
      message: "m",
    });
    expect(read("<html>").error).toBeUndefined();
    expect(read("null").requestId).toBeUndefined();
  });

  it("carry the server's times", () => {
    expect(serverTiming('app;dur=1.25, rows;desc="20000"')).toEqual({ server_ms: 1.25, rows_read: 20000 });
    expect(serverTiming("")).toEqual({ server_ms: undefined, rows_read: undefined });
  });
});
