// The native API: one `fetch`, with errors that a person can read. Nothing here knows a route.

import { render, type Text } from "./i18n.ts";
import { shared } from "./words.ts";

/** A call that failed: the server refused it (`status` ≥ 400), or it was not reached (`status` 0). */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    /** Set for failures that the server has no words for; shown in the page's language. */
    readonly text?: Text,
  ) {
    super(message);
    this.name = "ApiError";
  }

  /** Whether there is no session, or none any more. */
  get isSignedOut(): boolean {
    return this.status === 401;
  }
}

export type Query = Readonly<Record<string, string | number | boolean | undefined>>;

export interface Options {
  readonly query?: Query;
  readonly signal?: AbortSignal;
  readonly headers?: Readonly<Record<string, string>>;
}

/** GET, decoded. Throws [`ApiError`], or the `AbortError` of `signal`. */
export function get<T>(path: string, options: Options = {}): Promise<T> {
  return call<T>("GET", path, undefined, options);
}

/** POST of JSON, decoded. */
export function post<T>(path: string, body: unknown, options: Options = {}): Promise<T> {
  return call<T>("POST", path, body, options);
}

/** DELETE. */
export function remove<T>(path: string, options: Options = {}): Promise<T> {
  return call<T>("DELETE", path, undefined, options);
}

/** A path with its query; absent values are left out. */
export function address(path: string, query: Query = {}): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) search.set(name, String(value));
  }
  const text = search.toString();
  return text === "" ? path : `${path}?${text}`;
}

async function call<T>(method: string, path: string, body: unknown, options: Options): Promise<T> {
  const headers: Record<string, string> = { Accept: "application/json", ...options.headers };
  // Another site cannot send this header, so a cookie alone changes nothing.
  if (method !== "GET") headers["X-Runlog-Session"] = "1";
  if (body !== undefined) headers["Content-Type"] = "application/json";
  const init: RequestInit = { method, headers, credentials: "same-origin" };
  if (body !== undefined) init.body = JSON.stringify(body);
  if (options.signal !== undefined) init.signal = options.signal;
  const response = await send(address(path, options.query), init);
  const text = await response.text();
  if (!response.ok) throw refusal(response.status, text);
  if (text === "") return undefined as T;
  try {
    return JSON.parse(text) as T;
  } catch {
    throw failure(response.status, "NotJson", shared.not_json, { status: response.status });
  }
}

async function send(url: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(url, init);
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw failure(0, "Unreachable", shared.unreachable);
  }
}

function refusal(status: number, text: string): ApiError {
  try {
    const { code, message } = JSON.parse(text) as { code?: unknown; message?: unknown };
    if (typeof code === "string") return new ApiError(status, code, typeof message === "string" ? message : code);
  } catch {
    // Not the server's form of an error: something between answers.
  }
  return failure(status, "NotJson", shared.not_json, { status });
}

function failure(status: number, code: string, text: Text, values: Record<string, number> = {}): ApiError {
  const filled: Text = { zh: render(text, values, "zh"), en: render(text, values, "en") };
  return new ApiError(status, code, filled.en, filled);
}

/** Whether a promise ended because its caller did not want it any more. */
export function isAbort(error: unknown): boolean {
  return error instanceof DOMException && error.name === "AbortError";
}

/** What to show of a failure, in the page's language where we have it. */
export function explain(error: unknown): string {
  if (error instanceof ApiError) return error.text === undefined ? error.message : render(error.text);
  return error instanceof Error ? error.message : String(error);
}
