import { describe, expect, it } from "vitest";

import { parseLine, PLAIN } from "./ansi.ts";
import { linksIn, segments } from "./segments.ts";
import { markOf } from "./width.ts";

const HOSTILE =
  "<script>alert(1)</script>\0\u202egnp.exe\u202c <img src=x onerror=alert(1)>\x07 javascript:alert(1) http://e.org/<b>";

describe("segments of a row", () => {
  it("hold every character of a hostile line, in its order, as text", () => {
    const { pieces } = parseLine(HOSTILE, PLAIN);
    const over = {
      links: linksIn(HOSTILE),
      matches: [{ from: 3, to: 30 }],
      current: undefined,
      text: HOSTILE,
      hasMarks: true,
    };
    const found = segments(pieces, 0, HOSTILE.length, over);
    expect(found.map(({ text }) => text).join("")).toBe(HOSTILE);
    expect(found.filter(({ mark }) => mark !== undefined).map(({ mark }) => mark)).toEqual(["␀", "RLO", "PDF", "␇"]);
    for (const { text, mark } of found)
      if (mark === undefined) expect([...text].every((one) => markOf(one.charCodeAt(0)) === undefined)).toBe(true);
  });

  it("link http and https alone, without the punctuation after", () => {
    const links = (text: string): string[] => linksIn(text).map(({ from, to }) => text.slice(from, to));
    expect(links(HOSTILE)).toEqual(["http://e.org/"]);
    expect(links("see https://a.b/c?d=e#f. (http://x)")).toEqual(["https://a.b/c?d=e#f", "http://x"]);
    expect(links("file:///etc javascript://x data://y")).toEqual([]);
    expect(links("http://a.org/\u202egpj")).toEqual(["http://a.org/"]);
  });

  it("are cut at matches, styles and the row's ends", () => {
    const { pieces } = parseLine("ab\x1b[31mcdef", PLAIN);
    const over = {
      links: [],
      matches: [{ from: 1, to: 3 }],
      current: { from: 1, to: 3 },
      text: "abcdef",
      hasMarks: true,
    };
    expect(segments(pieces, 0, 5, over).map(({ text, match }) => `${text}:${match ?? ""}`)).toEqual([
      "a:",
      "b:current",
      "c:current",
      "de:",
    ]);
  });
});
