import { describe, expect, it } from "vitest";

import { INVERSE, NONE, RGB } from "./ansi.ts";
import { coloursOf, contrast, NAMED } from "./colour.ts";

const numbers = (css: string): [number, number, number] =>
  (/(\d+) (\d+) (\d+)/.exec(css) ?? []).slice(1).map(Number) as [number, number, number];

describe("terminal colours", () => {
  it("can be read on the page, in both themes", () => {
    for (const theme of ["light", "dark"] as const) {
      for (const hex of NAMED[theme])
        expect(contrast(NAMED.parse(hex), NAMED.page[theme]), `${theme} ${hex}`).toBeGreaterThanOrEqual(4.5);
      for (let colour = 16; colour < 256; colour += 1) {
        const { color } = coloursOf({ front: colour, back: NONE, flags: 0 }, theme === "dark");
        expect(contrast(numbers(color as string), NAMED.page[theme]), `${theme} ${colour}`).toBeGreaterThanOrEqual(4.5);
      }
    }
  });

  it("can be read on a coloured ground, also inverse", () => {
    for (const isDark of [false, true]) {
      for (let at = 0; at < 256; at += 5) {
        const style = { front: at, back: RGB + ((at * 7919) % 0xffffff), flags: at % 2 === 0 ? INVERSE : 0 };
        const { color, background } = coloursOf(style, isDark);
        expect(contrast(numbers(color as string), numbers(background as string))).toBeGreaterThanOrEqual(4.5);
      }
    }
  });
});
