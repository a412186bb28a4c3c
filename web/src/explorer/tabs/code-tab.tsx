// The call as a program, in eleven languages.

import type { JSX } from "preact";

import { language, languageTag, useText } from "../../shared/i18n.ts";
import { useStore } from "../../shared/store.ts";
import type { Generator } from "../code/call.ts";
import { GENERATORS } from "../code/generators.ts";
import { CodeView } from "../code/view.tsx";
import { toJson } from "../form/values.ts";
import type { Control } from "../state.ts";
import { code as words } from "../words.ts";

export default function CodeTab({ control }: { readonly control: Control }): JSX.Element {
  const t = useText();
  const chosen = useStore(language);
  const { tables, state, edit } = control;
  const generator = GENERATORS.find((one) => one.id === state.code) ?? (GENERATORS[0] as Generator);
  const scheme = location.protocol === "https:" ? "https" : "http";
  const text = generator.generate({
    action: state.action,
    version: tables.version,
    region: state.region,
    scheme,
    host: location.host,
    params: toJson(state.action.params, state.values),
    language: languageTag(chosen),
  });
  return (
    <div class="tab-stack">
      <div class="segments" role="group" aria-label={t(words.language)}>
        {GENERATORS.map(({ id, name }) => (
          <button key={id} type="button" aria-pressed={id === generator.id} onClick={() => edit({ code: id })}>
            {name}
          </button>
        ))}
      </div>
      <p class="field-doc">{t(words.variables)}</p>
      <CodeView
        text={text}
        keywords={generator.keywords}
        comment={generator.comment}
        label={generator.file}
        title={generator.file}
      />
      <CodeView text={prepareText(generator)} comment="#" label={t(words.prepare)} title={t(words.prepare)} />
      {scheme === "https" && <p class="field-doc">{t(words.certificate)}</p>}
    </div>
  );
}

function prepareText({ run }: Generator): string {
  return `export TENCENTCLOUD_SECRET_ID=... TENCENTCLOUD_SECRET_KEY=...\n${run}\n`;
}
