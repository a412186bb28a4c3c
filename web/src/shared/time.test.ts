import { describe, expect, it } from "vitest";

import { formatTime, fromWall, offsetMinutes } from "./time.ts";

const MS = Date.UTC(2026, 6, 1, 0, 0, 0, 7);

describe("times", () => {
  it("are written with their zone", () => {
    expect(formatTime(MS, "+08:00", { offset: true })).toBe("2026-07-01 08:00:00 +08:00");
    expect(formatTime(MS, "Asia/Kolkata", { offset: true, millis: true })).toBe("2026-07-01 05:30:00.007 +05:30");
    expect(formatTime(MS, "America/New_York", { offset: true, part: "time" })).toBe("20:00:00 -04:00");
    expect(formatTime(MS, "UTC", { part: "date" })).toBe("2026-07-01");
  });

  it("follow clock changes", () => {
    const before = Date.UTC(2026, 2, 8, 6, 59, 59);
    expect(offsetMinutes(before, "America/New_York")).toBe(-300);
    expect(offsetMinutes(before + 1000, "America/New_York")).toBe(-240);
  });

  it("are read back", () => {
    for (const zone of ["UTC", "+08:00", "-03:30", "Asia/Kolkata", "America/New_York"]) {
      expect(fromWall(formatTime(MS, zone, { millis: true }), zone)).toBe(MS);
    }
    expect(fromWall("2026-02-30", "UTC")).toBeUndefined();
    expect(fromWall("2026-07-01 25:00:00", "UTC")).toBeUndefined();
    expect(fromWall("yesterday", "UTC")).toBeUndefined();
    expect(fromWall("2026-07-01", "+08:00")).toBe(Date.UTC(2026, 5, 30, 16));
  });
});
