// Calls of this tab. What was asked stays over a reload, what was answered does not: it may be large, and is the person's data.

import { keepForTab, keptForTab } from "../../shared/memory.ts";
import { Store } from "../../shared/store.ts";
import type { Answer } from "../call/send.ts";

export interface Call {
  readonly id: number;
  readonly at_ms: number;
  /** The query of the Explorer's URL: the whole form, without a secret. */
  readonly query: string;
  readonly action: string;
  /** `ok`, the code of the refusal, or the HTTP status of something else. */
  readonly result: string;
  readonly isOk: boolean;
  readonly duration_ms: number;
  readonly bytes: number;
  readonly requestId: string | undefined;
  /** Absent after a reload. */
  readonly answer?: Answer;
}

const KEY = "explorer.history";
const CALLS_MAX = 50;
/** Answers kept in memory, in bytes; the oldest go first. */
const ANSWERS_MAX_BYTES = 64_000_000;

export const calls = new Store<readonly Call[]>(initial());

function initial(): readonly Call[] {
  try {
    const kept: unknown = JSON.parse(keptForTab(KEY) ?? "[]");
    return Array.isArray(kept) ? kept.filter(isCall) : [];
  } catch {
    return [];
  }
}

function isCall(value: unknown): value is Call {
  return (
    typeof value === "object" && value !== null && "id" in value && "query" in value && typeof value.query === "string"
  );
}

/** Adds a call, the newest first. */
export function addCall(query: string, action: string, answer: Answer): Call {
  const { times } = answer;
  const call: Call = {
    id: Math.max(0, ...calls.get().map((one) => one.id)) + 1,
    at_ms: Date.now(),
    query,
    action,
    result: answer.error?.code ?? (answer.status === 200 ? "ok" : `HTTP ${answer.status}`),
    isOk: answer.error === undefined && answer.status === 200,
    duration_ms: times.signing_ms + times.network_ms + (times.server_ms ?? 0) + times.receiving_ms,
    bytes: answer.bytes,
    requestId: answer.requestId,
    answer,
  };
  let room = ANSWERS_MAX_BYTES;
  const kept = [call, ...calls.get()].slice(0, CALLS_MAX).map((one) => {
    room -= one.answer?.bytes ?? 0;
    return room >= 0 ? one : withoutAnswer(one);
  });
  change(kept);
  return call;
}

export function clearCalls(): void {
  change([]);
}

function withoutAnswer({ answer: _, ...rest }: Call): Call {
  return rest;
}

function change(next: readonly Call[]): void {
  keepForTab(KEY, next.length === 0 ? undefined : JSON.stringify(next.map(withoutAnswer)));
  calls.set(next);
}
