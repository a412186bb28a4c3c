// What came back: how it went, where the time went, body, headers, and the request as it was sent.

import type { JSX } from "preact";
import { useMemo, useState } from "preact/hooks";

import { CopyButton } from "../../shared/copy-button.tsx";
import { useText } from "../../shared/i18n.ts";
import { size } from "../history/history-view.tsx";
import type { Control } from "../state.ts";
import { call as words } from "../words.ts";
import { BigText } from "./big-text.tsx";
import type { Answer, Times } from "./send.ts";

interface Props {
  readonly answer: Answer;
  /** The request as text; absent for a call from the history. */
  readonly sent: string | undefined;
  readonly control: Control;
}

type Part = "body" | "headers" | "sent";

export function AnswerView({ answer, sent, control }: Props): JSX.Element {
  const t = useText();
  const [part, setPart] = useState<Part>("body");
  const [isRaw, setRaw] = useState(false);
  const pretty = useMemo(() => layOut(answer.text), [answer.text]);
  const headers = answer.headers.map(([name, value]) => `${name}: ${value}`).join("\n");
  const parts: readonly Part[] = sent === undefined ? ["body", "headers"] : ["body", "headers", "sent"];
  const body = isRaw || pretty === undefined ? answer.text : pretty;
  const shown = part === "body" ? body : part === "headers" ? headers : (sent ?? "");
  return (
    <section class="answer">
      <Summary answer={answer} control={control} />
      <TimeLine times={answer.times} />
      <div class="answer-bar">
        <div class="segments" role="group">
          {parts.map((one) => (
            <button key={one} type="button" aria-pressed={one === part} onClick={() => setPart(one)}>
              {t(words[one])}
            </button>
          ))}
        </div>
        <span class="answer-do">
          {part === "body" && pretty !== undefined && (
            <button type="button" class="button small" aria-pressed={isRaw} onClick={() => setRaw(!isRaw)}>
              {t(isRaw ? words.pretty : words.raw)}
            </button>
          )}
          <CopyButton text={shown} />
          {part === "body" && (
            <button type="button" class="button small" onClick={() => download(answer)}>
              {t(words.download)}
            </button>
          )}
        </span>
      </div>
      <BigText
        key={part}
        text={shown}
        label={t(words[part])}
        isJson={part === "body" && !isRaw && pretty !== undefined}
      />
    </section>
  );
}

function layOut(text: string): string | undefined {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return undefined;
  }
}

function download({ text, requestId }: Answer): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "application/json" }));
  link.download = `${requestId ?? "answer"}.json`;
  link.click();
  // The browser has taken the blob when the click returns.
  URL.revokeObjectURL(link.href);
}

function Summary({ answer, control }: Omit<Props, "sent">): JSX.Element {
  const t = useText();
  const { error, status } = answer;
  const isOk = error === undefined && status === 200;
  const total =
    answer.total === undefined || answer.rows === undefined
      ? undefined
      : t(words.rows_answered, { rows: answer.rows, total: answer.total });
  return (
    <div class={`note ${isOk ? "ok" : "failed"}`} role="status">
      <p class="answer-line">
        <strong class={isOk ? "state-ok" : "state-failed"}>{isOk ? t(words.ok) : t(words.failed)}</strong>
        <span>{`HTTP ${status}`}</span>
        <span>{size(answer.bytes)}</span>
        {total !== undefined && <span>{total}</span>}
        {answer.requestId !== undefined && <span class="mono answer-id">{answer.requestId}</span>}
      </p>
      {error !== undefined && (
        <>
          <p class="answer-error">
            <span class="mono">{error.code}</span>
            <bdi dir="auto">{error.message}</bdi>
          </p>
          <p class="answer-do">
            <button
              type="button"
              class="button small"
              onClick={() => control.visit({ tab: "errors", error: error.code })}
            >
              {t(words.see_code)}
            </button>
            {answer.requestId !== undefined && (
              <button
                type="button"
                class="button small"
                onClick={() => control.visit({ tab: "doctor", requestId: answer.requestId ?? "" })}
              >
                {t(words.ask_doctor)}
              </button>
            )}
          </p>
        </>
      )}
    </div>
  );
}

/** A stretch of the time line is never narrower than this share, or nobody sees it. */
const SHARE_MIN = 0.01;

function TimeLine({ times }: { readonly times: Times }): JSX.Element {
  const t = useText();
  const { signing_ms, network_ms, server_ms, receiving_ms, rows_read } = times;
  const parts = [
    { id: "signing", text: t(words.signing), ms: signing_ms },
    { id: "network", text: t(server_ms === undefined ? words.waiting : words.network), ms: network_ms },
    ...(server_ms === undefined ? [] : [{ id: "server", text: t(words.server), ms: server_ms }]),
    { id: "receiving", text: t(words.receiving), ms: receiving_ms },
  ];
  const total = parts.reduce((sum, { ms }) => sum + ms, 0);
  return (
    <figure class="timeline" aria-label={t(words.timeline)}>
      <div class="timeline-bar" aria-hidden="true">
        {parts.map(({ id, ms }) => (
          <span
            key={id}
            class={`timeline-${id}`}
            style={{ flexGrow: String(Math.max(SHARE_MIN, ms / Math.max(total, 0.001))) }}
          />
        ))}
      </div>
      <figcaption>
        {parts.map(({ id, text, ms }) => (
          <span key={id}>
            <i class={`timeline-${id}`} aria-hidden="true" />
            {`${text} ${ms.toFixed(1)} ms`}
          </span>
        ))}
        <strong>{`${total.toFixed(1)} ms`}</strong>
        {rows_read !== undefined && <span>{t(words.rows_read, { n: rows_read })}</span>}
      </figcaption>
    </figure>
  );
}
