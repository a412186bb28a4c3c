// The difference of two outputs as rows: equal ones folded, changed ones beside each other.

import { diffArrays } from "diff";

import { strip } from "../../log/ansi.ts";
import { masked, type Masks } from "./masks.ts";

/** A run of lines that are equal, or that only one side has. Lines are counted from 0; `count` of each side. */
export interface Block {
  readonly kind: "same" | "changed";
  readonly a: number;
  readonly aCount: number;
  readonly b: number;
  readonly bCount: number;
}

export interface Difference {
  readonly a: readonly string[];
  readonly b: readonly string[];
  readonly blocks: readonly Block[];
  /** Whether the time was too short: then everything between equal ends is one change. */
  readonly isRough: boolean;
}

const TIME_MAX_MS = 2500;

export function linesOf(text: string): string[] {
  const lines = strip(text).split(/\r?\n/);
  if (lines.at(-1) === "") lines.pop();
  return lines;
}

/** Compares two outputs line by line. */
export function difference(textA: string, textB: string, masks: Masks, time_ms: number = TIME_MAX_MS): Difference {
  const [a, b] = [linesOf(textA), linesOf(textB)];
  const [left, right] = [a, b].map((lines) => lines.map((line) => masked(line, masks))) as [string[], string[]];
  const changes = diffArrays(left, right, { timeout: time_ms });
  if (changes === undefined) return { a, b, blocks: roughly(left, right), isRough: true };
  const blocks: Block[] = [];
  let [atA, atB] = [0, 0];
  for (const { added, removed, count } of changes) {
    const last = blocks.at(-1);
    const isSame = !added && !removed;
    const [countA, countB] = [added ? 0 : count, removed ? 0 : count];
    if (!isSame && last?.kind === "changed") {
      blocks[blocks.length - 1] = { ...last, aCount: last.aCount + countA, bCount: last.bCount + countB };
    } else blocks.push({ kind: isSame ? "same" : "changed", a: atA, aCount: countA, b: atB, bCount: countB });
    atA += countA;
    atB += countB;
  }
  return { a, b, blocks, isRough: false };
}

/** Equal lines at both ends, and one change between them. */
function roughly(a: readonly string[], b: readonly string[]): Block[] {
  const most = Math.min(a.length, b.length);
  let head = 0;
  while (head < most && a[head] === b[head]) head += 1;
  let tail = 0;
  while (tail < most - head && a[a.length - 1 - tail] === b[b.length - 1 - tail]) tail += 1;
  const blocks: Block[] = [
    { kind: "same", a: 0, aCount: head, b: 0, bCount: head },
    { kind: "changed", a: head, aCount: a.length - head - tail, b: head, bCount: b.length - head - tail },
    { kind: "same", a: a.length - tail, aCount: tail, b: b.length - tail, bCount: tail },
  ];
  return blocks.filter(({ aCount, bCount }) => aCount + bCount > 0);
}

/** A row of the drawn comparison; a side without a line is absent. */
export type DiffRow =
  | { readonly kind: "same" | "changed"; readonly a: number | undefined; readonly b: number | undefined }
  | { readonly kind: "fold"; readonly block: number; readonly lines: number };

const CONTEXT = 3;

/** The rows of a comparison. `isSplit` puts changed lines beside each other; blocks in `unfolded` are shown whole. */
export function rowsOf(blocks: readonly Block[], isSplit: boolean, unfolded: ReadonlySet<number>): DiffRow[] {
  const rows: DiffRow[] = [];
  blocks.forEach((block, index) => {
    if (block.kind === "changed") {
      const { a, aCount, b, bCount } = block;
      const height = isSplit ? Math.max(aCount, bCount) : aCount + bCount;
      for (let at = 0; at < height; at += 1) {
        if (isSplit)
          rows.push({ kind: "changed", a: at < aCount ? a + at : undefined, b: at < bCount ? b + at : undefined });
        else
          rows.push({
            kind: "changed",
            a: at < aCount ? a + at : undefined,
            b: at < aCount ? undefined : b + at - aCount,
          });
      }
      return;
    }
    const head = index === 0 ? 0 : CONTEXT;
    const tail = index === blocks.length - 1 ? 0 : CONTEXT;
    const hidden = block.aCount - head - tail;
    const isFolded = hidden > 2 && !unfolded.has(index);
    for (let at = 0; at < block.aCount; at += 1) {
      if (isFolded && at === head) {
        rows.push({ kind: "fold", block: index, lines: hidden });
        at += hidden - 1;
      } else rows.push({ kind: "same", a: block.a + at, b: block.b + at });
    }
  });
  return rows;
}

/** The part in which two short lines differ; `undefined` for long ones. */
export function changedPart(line: string, other: string): { readonly from: number; readonly to: number } | undefined {
  const SHORT_MAX = 200;
  if (line.length > SHORT_MAX || other.length > SHORT_MAX) return undefined;
  const most = Math.min(line.length, other.length);
  let from = 0;
  while (from < most && line[from] === other[from]) from += 1;
  let tail = 0;
  while (tail < most - from && line[line.length - 1 - tail] === other[other.length - 1 - tail]) tail += 1;
  // A mark over all of a line says nothing.
  return from === 0 && tail === 0 ? undefined : { from, to: line.length - tail };
}
