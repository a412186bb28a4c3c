// A program with its colours. One small tokeniser for all languages: comments, texts, numbers and words.

import type { ComponentChildren, JSX } from "preact";

import { CopyButton } from "../../shared/copy-button.tsx";

interface Props {
  readonly text: string;
  readonly keywords?: string;
  readonly comment?: string;
  readonly label?: string;
  /** Shown in the row of the copy button, such as a file name. */
  readonly title?: string;
}

export function CodeView({ text, keywords = "", comment = "", label, title }: Props): JSX.Element {
  return (
    <div class="code-view">
      <div class="code-copy">
        {title !== undefined && <h3>{title}</h3>}
        <CopyButton text={text} />
      </div>
      <pre tabIndex={0} role="region" aria-label={label}>
        <code>{colour(text, new Set(keywords.split(" ")), comment)}</code>
      </pre>
    </div>
  );
}

/** Colouring a program that somebody filled with a megabyte is not worth the wait. */
const COLOUR_MAX = 100_000;

function colour(text: string, keywords: ReadonlySet<string>, comment: string): ComponentChildren {
  if (text.length > COLOUR_MAX) return text;
  const start = comment.replace(/[#/]/g, "\\$&");
  const comments = comment === "" ? "" : `(?<comment>(?<=^|\\s)${start}.*$)|`;
  const token = new RegExp(
    `${comments}(?<text>"(?:[^"\\\\\\n]|\\\\.)*"|'(?:[^'\\\\]|\\\\.)*')|(?<number>\\b\\d[\\d.]*\\b)|(?<word>[A-Za-z_]\\w*)`,
    "gm",
  );
  const parts: ComponentChildren[] = [];
  let done = 0;
  for (const match of text.matchAll(token)) {
    const kind = kindOf(match.groups ?? {}, keywords);
    if (kind === undefined) continue;
    parts.push(text.slice(done, match.index), <span class={`code-${kind}`}>{match[0]}</span>);
    done = match.index + match[0].length;
  }
  parts.push(text.slice(done));
  return parts;
}

function kindOf(
  groups: Readonly<Record<string, string | undefined>>,
  keywords: ReadonlySet<string>,
): string | undefined {
  if (groups.comment !== undefined) return "comment";
  if (groups.text !== undefined) return "text";
  if (groups.number !== undefined) return "number";
  return groups.word !== undefined && keywords.has(groups.word) ? "key" : undefined;
}
