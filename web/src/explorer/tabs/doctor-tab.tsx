// Why a request was refused: the server's doctor, in the page's language.

import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";

import { ApiError, explain, post } from "../../shared/api.ts";
import { useText, type Text } from "../../shared/i18n.ts";
import { Rich } from "../../shared/rich.tsx";
import { KeyFields } from "../call/key-fields.tsx";
import { nativeHeaders } from "../credentials.ts";
import type { Control } from "../state.ts";
import { doctor as words } from "../words.ts";

interface Finding {
  readonly kind: string;
  readonly expected: string;
  readonly found: string;
  readonly is_proven: boolean;
  readonly text: Text;
}

interface Diagnosis {
  readonly scheme: string;
  readonly steps: readonly { readonly name: string; readonly expected: string; readonly sent: string | null }[];
  readonly findings: readonly Finding[];
}

export default function DoctorTab({ control }: { readonly control: Control }): JSX.Element {
  const t = useText();
  const { state, edit } = control;
  const [request, setRequest] = useState("");
  const [diagnosis, setDiagnosis] = useState<Diagnosis | undefined>();
  const [message, setMessage] = useState("");
  const [isBusy, setBusy] = useState(false);

  const run = async (): Promise<void> => {
    setBusy(true);
    setMessage("");
    setDiagnosis(undefined);
    try {
      const asked = request.trim() === "" ? { request_id: state.requestId.trim() } : { request };
      setDiagnosis(await post<Diagnosis>("/api/v1/doctor", asked, { headers: nativeHeaders() }));
    } catch (error) {
      const isMissing = error instanceof ApiError && error.status === 404 && error.code === "NotFound";
      setMessage(isMissing ? t(words.missing) : explain(error));
    } finally {
      setBusy(false);
    }
  };
  // A link from a refused call names its request: it is looked at at once.
  useEffect(() => {
    if (state.requestId !== "") void run();
  }, []);

  const isEmpty = request.trim() === "" && state.requestId.trim() === "";
  return (
    <div class="tab-stack">
      <p>{t(words.what)}</p>
      <label class="paste">
        <span class="field-name">{t(words.request)}</span>
        <textarea
          rows={7}
          spellcheck={false}
          value={request}
          onInput={(event) => setRequest(event.currentTarget.value)}
        />
      </label>
      <label class="paste">
        <span class="field-name">{t(words.request_id)}</span>
        <input
          class="mono"
          value={state.requestId}
          spellcheck={false}
          onInput={(event) => edit({ requestId: event.currentTarget.value })}
        />
      </label>
      <KeyFields />
      <p>
        <button type="button" class="button primary" disabled={isBusy || isEmpty} onClick={() => void run()}>
          {t(isBusy ? words.running : words.run)}
        </button>
      </p>
      <div role="alert">{message !== "" && <p class="note failed">{message}</p>}</div>
      {diagnosis !== undefined && <Found diagnosis={diagnosis} />}
    </div>
  );
}

function Found({ diagnosis }: { readonly diagnosis: Diagnosis }): JSX.Element {
  const t = useText();
  return (
    <section class="tab-stack" role="status">
      {diagnosis.findings.map((finding, index) => (
        <FindingView key={index} finding={finding} />
      ))}
      {diagnosis.steps.length > 0 && (
        <details>
          <summary>{`${t(words.steps)} (${diagnosis.scheme})`}</summary>
          <dl class="doctor-steps">
            {diagnosis.steps.map((step) => (
              <div key={step.name}>
                <dt>{step.name}</dt>
                <dd>
                  <pre>{step.expected}</pre>
                  {step.sent !== null && step.sent !== step.expected && <pre class="doctor-sent">{step.sent}</pre>}
                </dd>
              </div>
            ))}
          </dl>
        </details>
      )}
    </section>
  );
}

function FindingView({ finding }: { readonly finding: Finding }): JSX.Element {
  const t = useText();
  const isFine = finding.kind === "fine";
  const tone = isFine ? "ok" : finding.is_proven ? "failed" : "warning";
  const certainty = isFine ? words.fine : finding.is_proven ? words.proven : words.suspected;
  return (
    <article class={`note ${tone}`}>
      <p class="answer-line">
        <strong>{t(certainty)}</strong>
        <span class="mono">{finding.kind}</span>
      </p>
      <p>
        <Rich text={t(finding.text)} />
      </p>
      {(finding.expected !== "" || finding.found !== "") && (
        <dl class="doctor-pair">
          <dt>{t(words.expected)}</dt>
          <dd class="mono">{finding.expected}</dd>
          <dt>{t(words.found)}</dt>
          <dd class="mono">{finding.found}</dd>
        </dl>
      )}
    </article>
  );
}
