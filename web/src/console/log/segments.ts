// A row of an output as segments: each has one style, and is a match, a link or a mark or none. Text only, never markup.

import type { Piece, Style } from "./ansi.ts";
import { markOf } from "./width.ts";

export interface Range {
  readonly from: number;
  readonly to: number;
}

export interface Segment {
  readonly text: string;
  readonly style: Style;
  /** Of a deceiving or invisible character: what is shown for it. */
  readonly mark?: string | undefined;
  readonly href?: string | undefined;
  readonly match?: "match" | "current" | undefined;
}

const LINK = /\bhttps?:\/\/[^\s"'<>`\\^{|}\x00-\x20\x7f-\xa0\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]+/g;

/** Addresses in a text, without the sentence's own punctuation after them. */
export function linksIn(text: string): Range[] {
  if (!text.includes("://")) return [];
  return [...text.matchAll(LINK)].map((match) => {
    const link = match[0].replace(/[.,;:!?)\]'"]+$/, "");
    return { from: match.index, to: match.index + link.length };
  });
}

export interface Over {
  readonly links: readonly Range[];
  readonly matches: readonly Range[];
  readonly current: Range | undefined;
  /** The whole shown text that the ranges are about. */
  readonly text: string;
  readonly hasMarks: boolean;
}

/** The segments between two places of a line. */
export function segments(pieces: readonly Piece[], from: number, to: number, over: Over): Segment[] {
  const found: Segment[] = [];
  let start = 0;
  for (const { text, style } of pieces) {
    const end = start + text.length;
    let at = Math.max(from, start);
    const last = Math.min(to, end);
    while (at < last) {
      const link = over.links.find((range) => range.from <= at && at < range.to);
      const match = over.matches.find((range) => range.from <= at && at < range.to);
      const mark = over.hasMarks ? markOf(over.text.charCodeAt(at)) : undefined;
      let next =
        mark === undefined
          ? Math.min(last, link?.to ?? nextStart(over.links, at), match?.to ?? nextStart(over.matches, at))
          : at + 1;
      if (mark === undefined && over.hasMarks) next = beforeMark(over.text, at, next);
      found.push({
        text: over.text.slice(at, next),
        style,
        mark,
        href: link === undefined ? undefined : over.text.slice(link.from, link.to),
        match: match === undefined ? undefined : match.from === over.current?.from ? "current" : "match",
      });
      at = next;
    }
    start = end;
    if (start >= to) break;
  }
  return found;
}

function nextStart(ranges: readonly Range[], at: number): number {
  return ranges.find((range) => range.from > at)?.from ?? Number.POSITIVE_INFINITY;
}

const MARKED = /[\x00-\x08\x0a-\x1f\x7f-\x9f\xad\u061c\u200b\u200c\u200e\u200f\u2028-\u202e\u2060\u2066-\u2069\ufeff]/g;

function beforeMark(text: string, at: number, end: number): number {
  MARKED.lastIndex = at;
  const match = MARKED.exec(text);
  return match === null ? end : Math.min(end, match.index);
}
