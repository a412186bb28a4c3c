// A log as one text with the places of its lines. Nothing is cut into lines before it is drawn: 120,000 strings are what
// makes log viewers slow.

import { hasSequences, parseLine, PLAIN, strip, styleAfter, type Piece, type Style } from "./ansi.ts";

/** Between two remembered styles at most so many lines are parsed again. */
const STYLE_EVERY_LINES = 256;

/** A line as it is drawn. */
export interface Shown {
  readonly pieces: readonly Piece[];
  /** The pieces' text. */
  readonly text: string;
  /** Where this text begins in the line without sequences: what a carriage return overwrote is before it. */
  readonly base: number;
  /** How often a carriage return began the line anew. */
  readonly overwritten: number;
  /** Terminal sequences that were taken out. */
  readonly removed: number;
}

export class Log {
  /** The places where lines begin; one more at the end. */
  readonly starts: Uint32Array;
  readonly lines: number;
  /** The text without terminal sequences, which is what is searched. */
  readonly plain: string;
  /** The same for `plain`; it has the same number of lines. */
  readonly plainStarts: Uint32Array;
  readonly #styles: Style[];

  constructor(
    /** As it is stored. */
    readonly text: string,
    /** Shows sequences and carriage returns as marks instead of doing what they say. */
    readonly isRaw: boolean = false,
  ) {
    this.starts = lineStarts(text);
    this.lines = this.starts.length - 1;
    const hasStyles = !isRaw && hasSequences(text);
    this.plain = hasStyles ? strip(text) : text;
    this.plainStarts = hasStyles ? lineStarts(this.plain) : this.starts;
    this.#styles = hasStyles ? styles(text, this.starts) : [];
  }

  /** The stored text of a line, counted from 0, without the line's end. */
  line(at: number): string {
    return this.#cut(this.text, this.starts, at);
  }

  /** The same without terminal sequences. */
  plainLine(at: number): string {
    return this.#cut(this.plain, this.plainStarts, at);
  }

  /** The stored bytes of some lines, as they would be written to a file: `last` is included. */
  slice(first: number, last: number): string {
    return this.text.slice(this.starts[first], this.starts[Math.min(last + 1, this.lines)]);
  }

  /** The line that a place of `plain` is in. */
  lineOf(offset: number): number {
    return lineAt(this.plainStarts, offset);
  }

  /** A line as it is drawn. */
  shown(at: number): Shown {
    if (this.isRaw) {
      const text = this.text.slice(this.starts[at], this.starts[at + 1]).replace(/\n$/, "");
      return { pieces: text === "" ? [] : [{ text, style: PLAIN }], text, base: 0, overwritten: 0, removed: 0 };
    }
    const { pieces, removed } = parseLine(this.line(at), this.#styleOf(at));
    const whole = pieces.map((piece) => piece.text).join("");
    const base = whole.lastIndexOf("\r") + 1;
    if (base === 0) return { pieces, text: whole, base, overwritten: 0, removed };
    return {
      pieces: after(pieces, base),
      text: whole.slice(base),
      base,
      overwritten: whole.split("\r").length - 1,
      removed,
    };
  }

  #cut(text: string, starts: Uint32Array, at: number): string {
    const start = starts[at] ?? 0;
    let end = starts[at + 1] ?? start;
    if (text.charCodeAt(end - 1) === 10 && end > start) end -= 1;
    // All carriage returns at the end: none of them overwrites anything.
    while (end > start && text.charCodeAt(end - 1) === 13) end -= 1;
    return text.slice(start, end);
  }

  #styleOf(at: number): Style {
    if (this.#styles.length === 0) return PLAIN;
    const mark = Math.floor(at / STYLE_EVERY_LINES);
    const from = mark * STYLE_EVERY_LINES;
    return styleAfter(this.text.slice(this.starts[from], this.starts[at]), this.#styles[mark] ?? PLAIN);
  }
}

/** Where lines begin, and where the text ends. A line end at the very end begins no further line. */
export function lineStarts(text: string): Uint32Array {
  let found = new Uint32Array(1024);
  let count = 0;
  let at = 0;
  while (at < text.length) {
    if (count + 2 > found.length) {
      const larger = new Uint32Array(found.length * 2);
      larger.set(found);
      found = larger;
    }
    found[count] = at;
    count += 1;
    const end = text.indexOf("\n", at);
    at = end === -1 ? text.length : end + 1;
  }
  found[count] = text.length;
  return found.slice(0, count + 1);
}

/** The line whose start is the last one not after `offset`. */
export function lineAt(starts: Uint32Array, offset: number): number {
  let low = 0;
  let high = Math.max(0, starts.length - 2);
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((starts[middle] as number) <= offset) low = middle;
    else high = middle - 1;
  }
  return low;
}

function styles(text: string, starts: Uint32Array): Style[] {
  const found: Style[] = [PLAIN];
  for (let from = 0; from + STYLE_EVERY_LINES < starts.length; from += STYLE_EVERY_LINES) {
    found.push(styleAfter(text.slice(starts[from], starts[from + STYLE_EVERY_LINES]), found.at(-1) ?? PLAIN));
  }
  return found;
}

function after(pieces: readonly Piece[], base: number): Piece[] {
  const rest: Piece[] = [];
  let at = 0;
  for (const { text, style } of pieces) {
    const from = Math.max(0, base - at);
    if (from < text.length) rest.push({ text: text.slice(from), style });
    at += text.length;
  }
  return rest;
}

/** The pieces between two places of a line. */
export function cutPieces(pieces: readonly Piece[], from: number, to: number): Piece[] {
  const cut: Piece[] = [];
  let at = 0;
  for (const { text, style } of pieces) {
    const start = Math.max(from - at, 0);
    const end = Math.min(to - at, text.length);
    if (start < end) cut.push({ text: text.slice(start, end), style });
    at += text.length;
    if (at >= to) break;
  }
  return cut;
}

/** A line of the platform's own, which is dimmed. */
export function isPlatformLine(line: string): boolean {
  return /^(?:(?:START|Event|END|Report|REPORT|Init Report) RequestId: ?\S|INIT_START )/.test(line);
}

/** JSON that one line holds: an object or a list, after a prefix such as a time. */
export function jsonOf(line: string): { readonly at: number; readonly value: unknown } | undefined {
  if (line.length > 65_536) return undefined;
  const at = line.search(/[{[]/);
  if (at === -1 || at > 128 || !/[}\]]\s*$/.test(line)) return undefined;
  try {
    const value: unknown = JSON.parse(line.slice(at));
    return typeof value === "object" && value !== null && Object.keys(value).length > 0 ? { at, value } : undefined;
  } catch {
    return undefined;
  }
}

/** The time that a line begins with, in Unix milliseconds. */
export function timeOf(line: string): number | undefined {
  const match = /^[[(]?(\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?: ?(?:Z|[+-]\d\d:?\d\d))?)/.exec(line);
  if (match === null) return undefined;
  const ms = Date.parse(
    (match[1] as string)
      .replace(",", ".")
      .replace(/ (?=\d)/, "T")
      .replace(" ", ""),
  );
  return Number.isNaN(ms) ? undefined : ms;
}
