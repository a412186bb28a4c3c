// How often the action may be called, what a policy must allow, and whether the present key may call it.

import type { JSX } from "preact";
import { useState } from "preact/hooks";

import { ApiError, explain, get } from "../../shared/api.ts";
import { useText } from "../../shared/i18n.ts";
import { KeyFields } from "../call/key-fields.tsx";
import { CodeView } from "../code/view.tsx";
import { nativeHeaders } from "../credentials.ts";
import type { Control } from "../state.ts";
import { limits as words } from "../words.ts";

interface Allowed {
  readonly allowed: boolean;
  readonly root?: boolean;
  readonly resource: string;
  readonly statement: unknown;
}

export default function LimitsTab({ control }: { readonly control: Control }): JSX.Element {
  const t = useText();
  const { action, region, values } = control.state;
  const [answer, setAnswer] = useState<Allowed | undefined>();
  const [message, setMessage] = useState("");
  const namespace = values.Namespace || "default";
  const functionName = values.FunctionName || "*";
  const isFunction = action.level === "function";
  const resource = isFunction ? `qcs::scf:${region}:uin/*:namespace/${namespace}/function/${functionName}` : "*";
  const policy = { version: "2.0", statement: [{ effect: "allow", action: [action.cam], resource }] };
  const ask = async (): Promise<void> => {
    setAnswer(undefined);
    setMessage("");
    const query = {
      action: action.cam,
      region,
      namespace: isFunction ? namespace : undefined,
      function: isFunction ? values.FunctionName : undefined,
    };
    try {
      setAnswer(await get<Allowed>("/api/v1/allowed", { query, headers: nativeHeaders() }));
    } catch (error) {
      setMessage(error instanceof ApiError && error.status === 404 ? t(words.unknown) : explain(error));
    }
  };
  return (
    <div class="tab-stack">
      <h3>{t(words.rate)}</h3>
      <p>{action.rate_limit > 0 ? t(words.rate_is, { n: action.rate_limit }) : t(words.rate_none)}</p>
      <p class="field-doc">{t(words.rate_what)}</p>
      <h3>{t(words.cam)}</h3>
      <dl class="facts">
        <dt>{t(words.operation)}</dt>
        <dd class="mono">{action.cam}</dd>
        <dt>{t(words.resource)}</dt>
        <dd>
          <span class="mono">{resource}</span>
          <div class="field-doc">{t(isFunction ? words.level_function : words.level_account)}</div>
        </dd>
      </dl>
      <CodeView text={JSON.stringify(policy, null, 2)} label={t(words.policy)} title={t(words.policy)} />
      <h3>{t(words.check)}</h3>
      <p class="field-doc">{t(words.check_what)}</p>
      <KeyFields />
      <p>
        <button type="button" class="button" onClick={() => void ask()}>
          {t(words.check)}
        </button>
      </p>
      <div role="status">
        {message !== "" && <p class="note warning">{message}</p>}
        {answer !== undefined && <Verdict answer={answer} />}
      </div>
    </div>
  );
}

function Verdict({ answer }: { readonly answer: Allowed }): JSX.Element {
  const t = useText();
  const hasStatement = answer.statement !== null && answer.statement !== undefined;
  return (
    <div class={`note ${answer.allowed ? "ok" : "failed"}`}>
      <p>
        <strong>{t(answer.allowed ? words.allowed : words.denied)}</strong> <span class="mono">{answer.resource}</span>
      </p>
      {hasStatement ? (
        <>
          <p>{t(words.statement)}</p>
          <pre>{JSON.stringify(answer.statement, null, 2)}</pre>
        </>
      ) : (
        <p>{t(answer.allowed ? words.root : words.no_statement)}</p>
      )}
    </div>
  );
}
