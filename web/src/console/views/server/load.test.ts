import { describe, expect, it } from "vitest";

import { parseMetrics } from "./load.ts";

describe("metrics", () => {
  it("are read by name and labels", () => {
    const text =
      '# HELP runlog_runs Runs.\n# TYPE runlog_runs gauge\nrunlog_runs 40005\nrunlog_ingest_records_total{result="accepted"} 7\nrunlog_disk_bytes 1.5e9\n# EOF\n';
    expect([...parseMetrics(text)]).toEqual([
      ["runlog_runs", 40005],
      ['runlog_ingest_records_total{result="accepted"}', 7],
      ["runlog_disk_bytes", 1.5e9],
    ]);
  });
});
