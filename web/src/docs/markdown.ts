// The Markdown that `docs/` uses, as data: headings, paragraphs, lists, tables, code. No HTML comes out of it, so nothing
// a page holds can become a script; what is not known stays text.

export type Inline =
  | { readonly kind: "text" | "code" | "strong" | "em"; readonly text: string }
  | { readonly kind: "link"; readonly text: readonly Inline[]; readonly href: string };

export type Block =
  | { readonly kind: "heading"; readonly level: number; readonly id: string; readonly text: readonly Inline[] }
  | { readonly kind: "paragraph" | "quote"; readonly text: readonly Inline[] }
  | { readonly kind: "code"; readonly language: string; readonly text: string }
  | { readonly kind: "list"; readonly isOrdered: boolean; readonly items: readonly (readonly Inline[])[] }
  | {
      readonly kind: "table";
      readonly head: readonly (readonly Inline[])[];
      readonly rows: readonly (readonly (readonly Inline[])[])[];
    };

const ITEM = /^(\s*)(?:[-*]|(\d+)\.)\s+(.*)$/;

export function parse(text: string): readonly Block[] {
  const lines = text.split(/\r?\n/);
  const blocks: Block[] = [];
  let at = 0;
  while (at < lines.length) {
    const line = lines[at] ?? "";
    const heading = /^(#{1,4}) (.*)$/.exec(line);
    const fence = /^(```+|~~~+)\s*(\S*)/.exec(line);
    let end = at + 1;
    if (line.trim() === "") {
      at = end;
      continue;
    }
    if (heading !== null) {
      const title = heading[2] ?? "";
      blocks.push({ kind: "heading", level: (heading[1] ?? "#").length, id: anchor(title), text: inline(title) });
    } else if (fence !== null) {
      const mark = fence[1] ?? "```";
      while (end < lines.length && !(lines[end] ?? "").startsWith(mark)) end += 1;
      blocks.push({ kind: "code", language: fence[2] ?? "", text: lines.slice(at + 1, end).join("\n") });
      end += 1;
    } else if (line.startsWith("    ")) {
      while (end < lines.length && /^(?: {4}|\s*$)/.test(lines[end] ?? "")) end += 1;
      blocks.push({
        kind: "code",
        language: "",
        text: lines
          .slice(at, end)
          .map((one) => one.slice(4))
          .join("\n")
          .trimEnd(),
      });
    } else if (line.startsWith("|")) {
      while (end < lines.length && (lines[end] ?? "").startsWith("|")) end += 1;
      blocks.push(table(lines.slice(at, end)));
    } else if (ITEM.test(line)) {
      while (end < lines.length && (ITEM.test(lines[end] ?? "") || /^\s+\S/.test(lines[end] ?? ""))) end += 1;
      blocks.push(list(lines.slice(at, end)));
    } else {
      while (end < lines.length && !/^(?:\s*$|#{1,4} |```|~~~|\||[-*] |\d+\. )/.test(lines[end] ?? "")) end += 1;
      const isQuote = line.startsWith(">");
      const whole = lines.slice(at, end).map((one) => (isQuote ? one.replace(/^>\s?/, "") : one));
      blocks.push({ kind: isQuote ? "quote" : "paragraph", text: inline(joined(whole)) });
    }
    at = end;
  }
  return blocks;
}

/** Lines of one paragraph; between Chinese characters a line end is no blank. */
function joined(lines: readonly string[]): string {
  return lines
    .map((line) => line.trim())
    .reduce((text, line) => {
      if (text === "") return line;
      const isChinese = /[\u2e80-\u9fff\uff00-\uffef]$/.test(text) && /^[\u2e80-\u9fff\uff00-\uffef]/.test(line);
      return text + (isChinese ? "" : " ") + line;
    }, "");
}

function list(lines: readonly string[]): Block {
  const items: string[][] = [];
  for (const line of lines) {
    const item = ITEM.exec(line);
    if (item !== null) items.push([item[3] ?? ""]);
    else items.at(-1)?.push(line);
  }
  return {
    kind: "list",
    isOrdered: ITEM.exec(lines[0] ?? "")?.[2] !== undefined,
    items: items.map((item) => inline(joined(item))),
  };
}

function table(lines: readonly string[]): Block {
  const [head = "", ...rest] = lines;
  const rows = rest.filter((line) => !/^[|\s:-]+$/.test(line));
  return { kind: "table", head: cells(head), rows: rows.map(cells) };
}

/** The cells of a row; `\|` and a `|` within code are text. */
function cells(line: string): readonly (readonly Inline[])[] {
  const found: string[] = [];
  let cell = "";
  let isCode = false;
  const inner = line.trim().replace(/^\|/, "").replace(/\|$/, "");
  for (let at = 0; at < inner.length; at += 1) {
    const letter = inner[at] ?? "";
    if (letter === "\\" && inner[at + 1] === "|") {
      cell += "|";
      at += 1;
    } else if (letter === "|" && !isCode) {
      found.push(cell);
      cell = "";
    } else {
      if (letter === "`") isCode = !isCode;
      cell += letter;
    }
  }
  return [...found, cell].map((one) => inline(one.trim()));
}

const INLINE = /(`+)(.+?)\1|\*\*(.+?)\*\*|\*([^*\s][^*]*)\*|\[((?:[^\]`]|`[^`]*`)+)\]\(([^)\s]+)\)|<(https?:[^>\s]+)>/g;

export function inline(text: string): readonly Inline[] {
  const parts: Inline[] = [];
  let done = 0;
  const plain = (to: number): void => {
    if (to > done) parts.push({ kind: "text", text: text.slice(done, to) });
  };
  for (const match of text.matchAll(INLINE)) {
    const [whole, , code, strong, em, label, href, auto] = match;
    plain(match.index);
    done = match.index + whole.length;
    if (code !== undefined) parts.push({ kind: "code", text: code });
    else if (strong !== undefined) parts.push({ kind: "strong", text: strong });
    else if (em !== undefined) parts.push({ kind: "em", text: em });
    else if (auto !== undefined) parts.push({ kind: "link", text: [{ kind: "text", text: auto }], href: auto });
    else parts.push({ kind: "link", text: inline(label ?? ""), href: href ?? "" });
  }
  plain(text.length);
  return parts;
}

/** The anchor of a heading, as GitHub makes it. */
export function anchor(title: string): string {
  return title
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, "")
    .trim()
    .replace(/\s/g, "-");
}

/** The text of inlines, without their marks. */
export function plainText(parts: readonly Inline[]): string {
  return parts.map((part) => (part.kind === "link" ? plainText(part.text) : part.text)).join("");
}
