// Two answers beside each other in one column: removed, added, equal. Loaded when somebody compares.

import type { JSX } from "preact";
import { useMemo } from "preact/hooks";

import { useText } from "../../shared/i18n.ts";
import { history as words } from "../words.ts";
import { comparable, difference, DIFF_MAX, type Part } from "./diff.ts";

const SIGNS = { equal: " ", minus: "-", plus: "+", folded: " " } as const;

export default function DiffView({ before, after }: { readonly before: string; readonly after: string }): JSX.Element {
  const t = useText();
  const isLarge = before.length > DIFF_MAX || after.length > DIFF_MAX;
  const found = useMemo(
    () => (isLarge ? undefined : difference(comparable(before), comparable(after))),
    [before, after],
  );
  if (isLarge) return <p class="note warning">{t(words.large)}</p>;
  if (found === undefined) return <p class="note warning">{t(words.slow)}</p>;
  if (found.minus + found.plus === 0) return <p class="note ok">{t(words.same)}</p>;
  return (
    <div class="diff">
      <p class="quiet-text">{t(words.differ, { minus: found.minus, plus: found.plus })}</p>
      <pre class="diff-lines" tabIndex={0}>
        {found.parts.map((part, index) => (
          <Lines key={index} part={part} folded={t(words.equal_lines, { n: part.lines.length })} />
        ))}
      </pre>
    </div>
  );
}

function Lines({ part, folded }: { readonly part: Part; readonly folded: string }): JSX.Element {
  if (part.kind === "folded") return <span class="diff-folded">{`… ${folded}\n`}</span>;
  return <span class={`diff-${part.kind}`}>{part.lines.map((line) => `${SIGNS[part.kind]} ${line}\n`).join("")}</span>;
}
