// The signature, step by step and live, beside that of a pasted request.

import type { JSX } from "preact";
import { useMemo, useState } from "preact/hooks";

import { CopyButton } from "../../shared/copy-button.tsx";
import { language, languageTag, useText, type Translate } from "../../shared/i18n.ts";
import { useStore } from "../../shared/store.ts";
import { Choice } from "../call/call-tab.tsx";
import { KeyFields } from "../call/key-fields.tsx";
import { freshNonce, prepare, type Step } from "../call/prepare.ts";
import { credentials } from "../credentials.ts";
import { METHODS, SCHEMES, type Control, type Method, type Scheme } from "../state.ts";
import { call, signature as words } from "../words.ts";
import { firstDifference, readSteps, type Difference, type Reading } from "./compare.ts";
import { readPasted } from "./paste.ts";
import "./signature.css";

const nowSeconds = (): number => Math.floor(Date.now() / 1000);

export default function SignatureTab({ control }: { readonly control: Control }): JSX.Element {
  const t = useText();
  const { tables, state, edit } = control;
  const { secretId, secretKey } = useStore(credentials);
  const chosen = useStore(language);
  const [timestamp, setTimestamp] = useState(nowSeconds);
  const [nonce, setNonce] = useState(freshNonce);
  const [pasted, setPasted] = useState("");
  const [showKeys, setShowKeys] = useState(false);

  const read = useMemo(() => readPasted(pasted), [pasted]);
  const reading = useMemo(() => (read === undefined ? undefined : readSteps(read, secretKey)), [read, secretKey]);
  const signing = {
    version: tables.version,
    product: tables.product,
    host: location.host,
    secretId,
    secretKey,
    timestamp: reading?.timestamp ?? timestamp,
    nonce: reading?.nonce ?? nonce,
    language: languageTag(chosen),
  };
  const scheme = reading?.scheme ?? state.scheme;
  const { steps } = prepare({ ...state, scheme }, signing);
  const difference = reading === undefined ? undefined : firstDifference(steps, reading.steps);
  return (
    <div class="signature">
      <KeyFields />
      <div class="call-how">
        <Choice
          label={t(call.scheme)}
          options={SCHEMES}
          value={scheme}
          onChange={(next) => edit({ scheme: next as Scheme })}
        />
        <Choice
          label={t(call.method)}
          options={METHODS}
          value={state.method}
          onChange={(next) => edit({ method: next as Method })}
        />
        <Whole label={t(words.timestamp)} value={signing.timestamp} onChange={setTimestamp} />
        {scheme !== "TC3-HMAC-SHA256" && <Whole label={t(words.nonce)} value={signing.nonce} onChange={setNonce} />}
        <button type="button" class="button" onClick={() => setTimestamp(nowSeconds())}>
          {t(words.now)}
        </button>
      </div>
      <label class="paste">
        <span class="field-name">{t(words.paste)}</span>
        <textarea
          rows={4}
          spellcheck={false}
          value={pasted}
          placeholder={t(words.paste_what)}
          onInput={(event) => setPasted(event.currentTarget.value)}
        />
      </label>
      {pasted.trim() !== "" && read === undefined && <p class="note warning">{t(words.paste_unread)}</p>}
      {reading !== undefined && <Verdict reading={reading} difference={difference} steps={steps} />}
      {scheme === "TC3-HMAC-SHA256" && (
        <div>
          <label class="check">
            <input type="checkbox" checked={showKeys} onChange={(event) => setShowKeys(event.currentTarget.checked)} />
            {t(words.show_keys)}
          </label>
          <p class="field-doc">{t(words.show_keys_what)}</p>
        </div>
      )}
      <ol class="steps">
        {steps.map((step) => (
          <StepView
            key={step.id}
            step={step}
            theirs={reading?.steps.get(step.id)}
            isCompared={reading !== undefined}
            difference={difference}
            showKeys={showKeys}
          />
        ))}
      </ol>
    </div>
  );
}

function Whole({
  label,
  value,
  onChange,
}: {
  readonly label: string;
  readonly value: number;
  readonly onChange: (value: number) => void;
}): JSX.Element {
  return (
    <label class="choice">
      <span class="field-name">{label}</span>
      <input
        inputMode="numeric"
        value={String(value)}
        onInput={(event) => {
          if (/^\d{1,12}$/.test(event.currentTarget.value)) onChange(Number(event.currentTarget.value));
        }}
      />
    </label>
  );
}

interface VerdictProps {
  readonly reading: Reading;
  readonly difference: Difference | undefined;
  readonly steps: readonly Step[];
}

function Verdict({ reading, difference, steps }: VerdictProps): JSX.Element {
  const t = useText();
  const carried = reading.steps.get("signature");
  const title = steps.find((step) => step.id === difference?.step)?.title;
  return (
    <div role="status" class="verdict">
      {difference !== undefined && title !== undefined ? (
        <p class="note failed">
          {t(words.first_difference, { step: t(title), line: difference.line, column: difference.column })}
        </p>
      ) : (
        <p class="note ok">{t(words.no_difference)}</p>
      )}
      {reading.expected !== undefined && carried !== undefined && (
        <p class={`note ${reading.expected === carried ? "ok" : "failed"}`}>
          {reading.expected === carried ? t(words.own_right) : t(words.own_wrong, { expected: reading.expected })}
        </p>
      )}
      {reading.timestamp !== undefined && <p class="field-doc">{t(words.same_time)}</p>}
    </div>
  );
}

interface StepProps {
  readonly step: Step;
  readonly theirs: string | undefined;
  readonly isCompared: boolean;
  readonly difference: Difference | undefined;
  readonly showKeys: boolean;
}

function StepView({ step, theirs, isCompared, difference, showKeys }: StepProps): JSX.Element {
  const t = useText();
  const isFirst = difference?.step === step.id;
  const at = isFirst ? difference.at : undefined;
  const isHidden = step.isKey && !showKeys;
  return (
    <li class={isFirst ? "step first-difference" : "step"}>
      <div class="step-head">
        <h3>{t(step.title)}</h3>
        {step.value !== undefined && !isHidden && <CopyButton text={step.value} />}
      </div>
      <div class={isCompared && theirs !== undefined ? "step-sides" : undefined}>
        {isCompared && theirs !== undefined && <span class="step-side">{t(words.form_side)}</span>}
        <pre tabIndex={0}>{ours(step, isHidden, at, t)}</pre>
        {isCompared && theirs !== undefined && (
          <>
            <span class="step-side">{t(words.paste_side)}</span>
            <pre tabIndex={0}>{marked(theirs, at)}</pre>
          </>
        )}
      </div>
    </li>
  );
}

function ours(step: Step, isHidden: boolean, at: number | undefined, t: Translate): JSX.Element | string {
  if (step.value === undefined) return <span class="quiet-text">{t(words.needs_key)}</span>;
  return isHidden ? <span class="quiet-text">{t(words.hidden)}</span> : marked(step.value, at);
}

/** The text, with the first character that differs marked. At the end of the shorter text there is none: a bar shows where. */
function marked(text: string, at: number | undefined): JSX.Element | string {
  if (at === undefined) return text;
  const letter = text.slice(at, at + 1);
  return (
    <>
      {text.slice(0, at)}
      <mark class="difference">{letter === "" ? "▏" : letter === "\n" ? "↵\n" : letter === " " ? "␣" : letter}</mark>
      {text.slice(at + 1)}
    </>
  );
}
