import { readdirSync, readFileSync } from "node:fs";

import { describe, expect, it } from "vitest";

import { anchor, inline, parse, plainText, type Block } from "./markdown.ts";

const text = (value: string) => ({ kind: "text", text: value });

describe("markdown", () => {
  it("has inlines", () => {
    expect(inline("a `b*c` **d** [e `f`](g.md#h) *i*.")).toEqual([
      text("a "),
      { kind: "code", text: "b*c" },
      text(" "),
      { kind: "strong", text: "d" },
      text(" "),
      { kind: "link", text: [text("e "), { kind: "code", text: "f" }], href: "g.md#h" },
      text(" "),
      { kind: "em", text: "i" },
      text("."),
    ]);
    expect(inline("2 * 3 * 4 and 资料_a_b <script>")).toEqual([text("2 * 3 * 4 and 资料_a_b <script>")]);
  });

  it("has blocks", () => {
    const source =
      "# T\n\npara\nmore\n\n- one\n  more\n- two\n\n1. x\n2. y\n\n```sh\na | b\n```\n\n| h | `a|b` |\n| --- | --- |\n| c \\| d | e |\n";
    const kinds = parse(source).map((block) => block.kind);
    expect(kinds).toEqual(["heading", "paragraph", "list", "list", "code", "table"]);
    const [, paragraph, list, , code, table] = parse(source) as [Block, Block, Block, Block, Block, Block];
    expect(paragraph).toMatchObject({ text: [text("para more")] });
    expect(list).toMatchObject({ isOrdered: false, items: [[text("one more")], [text("two")]] });
    expect(code).toMatchObject({ language: "sh", text: "a | b" });
    expect(table).toMatchObject({
      head: [[text("h")], [{ kind: "code", text: "a|b" }]],
      rows: [[[text("c | d")], [text("e")]]],
    });
  });

  it("joins Chinese lines without a blank", () => {
    expect(parse("一条\n记录 and\nmore")).toEqual([{ kind: "paragraph", text: [text("一条记录 and more")] }]);
  });

  it("reads every page: each link leads to a page that is there, each anchor to a heading", () => {
    const folder = new URL("../../../docs/", import.meta.url);
    const names = readdirSync(folder).filter((name) => name.endsWith(".md"));
    const pages = new Map(names.map((name) => [name, parse(readFileSync(new URL(name, folder), "utf8"))]));
    const anchors = (name: string) =>
      (pages.get(name) ?? []).flatMap((block) => (block.kind === "heading" ? [block.id] : []));
    for (const [name, blocks] of pages) {
      expect(blocks[0]?.kind, name).toBe("heading");
      for (const href of JSON.stringify(blocks).matchAll(/"href":"([^":]*\.md)?(?:#([^"]*))?"/g)) {
        const target = href[1] ?? name;
        if (target.includes("/")) continue;
        expect([...pages.keys()], `${name}: ${target}`).toContain(target);
        if (href[2] !== undefined) expect(anchors(target), `${name}: ${target}#${href[2]}`).toContain(href[2]);
      }
    }
  });

  it("makes anchors as GitHub does", () => {
    expect(anchor("When the log server is unreachable")).toBe("when-the-log-server-is-unreachable");
    expect(anchor("`--flag`, and: more")).toBe("--flag-and-more");
    expect(plainText(inline("a [b `c`](d)"))).toBe("a b c");
  });
});
