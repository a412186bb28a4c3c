import { describe, expect, it } from "vitest";

import { BOLD, DIM, NONE, parseLine, PLAIN, RGB, strip, styleAfter, UNDERLINE } from "./ansi.ts";

const texts = (line: string): string[] => parseLine(line, PLAIN).pieces.map((piece) => piece.text);

describe("terminal sequences", () => {
  it("colour the text: 16, 256 and true colour", () => {
    const { pieces, end } = parseLine("a\x1b[1;31mb\x1b[38;5;208mc\x1b[48;2;1;2;3md\x1b[39;49;22me", PLAIN);
    expect(pieces).toEqual([
      { text: "a", style: PLAIN },
      { text: "b", style: { front: 1, back: NONE, flags: BOLD } },
      { text: "c", style: { front: 208, back: NONE, flags: BOLD } },
      { text: "d", style: { front: 208, back: RGB + 66_051, flags: BOLD } },
      { text: "e", style: PLAIN },
    ]);
    expect(end).toBe(PLAIN);
  });

  it("are carried over lines", () => {
    const first = parseLine("\x1b[92;4mstart", PLAIN);
    expect(first.end).toEqual({ front: 10, back: NONE, flags: UNDERLINE });
    expect(parseLine("next\x1b[m.", first.end).pieces).toEqual([
      { text: "next", style: first.end },
      { text: ".", style: PLAIN },
    ]);
    expect(styleAfter("\x1b[2ma\nb\x1b[31m", PLAIN)).toEqual({ front: 1, back: NONE, flags: DIM });
  });

  it("of other kinds are taken out and counted", () => {
    const line = "\x1b[2J\x1b[1;1Hx\x1b]0;title\x07y\x1b(Bz\x1b[?25l\x1b]8;;http://e.org\x1b\\link\x1b]8;;\x1b\\\x1bc";
    expect(texts(line).join("")).toBe("xyzlink");
    expect(parseLine(line, PLAIN).removed).toBe(8);
    expect(strip(line)).toBe("xyzlink");
  });

  it("hide nothing: what does not end is text, and lines stay lines", () => {
    expect(texts("a\x1b]0;never ends, secret").join("")).toContain("never ends, secret");
    expect(texts("a\x1b[31").join("")).toBe("a\x1b[31");
    expect(strip("\x1b]0;a\nb\x07c").split("\n")).toHaveLength(2);
    expect(strip("\x1bP1$r\nq")).toContain("\nq");
  });

  it("of nonsense values do no harm", () => {
    expect(parseLine("\x1b[38;5;999mx", PLAIN).pieces[0]?.style.front).toBe(255);
    expect(
      parseLine("\x1b[38mx\x1b[48;9my", PLAIN)
        .pieces.map((piece) => piece.text)
        .join(""),
    ).toBe("xy");
    expect(parseLine("\x1b[>4;2mx", PLAIN)).toEqual({ pieces: [{ text: "x", style: PLAIN }], end: PLAIN, removed: 1 });
  });

  it("take linear time on a hostile line", () => {
    const line = "\x1b[".repeat(200_000) + "\x1b]".repeat(2000);
    const { pieces } = parseLine(line, PLAIN);
    expect(pieces.map((piece) => piece.text).join("")).toHaveLength(line.length);
  });
});
