// The difference of two answers, line by line, with equal stretches folded.

import { diffLines } from "diff";

export interface Part {
  readonly kind: "equal" | "minus" | "plus" | "folded";
  readonly lines: readonly string[];
}

export interface Difference {
  readonly parts: readonly Part[];
  readonly minus: number;
  readonly plus: number;
}

/** Equal lines shown before and after a difference. */
const CONTEXT = 3;
/** Answers over this are not compared, in UTF-16 units. */
export const DIFF_MAX = 1_000_000;
const TIMEOUT_MS = 2000;

/** JSON laid out for comparing; each answer has a RequestId of its own, which says nothing. */
export function comparable(text: string): string {
  try {
    const parsed = JSON.parse(text) as { Response?: { RequestId?: unknown } };
    if (typeof parsed.Response?.RequestId === "string") parsed.Response.RequestId = "";
    return JSON.stringify(parsed, null, 2);
  } catch {
    return text;
  }
}

/** `undefined` when it takes too long. */
export function difference(before: string, after: string): Difference | undefined {
  const changes = diffLines(before, after, { timeout: TIMEOUT_MS });
  if (changes === undefined) return undefined;
  const parts: Part[] = [];
  let [minus, plus] = [0, 0];
  changes.forEach((change, index) => {
    const lines = change.value.replace(/\n$/, "").split("\n");
    if (change.removed) minus += lines.length;
    if (change.added) plus += lines.length;
    if (change.removed || change.added) parts.push({ kind: change.removed ? "minus" : "plus", lines });
    else parts.push(...folded(lines, index === 0, index === changes.length - 1));
  });
  return { parts, minus, plus };
}

function folded(lines: readonly string[], isFirst: boolean, isLast: boolean): Part[] {
  const head = isFirst ? 0 : CONTEXT;
  const tail = isLast ? 0 : CONTEXT;
  if (lines.length <= head + tail + 1) return [{ kind: "equal", lines }];
  const middle = lines.slice(head, lines.length - tail);
  const parts: Part[] = [
    { kind: "equal", lines: lines.slice(0, head) },
    { kind: "folded", lines: middle },
    { kind: "equal", lines: lines.slice(lines.length - tail) },
  ];
  return parts.filter((part) => part.lines.length > 0);
}
