import { describe, expect, it } from "vitest";

import { drawn, scrollFor, topOf, topToShow, TRACK_MAX_PX, trackPx, type Frame } from "./window.ts";

const frame = (rows: number): Frame => ({ rows, row_px: 20, view_px: 600 });

describe("a long list", () => {
  it("draws what is seen and little beside it, at any place", () => {
    for (const rows of [0, 1, 29, 31, 1000, 400_000, 3_000_000]) {
      const one = frame(rows);
      const end = Math.max(0, trackPx(one) - one.view_px);
      for (let share = 0; share <= 1; share += 1 / 64) {
        const scroll = end * share;
        const { first, end: last, offset_px } = drawn(one, scroll, 4);
        expect(last - first).toBeLessThanOrEqual(31 + 8);
        const top = topOf(one, scroll);
        // The row at the top of the view is where the scrollbar is.
        const row = Math.floor(top / 20);
        if (rows > 0) expect(offset_px + (row - first) * 20).toBeCloseTo(scroll - (top - row * 20), 3);
        expect(offset_px + (last - first) * 20).toBeGreaterThanOrEqual(Math.min(scroll + 600, rows * 20) - 1e-6);
      }
    }
  });

  it("ends with its last row wholly in view, however long it is", () => {
    for (const rows of [100, 400_000, 838_861, 5_000_000]) {
      const one = frame(rows);
      const scroll = scrollFor(one, rows * 20);
      expect(scroll).toBeLessThanOrEqual(trackPx(one) - one.view_px);
      expect(topOf(one, scroll) + one.view_px).toBeCloseTo(rows * 20, 3);
      expect(drawn(one, scroll, 0).end).toBe(rows);
    }
    expect(trackPx(frame(5_000_000))).toBe(TRACK_MAX_PX);
  });

  it("goes back and forth between scrollbar and rows", () => {
    for (const rows of [100, 5_000_000]) {
      const one = frame(rows);
      for (const top of [0, 20, 1000, 1399]) expect(topOf(one, scrollFor(one, top))).toBeCloseTo(top, 3);
    }
  });

  it("moves only as far as needed", () => {
    const one = frame(1000);
    expect(topToShow(one, 400, 25, false)).toBe(400);
    expect(topToShow(one, 400, 19, false)).toBe(380);
    expect(topToShow(one, 400, 50, false)).toBe(420);
    expect(topToShow(one, 0, 500, true)).toBe(10_000 - 290);
  });
});
