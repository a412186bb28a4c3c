// Searching a log. All of it is searched and every match counted; what is on the screen does not matter.

export interface Needle {
  readonly text: string;
  readonly isExpression: boolean;
  readonly isCaseSensitive: boolean;
}

/** Matches as places in the searched text: start and end of the first, of the second, and so on. */
export type Matches = Uint32Array;

/** What lines of trouble have in common. */
export const TROUBLE: Needle = {
  text: String.raw`\b(?:error|exception|traceback|fatal|panic(?:ked)?|critical|failed|failure|segfault|killed)\b|\bE\d{4} `,
  isExpression: true,
  isCaseSensitive: false,
};

/** The expression that a needle is. Throws `SyntaxError` for a wrong one. */
export function expressionOf({ text, isExpression, isCaseSensitive }: Needle): RegExp {
  const source = isExpression ? text : text.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&");
  return new RegExp(source, isCaseSensitive ? "gm" : "gim");
}

/** Every match in `text`; empty matches are none. */
export function findAll(text: string, needle: Needle): Matches {
  if (needle.text === "") return new Uint32Array(0);
  if (!needle.isExpression && needle.isCaseSensitive) return findPlain(text, needle.text);
  const found = new Growing();
  const expression = expressionOf(needle);
  for (let match = expression.exec(text); match !== null; match = expression.exec(text)) {
    if (match[0].length > 0) found.add(match.index, match.index + match[0].length);
    else expression.lastIndex += 1;
  }
  return found.taken();
}

function findPlain(text: string, word: string): Matches {
  const found = new Growing();
  for (let at = text.indexOf(word); at !== -1; at = text.indexOf(word, at + word.length))
    found.add(at, at + word.length);
  return found.taken();
}

class Growing {
  #values = new Uint32Array(256);
  #count = 0;

  add(start: number, end: number): void {
    if (this.#count + 2 > this.#values.length) {
      const larger = new Uint32Array(this.#values.length * 2);
      larger.set(this.#values);
      this.#values = larger;
    }
    this.#values[this.#count] = start;
    this.#values[this.#count + 1] = end;
    this.#count += 2;
  }

  taken(): Uint32Array {
    return this.#values.slice(0, this.#count);
  }
}

/** The number of the first match that ends after `offset`; the number of matches where none does. */
export function firstAfter(matches: Matches, offset: number): number {
  let low = 0;
  let high = matches.length / 2;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((matches[middle * 2 + 1] as number) > offset) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** The lines of matches, each once, ascending. */
export function matchLines(matches: Matches, lineOf: (offset: number) => number): Uint32Array {
  const lines = new Uint32Array(matches.length / 2);
  let count = 0;
  for (let at = 0; at < matches.length; at += 2) {
    const line = lineOf(matches[at] as number);
    if (count === 0 || lines[count - 1] !== line) {
      lines[count] = line;
      count += 1;
    }
  }
  return lines.slice(0, count);
}

/** Those lines with some around each, ascending, each once. */
export function withContext(lines: Uint32Array, around: number, total: number): Uint32Array {
  const shown = new Uint32Array(Math.min(total, lines.length * (2 * around + 1)));
  let count = 0;
  let next = 0;
  for (const line of lines) {
    const last = Math.min(total - 1, line + around);
    for (let at = Math.max(next, line - around); at <= last; at += 1) {
      shown[count] = at;
      count += 1;
    }
    next = Math.max(next, last + 1);
  }
  return shown.slice(0, count);
}
