import { describe, expect, it } from "vitest";

import {
  bucketsFor,
  endsAt,
  lengthText,
  memoryText,
  moved,
  scaled,
  spanChanges,
  spanMs,
  spanOf,
  tickTexts,
  type Span,
} from "./span.ts";

const NOW = Date.UTC(2026, 6, 1, 12);

function through(span: Span): Span {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(spanChanges(span))) if (value !== undefined) query.set(name, value);
  return spanOf(new URLSearchParams(query.toString()));
}

describe("windows", () => {
  it("go through the URL", () => {
    const spans: Span[] = [
      { kind: "since", since: "1d" },
      { kind: "since", since: "1h30m" },
      { kind: "fixed", from_ms: NOW - 1, to_ms: NOW },
      { kind: "fixed", from_ms: undefined, to_ms: NOW },
      { kind: "fixed", from_ms: NOW, to_ms: undefined },
      { kind: "fixed", from_ms: undefined, to_ms: undefined },
    ];
    for (const span of spans) expect(through(span)).toEqual(span);
  });

  it("stay relative: the same URL means later moments later", () => {
    const span = through({ kind: "since", since: "1h" });
    expect(endsAt(span, NOW)).toEqual({ from_ms: NOW - 3_600_000, to_ms: NOW });
    expect(endsAt(span, NOW + 5)).toEqual({ from_ms: NOW - 3_600_000 + 5, to_ms: NOW + 5 });
  });

  it("are not read from nonsense", () => {
    expect(spanMs("1h30m")).toBe(5_400_000);
    for (const text of ["", "h", "1", "1y", "-1h", "0s", "1h x"]) expect(spanMs(text), text).toBeUndefined();
    expect(spanOf(new URLSearchParams("since=soon&from=never"))).toEqual({ kind: "since", since: "1d" });
  });

  it("move and scale about their middle", () => {
    const hour: Span = { kind: "since", since: "1h" };
    expect(moved(hour, -1, NOW)).toEqual({ kind: "fixed", from_ms: NOW - 5_400_000, to_ms: NOW - 1_800_000 });
    expect(scaled(hour, 2, NOW)).toEqual({ kind: "fixed", from_ms: NOW - 5_400_000, to_ms: NOW + 1_800_000 });
    expect(scaled({ kind: "fixed", from_ms: NOW, to_ms: NOW + 10 }, 0.5, NOW)).toEqual({
      kind: "fixed",
      from_ms: NOW - 495,
      to_ms: NOW + 505,
    });
  });

  it("are cut into round buckets", () => {
    expect(bucketsFor({ kind: "since", since: "15m" }, 91, NOW)).toBe("10s");
    expect(bucketsFor({ kind: "since", since: "1d" }, 61, NOW)).toBe("30m");
    expect(bucketsFor({ kind: "since", since: "30d" }, 61, NOW)).toBe("1d");
    expect(bucketsFor({ kind: "fixed", from_ms: undefined, to_ms: NOW }, 60, NOW)).toBe("60");
  });
});

describe("axis labels", () => {
  it("name the day when it changes and the year when it changes", () => {
    const ticks = [Date.UTC(2026, 11, 31, 22), Date.UTC(2026, 11, 31, 23), Date.UTC(2027, 0, 1, 0)];
    expect(tickTexts(ticks, "UTC", 3_600_000)).toEqual(["12-31 22:00", "23:00", "2027-01-01 00:00"]);
  });

  it("agree with the clock on the day of a clock change, in any zone", () => {
    // New York: 02:00 becomes 03:00 at 07:00 UTC.
    const ticks = [6, 7, 8].map((hour) => Date.UTC(2026, 2, 8, hour));
    expect(tickTexts(ticks, "America/New_York", 3_600_000)).toEqual(["03-08 01:00", "03:00", "04:00"]);
    expect(tickTexts(ticks, "Asia/Kolkata", 3_600_000)).toEqual(["03-08 11:30", "12:30", "13:30"]);
  });
});

describe("figures", () => {
  it("fit a table", () => {
    expect([0.25, 1, 7.642, 38.7, 999.6, 1681.378, 59_949, 123_000, 12_000_000, 90_000_000].map(lengthText)).toEqual([
      "0.25 ms",
      "1 ms",
      "7.6 ms",
      "39 ms",
      "1000 ms",
      "1.68 s",
      "59.9 s",
      "2 m 03 s",
      "3 h 20 m",
      "1 d 01 h",
    ]);
    expect([0, 2048, 1_048_576, 461_299_325, 2_147_483_648].map(memoryText)).toEqual([
      "0 B",
      "2 kB",
      "1 MB",
      "440 MB",
      "2 GB",
    ]);
  });
});
