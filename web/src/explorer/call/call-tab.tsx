// The online call: signed here, sent to this server, measured.

import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";

import { explain, isAbort } from "../../shared/api.ts";
import { language, languageTag, useText } from "../../shared/i18n.ts";
import { useStore } from "../../shared/store.ts";
import { credentials, isComplete } from "../credentials.ts";
import type { Problem } from "../form/check.ts";
import { form as formWords } from "../form/words.ts";
import { addCall } from "../history/history.ts";
import { HistoryView } from "../history/history-view.tsx";
import { METHODS, SCHEMES, writeState, type Control, type Method, type Scheme } from "../state.ts";
import { call as words, keys } from "../words.ts";
import { AnswerView } from "./answer-view.tsx";
import { KeyFields } from "./key-fields.tsx";
import { asText, freshNonce, prepare } from "./prepare.ts";
import { send, type Answer } from "./send.ts";

interface Props {
  readonly control: Control;
  readonly problems: readonly Problem[];
}

type Progress =
  | { readonly kind: "none" }
  | { readonly kind: "sending" }
  | { readonly kind: "done"; readonly answer: Answer; readonly sent: string | undefined }
  | { readonly kind: "failed"; readonly reason: string };

export function CallTab({ control, problems }: Props): JSX.Element {
  const t = useText();
  const key = useStore(credentials);
  const chosen = useStore(language);
  const [progress, setProgress] = useState<Progress>({ kind: "none" });
  const [complaint, setComplaint] = useState<"none" | "key" | "form">("none");
  const running = useRef<AbortController | undefined>(undefined);
  const { tables, state } = control;

  useEffect(() => () => running.current?.abort(), []);
  useEffect(() => setProgress({ kind: "none" }), [state.action.name]);

  const run = async (isForced: boolean): Promise<void> => {
    if (!isComplete(key)) return setComplaint("key");
    if (problems.length > 0 && !isForced) return setComplaint("form");
    setComplaint("none");
    running.current?.abort();
    const abort = new AbortController();
    running.current = abort;
    setProgress({ kind: "sending" });
    const begin = performance.now();
    const signing = {
      version: tables.version,
      product: tables.product,
      host: location.host,
      secretId: key.secretId,
      secretKey: key.secretKey,
      timestamp: Math.floor(Date.now() / 1000),
      nonce: freshNonce(),
      language: languageTag(chosen),
    };
    const request = prepare(state, signing);
    const signing_ms = performance.now() - begin;
    try {
      const answer = await send(request, signing_ms, abort.signal);
      addCall(writeState(tables, state), state.action.name, answer);
      setProgress({ kind: "done", answer, sent: asText(request, signing.host) });
    } catch (error) {
      setProgress(isAbort(error) ? { kind: "none" } : { kind: "failed", reason: explain(error) });
    }
  };

  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || event.isComposing) return;
      event.preventDefault();
      void run(false);
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  });

  const limit = state.action.rate_limit;
  return (
    <div class="call">
      <KeyFields />
      <div class="call-how">
        <Choice
          label={t(words.scheme)}
          options={SCHEMES}
          value={state.scheme}
          onChange={(scheme) => control.edit({ scheme: scheme as Scheme })}
        />
        <Choice
          label={t(words.method)}
          options={METHODS}
          value={state.method}
          onChange={(method) => control.edit({ method: method as Method })}
        />
        {progress.kind === "sending" ? (
          <button type="button" class="button" onClick={() => running.current?.abort()}>
            {t(words.cancel)}
          </button>
        ) : (
          <button type="button" class="button primary" onClick={() => void run(false)}>
            {t(words.send)}
          </button>
        )}
      </div>
      <p class="field-doc">{limit > 0 ? t(words.counts, { n: limit }) : t(words.counts_unlimited)}</p>
      <div role="alert">
        {complaint === "key" && !isComplete(key) && <p class="note failed">{t(keys.needed)}</p>}
        {complaint === "form" && problems.length > 0 && (
          <div class="note failed">
            <p>{t(formWords.problems, { n: problems.length })}</p>
            <ul class="plain-list">
              {problems.map((problem) => (
                <li key={problem.path + problem.code}>
                  <a href={`#input-${problem.path}`} onClick={(event) => focusField(event, problem.path)} class="mono">
                    {problem.path}
                  </a>{" "}
                  {t(problem.text, problem.values)}
                </li>
              ))}
            </ul>
            <button type="button" class="button small" onClick={() => void run(true)}>
              {t(words.send_anyway)}
            </button>
          </div>
        )}
      </div>
      {progress.kind === "none" && <p class="quiet-text">{t(words.nothing_yet)}</p>}
      {progress.kind === "sending" && <p class="quiet-text">{t(words.sending)}</p>}
      {progress.kind === "failed" && <p class="note failed">{t(words.unreachable, { reason: progress.reason })}</p>}
      {progress.kind === "done" && <AnswerView answer={progress.answer} sent={progress.sent} control={control} />}
      <HistoryView
        onShow={(one) => one.answer !== undefined && setProgress({ kind: "done", answer: one.answer, sent: undefined })}
      />
    </div>
  );
}

/** Focuses a field of the form instead of changing the URL. */
export function focusField(event: Event | undefined, path: string): void {
  event?.preventDefault();
  const field = document.getElementById(`input-${path}`) ?? document.getElementById(`field-${path}`);
  field?.scrollIntoView({ block: "center" });
  field?.focus();
}

interface ChoiceProps {
  readonly label: string;
  readonly options: readonly string[];
  readonly value: string;
  readonly onChange: (value: string) => void;
}

export function Choice({ label, options, value, onChange }: ChoiceProps): JSX.Element {
  return (
    <label class="choice">
      <span class="field-name">{label}</span>
      <select value={value} onChange={(event) => onChange(event.currentTarget.value)}>
        {options.map((option) => (
          <option key={option} value={option}>
            {option}
          </option>
        ))}
      </select>
    </label>
  );
}
