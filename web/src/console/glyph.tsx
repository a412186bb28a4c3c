// The state of a run: colour, shape and word together, so that none of them is needed alone.

import type { JSX } from "preact";

import { useText, type Text } from "../shared/i18n.ts";
import { common } from "./words.ts";

export type Mark = "ok" | "failed" | "running" | "late" | "quiet";

const PATHS: Readonly<Record<Mark, string>> = {
  ok: "M3 8.5 6.5 12 13 4.5",
  failed: "M4 4 12 12M12 4 4 12",
  running: "M8 2.5a5.5 5.5 0 1 0 5.5 5.5",
  late: "M8 3 14 13H2ZM8 7v3M8 11.6v.2",
  quiet: "M4 8h8",
};

export const MARK_WORDS: Readonly<Record<Mark, Text>> = {
  ok: common.ok,
  failed: common.failed,
  running: common.running,
  late: common.late,
  quiet: common.quiet,
};

/** A shape in its colour; the word is read aloud, or shown with `isNamed`. */
export function Glyph({ mark, isNamed = false }: { readonly mark: Mark; readonly isNamed?: boolean }): JSX.Element {
  const t = useText();
  const word = t(MARK_WORDS[mark]);
  return (
    <span class={`glyph ${mark}`} title={word}>
      <svg viewBox="0 0 16 16" width="14" height="14" aria-hidden="true">
        <path d={PATHS[mark]} />
      </svg>
      <span class={isNamed ? "" : "visually-hidden"}>{word}</span>
    </span>
  );
}

/** Hatches for failed runs and for buckets that the window cuts; drawings refer to them by `url(#...)`. */
export function Hatches(): JSX.Element {
  return (
    <svg class="off-screen" width="0" height="0" aria-hidden="true">
      <defs>
        <pattern id="hatch-failed" width="4" height="4" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
          <rect width="4" height="4" class="hatch-failed-ground" />
          <rect width="1.4" height="4" class="hatch-line" />
        </pattern>
        <pattern id="hatch-cut" width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(-45)">
          <rect width="5" height="5" class="hatch-cut-ground" />
          <rect width="2.2" height="5" class="hatch-line" />
        </pattern>
      </defs>
    </svg>
  );
}
