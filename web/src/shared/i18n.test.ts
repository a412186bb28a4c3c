import { describe, expect, it } from "vitest";

import { render, words } from "./i18n.ts";
import { shared } from "./words.ts";

describe("texts", () => {
  it("fills values and leaves unknown names alone", () => {
    const table = words({ rows: { zh: "共 {n} 行，{x}", en: "{n} rows, {x}" } });
    expect(render(table.rows, { n: 3 }, "en")).toBe("3 rows, {x}");
    expect(render(table.rows, { n: 3, x: "$&" }, "zh")).toBe("共 3 行，$&");
  });

  it("has full-width punctuation after Chinese characters", () => {
    for (const [name, text] of Object.entries(shared)) expect(text.zh, name).not.toMatch(/[\u4e00-\u9fff][,;:!?]/);
  });
});
