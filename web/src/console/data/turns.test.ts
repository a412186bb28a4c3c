import { describe, expect, it } from "vitest";

import { Later, STREAMS_MAX } from "./turns.ts";

describe("streams of eight tabs", () => {
  it("are never more than a browser has connections for, and the tab in use has one", () => {
    const tabs = Array.from({ length: 8 }, (_, at) => new Later(`t${at}`));
    const take = (tab: Later): void => {
      tab.take();
      for (const other of tabs) other.hear({ kind: "take", id: tab.own });
    };
    for (const tab of tabs) take(tab);
    for (const at of [0, 3, 7, 7, 1]) {
      take(tabs[at] as Later);
      expect((tabs[at] as Later).mayHold).toBe(true);
      expect(tabs.filter((tab) => tab.mayHold).length).toBeLessThanOrEqual(STREAMS_MAX);
    }
  });

  it("go to another tab when one is closed", () => {
    const one = new Later("one");
    for (const id of ["a", "b", "c"]) one.hear({ kind: "take", id });
    expect(one.mayHold).toBe(false);
    expect(one.hear({ kind: "leave", id: "b" })).toBe(true);
  });
});
