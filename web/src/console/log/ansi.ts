// Terminal sequences of a log. Colours become styles; every other sequence is taken out and counted. Nothing here makes
// HTML: a line becomes pieces of text with a style each.
//
// Nothing that a log prints can hide its text: a sequence ends with its line, and one that never ends is shown as text.

/** The colour of a piece: none, one of 256, or `RGB + r * 65536 + g * 256 + b`. */
export type Colour = number;
export const NONE: Colour = -1;
export const RGB = 0x1000000;

export const BOLD = 1;
export const DIM = 2;
export const ITALIC = 4;
export const UNDERLINE = 8;
export const INVERSE = 16;
export const STRIKE = 32;

export interface Style {
  readonly front: Colour;
  readonly back: Colour;
  /** `BOLD | DIM | ...`. */
  readonly flags: number;
}

export const PLAIN: Style = { front: NONE, back: NONE, flags: 0 };

export interface Piece {
  readonly text: string;
  readonly style: Style;
}

export interface Line {
  readonly pieces: readonly Piece[];
  /** The style that the next line begins with. */
  readonly end: Style;
  /** Sequences that are no colour, and were taken out. */
  readonly removed: number;
}

/**
 * A sequence: CSI with parameters; OSC, DCS, PM, APC or SOS up to their end; or a short one. The bounds keep a hostile line linear.
 */
const SEQUENCE =
  /(?:\x1b\[|\x9b)([0-9:;<=>?]{0,256})[ -/]{0,16}([@-~])|(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])[^\n\x07\x1b\x9c]{0,4096}(?:\x07|\x1b\\|\x9c)|\x1b[ -/]{0,16}[0-OQ-WYZ\\`-~]/g;

/** Whether a text may hold sequences at all. */
export function hasSequences(text: string): boolean {
  return /[\x1b\x90\x98\x9b\x9d-\x9f]/.test(text);
}

/** A text without its sequences. Lines stay lines. */
export function strip(text: string): string {
  return hasSequences(text) ? text.replace(SEQUENCE, "") : text;
}

/** The pieces of one line, which begins with the style that the line before ended with. */
export function parseLine(line: string, start: Style): Line {
  if (!hasSequences(line)) return { pieces: line === "" ? [] : [{ text: line, style: start }], end: start, removed: 0 };
  const pieces: Piece[] = [];
  let style = start;
  let removed = 0;
  let at = 0;
  const add = (text: string): void => {
    const last = pieces.at(-1);
    if (text === "") return;
    if (last !== undefined && last.style === style) pieces[pieces.length - 1] = { text: last.text + text, style };
    else pieces.push({ text, style });
  };
  for (const match of line.matchAll(SEQUENCE)) {
    add(line.slice(at, match.index));
    at = match.index + match[0].length;
    const [, parameters, final] = match;
    if (final === "m" && parameters !== undefined && !/[<=>?]/.test(parameters)) style = restyle(style, parameters);
    else removed += 1;
  }
  add(line.slice(at));
  return { pieces, end: style, removed };
}

/** The style after all sequences of a text. */
export function styleAfter(text: string, start: Style): Style {
  if (!hasSequences(text)) return start;
  let style = start;
  for (const [, parameters, final] of text.matchAll(SEQUENCE)) {
    if (final === "m" && parameters !== undefined && !/[<=>?]/.test(parameters)) style = restyle(style, parameters);
  }
  return style;
}

const FLAGS: Readonly<Record<number, number>> = { 1: BOLD, 2: DIM, 3: ITALIC, 4: UNDERLINE, 7: INVERSE, 9: STRIKE };
const CLEARS: Readonly<Record<number, number>> = { 22: BOLD | DIM, 23: ITALIC, 24: UNDERLINE, 27: INVERSE, 29: STRIKE };

function restyle(before: Style, parameters: string): Style {
  let { front, back, flags } = before;
  const numbers = parameters.split(/[;:]/).map((text) => (text === "" ? 0 : Number(text)));
  for (let at = 0; at < numbers.length; at += 1) {
    const number = numbers[at] as number;
    if (number === 0) [front, back, flags] = [NONE, NONE, 0];
    else if (number === 38 || number === 48) {
      const colour = extended(numbers, at + 1);
      at += colour.taken;
      if (number === 38) front = colour.value;
      else back = colour.value;
    } else if (number >= 30 && number <= 37) front = number - 30;
    else if (number >= 90 && number <= 97) front = number - 82;
    else if (number >= 40 && number <= 47) back = number - 40;
    else if (number >= 100 && number <= 107) back = number - 92;
    else if (number === 39) front = NONE;
    else if (number === 49) back = NONE;
    else flags = (flags | (FLAGS[number] ?? 0)) & ~(CLEARS[number] ?? 0);
  }
  const isSame = front === before.front && back === before.back && flags === before.flags;
  if (isSame) return before;
  return front === NONE && back === NONE && flags === 0 ? PLAIN : { front, back, flags };
}

function extended(numbers: readonly number[], at: number): { readonly value: Colour; readonly taken: number } {
  const byte = (value: number | undefined): number => Math.min(255, Math.max(0, value ?? 0));
  if (numbers[at] === 5) return { value: byte(numbers[at + 1]), taken: 2 };
  if (numbers[at] !== 2) return { value: NONE, taken: 0 };
  const [red, green, blue] = [numbers[at + 1], numbers[at + 2], numbers[at + 3]].map(byte) as [number, number, number];
  return { value: RGB + red * 65_536 + green * 256 + blue, taken: 4 };
}
