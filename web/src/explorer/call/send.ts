// Sends a prepared request and measures it.

import type { Prepared } from "./prepare.ts";

export interface Answer {
  readonly status: number;
  readonly headers: readonly (readonly [string, string])[];
  readonly text: string;
  /** Bytes of the body, decompressed. */
  readonly bytes: number;
  /** Set when the API refused the request. */
  readonly error: { readonly code: string; readonly message: string } | undefined;
  readonly requestId: string | undefined;
  readonly total: number | undefined;
  readonly rows: number | undefined;
  readonly times: Times;
}

export interface Times {
  readonly signing_ms: number;
  /** From sending to the first byte of the answer, the server's own time taken off where it is known. */
  readonly network_ms: number;
  /** The server's own measure, from its `Server-Timing` header. */
  readonly server_ms: number | undefined;
  readonly receiving_ms: number;
  readonly rows_read: number | undefined;
}

/** Sends it. Throws what `fetch` throws. */
export async function send(request: Prepared, signing_ms: number, signal: AbortSignal): Promise<Answer> {
  // The session's cookie is no part of a signed call.
  const init: RequestInit = { method: request.method, headers: request.headers, credentials: "omit", signal };
  if (request.body !== undefined) init.body = request.body;
  const begin = performance.now();
  const response = await fetch(request.target, init);
  const first = performance.now();
  const buffer = await response.arrayBuffer();
  const end = performance.now();
  const text = new TextDecoder().decode(buffer);
  const timing = serverTiming(response.headers.get("Server-Timing") ?? "");
  return {
    status: response.status,
    headers: [...response.headers],
    text,
    bytes: buffer.byteLength,
    ...read(text),
    times: {
      signing_ms,
      network_ms: Math.max(0, first - begin - (timing.server_ms ?? 0)),
      server_ms: timing.server_ms,
      receiving_ms: end - first,
      rows_read: timing.rows_read,
    },
  };
}

/** What the answer says of itself. A text that is no answer of the API says nothing. */
export function read(text: string): Pick<Answer, "error" | "requestId" | "total" | "rows"> {
  const nothing = { error: undefined, requestId: undefined, total: undefined, rows: undefined };
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return nothing;
  }
  const body = member(parsed, "Response");
  const error = member(body, "Error");
  const [code, message] = [member(error, "Code"), member(error, "Message")];
  const [requestId, total] = [member(body, "RequestId"), member(body, "TotalCount")];
  const list =
    typeof body === "object" && body !== null ? Object.values(body).find((value) => Array.isArray(value)) : undefined;
  return {
    error: typeof code === "string" ? { code, message: typeof message === "string" ? message : "" } : undefined,
    requestId: typeof requestId === "string" ? requestId : undefined,
    total: typeof total === "number" ? total : undefined,
    rows: Array.isArray(list) ? list.length : undefined,
  };
}

function member(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}

/** `app;dur=1.25, rows;desc="20000"`. Read from the header, since browsers offer it as data over https only. */
export function serverTiming(header: string): { server_ms: number | undefined; rows_read: number | undefined } {
  const dur = /(?:^|,)\s*app;[^,]*dur=([\d.]+)/.exec(header);
  const rows = /(?:^|,)\s*rows;[^,]*desc="?(\d+)/.exec(header);
  return {
    server_ms: dur === null ? undefined : Number(dur[1]),
    rows_read: rows === null ? undefined : Number(rows[1]),
  };
}
