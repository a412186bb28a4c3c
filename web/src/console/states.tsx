// What a view shows instead of rows: that it loads, that there is nothing, or what went wrong. Three different texts.

import type { ComponentChildren, JSX } from "preact";

import { explain } from "../shared/api.ts";
import { useText } from "../shared/i18n.ts";
import { shared } from "../shared/words.ts";
import { common as w } from "./words.ts";

export function Loading(): JSX.Element {
  const t = useText();
  return (
    <p class="state quiet-text" role="status">
      {t(shared.loading)}
    </p>
  );
}

export function Failed({ error, onRetry }: { readonly error: unknown; readonly onRetry: () => void }): JSX.Element {
  const t = useText();
  return (
    <div class="state" role="alert">
      <p class="note failed">
        <strong>{t(w.error)}</strong> {explain(error)}
      </p>
      <button type="button" class="button" onClick={onRetry}>
        {t(shared.retry)}
      </button>
    </div>
  );
}

export function Nothing({
  title,
  children,
}: {
  readonly title: string;
  readonly children?: ComponentChildren;
}): JSX.Element {
  return (
    <div class="state" role="status">
      <p class="state-title">{title}</p>
      {children}
    </div>
  );
}
