// A button that copies. When the browser does not allow it, the text is shown selected.

import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";

import { copyText } from "./clipboard.ts";
import { useText } from "./i18n.ts";
import { shared } from "./words.ts";

interface Props {
  /** What is copied; a function where it is dear to make. */
  readonly text: string | (() => string);
  readonly label?: string;
  readonly title?: string;
}

const CONFIRM_MS = 1500;

export function CopyButton({ text, label, title }: Props): JSX.Element {
  const t = useText();
  const [state, setState] = useState<"idle" | "copied" | "failed">("idle");
  const value = (): string => (typeof text === "function" ? text() : text);
  useEffect(() => {
    if (state !== "copied") return undefined;
    const timer = setTimeout(() => setState("idle"), CONFIRM_MS);
    return () => clearTimeout(timer);
  }, [state]);
  const copy = async (): Promise<void> => setState((await copyText(value())) ? "copied" : "failed");
  return (
    <>
      <button type="button" class="button small" title={title} onClick={() => void copy()}>
        {state === "copied" ? t(shared.copied) : (label ?? t(shared.copy))}
      </button>
      <span class="visually-hidden" role="status">
        {state === "copied" ? t(shared.copied) : ""}
      </span>
      {state === "failed" && <ByHand text={value()} onClose={() => setState("idle")} />}
    </>
  );
}

/** The text, selected, for a browser that does not let a page copy. */
export function ByHand({ text, onClose }: { readonly text: string; readonly onClose: () => void }): JSX.Element {
  const t = useText();
  const area = useRef<HTMLTextAreaElement>(null);
  useEffect(() => area.current?.select(), []);
  return (
    <div class="by-hand" role="dialog" aria-label={t(shared.copy)}>
      <p>{t(shared.copy_failed)}</p>
      <textarea ref={area} readOnly value={text} rows={6} />
      <button type="button" class="button" onClick={onClose}>
        {t(shared.close)}
      </button>
    </div>
  );
}
