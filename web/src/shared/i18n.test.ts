import { describe, expect, it } from "vitest";

import { render, words, type Text } from "./i18n.ts";

describe("texts", () => {
  it("fills values and leaves unknown names alone", () => {
    const table = words({ rows: { zh: "共 {n} 行，{x}", en: "{n} rows, {x}" } });
    expect(render(table.rows, { n: 3 }, "en")).toBe("3 rows, {x}");
    expect(render(table.rows, { n: 3, x: "$&" }, "zh")).toBe("共 3 行，$&");
  });

  it("of every page are in both languages, each with its own punctuation and the same values", () => {
    const modules = import.meta.glob<Record<string, Record<string, Text>>>("../**/words.ts", { eager: true });
    const tables = Object.entries(modules).flatMap(([file, module]) =>
      Object.values(module).map((table) => [file, table] as const),
    );
    expect(tables.length).toBeGreaterThan(5);
    const values = (text: string): string[] => [...text.matchAll(/\{\w+\}/g)].map(([name]) => name).sort();
    for (const [file, table] of tables) {
      if (typeof table !== "object") continue;
      for (const [name, text] of Object.entries(table)) {
        const where = `${file} ${name}`;
        expect(text.zh, where).not.toMatch(/[\u4e00-\u9fff][,;:!?(]|[,;:!?)][\u4e00-\u9fff]/);
        expect(text.en, where).not.toMatch(/[\u3000-\u9fff\uff00-\uffef]/);
        expect(values(text.zh), where).toEqual(values(text.en));
      }
    }
  });
});
