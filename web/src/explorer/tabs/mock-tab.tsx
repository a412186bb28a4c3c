// The sample answer, and the address that gives it to a program.

import type { JSX } from "preact";
import { useState } from "preact/hooks";

import { explain } from "../../shared/api.ts";
import { CopyButton } from "../../shared/copy-button.tsx";
import { useText } from "../../shared/i18n.ts";
import { CodeView } from "../code/view.tsx";
import type { Control } from "../state.ts";
import { mock as words } from "../words.ts";

export default function MockTab({ control }: { readonly control: Control }): JSX.Element {
  const t = useText();
  const [message, setMessage] = useState("");
  const { action } = control.state;
  const url = `${location.origin}/mock/${action.name}`;
  const answer = JSON.stringify(action.sample_response, null, 2);
  const fetchIt = async (): Promise<void> => {
    try {
      const response = await fetch(url, { credentials: "omit" });
      const text = await response.text();
      const isSame = response.ok && same(text, action.sample_response);
      setMessage(isSame ? t(words.same) : t(words.other, { status: response.status }));
    } catch (error) {
      setMessage(explain(error));
    }
  };
  return (
    <div class="tab-stack">
      <p>{t(words.what)}</p>
      <div class="mock-url">
        <span class="field-name">{t(words.url)}</span>
        <code>{url}</code>
        <CopyButton text={url} />
        <button type="button" class="button small" onClick={() => void fetchIt()}>
          {t(words.fetch)}
        </button>
      </div>
      <p role="status">{message}</p>
      <p>{t(words.sdk, { endpoint: `${location.host}/mock` })}</p>
      <CodeView text={answer} keywords="true false null" label={t(words.answer)} title={t(words.answer)} />
    </div>
  );
}

function same(text: string, value: unknown): boolean {
  try {
    return JSON.stringify(JSON.parse(text)) === JSON.stringify(value);
  } catch {
    return false;
  }
}
