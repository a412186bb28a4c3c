// What a list of runs is filtered by. The same filter is chips, a text and parameters of the URL, and each is made from
// the others without loss. The names are those of the native API, so a URL of the console reads like a query.

/** The filters of the native API, in the order in which chips are drawn. */
export const FILTERS = ["function", "namespace", "qualifier", "region", "result", "request_id"] as const;
export type FilterName = (typeof FILTERS)[number];

export interface Filter extends Readonly<Partial<Record<FilterName, string | undefined>>> {
  /** A text that the output or the message contains. */
  readonly keyword?: string | undefined;
}

/** A text that is not a filter, and why. The server is not asked: it would not be asked what was meant. */
export interface Refused {
  /** What was typed. */
  readonly token: string;
  readonly reason: "unknown" | "twice" | "empty" | "result" | "quote";
}

export interface Parsed {
  readonly filter: Filter;
  readonly refused: readonly Refused[];
}

const ALIASES: Readonly<Record<string, FilterName>> = {
  fn: "function",
  ns: "namespace",
  version: "qualifier",
  status: "result",
  code: "result",
  id: "request_id",
};

const RESULT = /^(?:ok|failed|running|-?\d+(?:,-?\d+)*)$/;

interface Token {
  readonly text: string;
  readonly isQuoted: boolean;
  readonly name: string | undefined;
  readonly isOpen: boolean;
}

/** Reads what a person typed: `function:nightly result:failed "connection reset"`. Words without a name are the keyword. */
export function parseFilter(text: string): Parsed {
  const filter: { -readonly [Name in keyof Filter]: Filter[Name] } = {};
  const refused: Refused[] = [];
  const words: string[] = [];
  for (const token of tokens(text)) {
    if (token.isOpen) refused.push({ token: token.text, reason: "quote" });
    if (token.name === undefined) {
      words.push(token.text);
      continue;
    }
    const whole = `${token.name}:${token.text}`;
    const name = FILTERS.find((known) => known === token.name) ?? ALIASES[token.name];
    if (token.name === "keyword") words.push(token.text);
    else if (name === undefined) refused.push({ token: whole, reason: "unknown" });
    else if (token.text === "") refused.push({ token: whole, reason: "empty" });
    else if (filter[name] !== undefined) refused.push({ token: whole, reason: "twice" });
    else if (name === "result" && !RESULT.test(token.text)) refused.push({ token: whole, reason: "result" });
    else filter[name] = token.text;
  }
  const keyword = words.join(" ");
  if (keyword !== "") filter.keyword = keyword;
  return { filter, refused };
}

/** The filter as text, which reads back as the same filter. */
export function filterText(filter: Filter): string {
  const parts: string[] = [];
  for (const name of FILTERS) {
    const value = filter[name];
    if (value !== undefined) parts.push(`${name}:${quoted(value, false)}`);
  }
  if (filter.keyword !== undefined) parts.push(quoted(filter.keyword, true));
  return parts.join(" ");
}

/** How many filters there are. */
export function filterCount(filter: Filter): number {
  return Object.values(filter).filter((value) => value !== undefined).length;
}

/** The filter in a URL. */
export function filterOf(query: URLSearchParams): Filter {
  const filter: Record<string, string> = {};
  for (const name of [...FILTERS, "keyword"]) {
    const value = query.get(name);
    if (value !== null && value !== "") filter[name] = value;
  }
  return filter;
}

/** The changes of a URL that make a filter of it; absent ones are removed. */
export function filterChanges(filter: Filter): Record<string, string | undefined> {
  const changes: Record<string, string | undefined> = { keyword: filter.keyword };
  for (const name of FILTERS) changes[name] = filter[name];
  return changes;
}

function quoted(value: string, isKeyword: boolean): string {
  const isPlain = isKeyword ? /^[^\s":]+(?: [^\s":]+)*$/.test(value) : /^[^\s"]+$/.test(value);
  return isPlain ? value : `"${value.replace(/["\\]/g, "\\$&")}"`;
}

function tokens(text: string): Token[] {
  const found: Token[] = [];
  let at = 0;
  while (at < text.length) {
    if (/\s/.test(text[at] as string)) {
      at += 1;
      continue;
    }
    const name = /^([a-z_]+):/i.exec(text.slice(at, at + 32));
    const isName = name !== null && text[at] !== '"';
    if (isName) at += name[0].length;
    const value = text[at] === '"' ? readQuoted(text, at) : readWord(text, at);
    at = value.end;
    found.push({ ...value, name: isName ? (name[1] as string).toLowerCase() : undefined });
  }
  return found;
}

interface Value {
  readonly text: string;
  readonly end: number;
  readonly isQuoted: boolean;
  readonly isOpen: boolean;
}

function readWord(text: string, start: number): Value {
  let end = start;
  while (end < text.length && !/\s/.test(text[end] as string)) end += 1;
  return { text: text.slice(start, end), end, isQuoted: false, isOpen: false };
}

function readQuoted(text: string, start: number): Value {
  let value = "";
  let at = start + 1;
  while (at < text.length && text[at] !== '"') {
    if (text[at] === "\\" && at + 1 < text.length) at += 1;
    value += text[at];
    at += 1;
  }
  return { text: value, end: at + 1, isQuoted: true, isOpen: at >= text.length };
}
