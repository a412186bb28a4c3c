// Following what is accepted: Server-Sent Events read with `fetch`, so that a refusal has a status and a reason, which
// `EventSource` hides. Each event names the one before it, so that a hole in the sequence is seen.

import { address, ApiError, type Query } from "../../shared/api.ts";
import type { Run } from "./api.ts";

export type TailState = "connecting" | "live" | "reconnecting" | "ended";

export interface Gap {
  readonly AfterSeq: number;
  readonly ToSeq: number;
  readonly ByRetention: boolean;
  readonly ByDamage: boolean;
}

export interface TailEvents {
  readonly onRun: (run: Run) => void;
  readonly onGap: (gap: Gap) => void;
  readonly onState: (state: TailState, error?: unknown) => void;
  /** An event did not name the one before as its predecessor: events between them are missing. */
  readonly onMissed: () => void;
}

/** One event of a stream. */
export interface Message {
  readonly event: string;
  readonly data: string;
  readonly id: string | undefined;
}

/** Cuts a stream of text into events; what is not a whole event yet is kept for the next call. */
export class EventParser {
  #rest = "";

  feed(text: string): Message[] {
    this.#rest += text;
    const found: Message[] = [];
    for (let end = this.#rest.search(/\r?\n\r?\n/); end !== -1; end = this.#rest.search(/\r?\n\r?\n/)) {
      const block = this.#rest.slice(0, end);
      this.#rest = this.#rest.slice(end).replace(/^\r?\n\r?\n/, "");
      const message = read(block);
      if (message !== undefined) found.push(message);
    }
    return found;
  }
}

function read(block: string): Message | undefined {
  const data: string[] = [];
  let event = "message";
  let id: string | undefined;
  for (const line of block.split(/\r?\n/)) {
    const colon = line.indexOf(":");
    if (colon === 0) continue;
    const name = colon === -1 ? line : line.slice(0, colon);
    const value = colon === -1 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (name === "data") data.push(value);
    else if (name === "event") event = value;
    else if (name === "id") id = value;
  }
  return data.length === 0 && id === undefined ? undefined : { event, data: data.join("\n"), id };
}

const WAIT_FIRST_MS = 1000;
const WAIT_MAX_MS = 30_000;
/** The server sends a sign of life every 15 seconds; after two without one the connection is dead. */
const SILENT_MAX_MS = 40_000;

/** A tail that connects again and goes on where it was. */
export class Tail {
  readonly #query: Query;
  readonly #events: TailEvents;
  #abort: AbortController | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #wait_ms = WAIT_FIRST_MS;
  #isOpen = false;
  /** The place reached: the next connection begins after it. */
  #last: number | undefined;
  /** The last event that arrived, which the next one must name. */
  #lastEvent: number | undefined;

  constructor(query: Query, from_seq: number | undefined, events: TailEvents) {
    this.#query = query;
    this.#events = events;
    this.#last = from_seq;
    this.#lastEvent = from_seq;
  }

  open(): void {
    if (this.#isOpen) return;
    this.#isOpen = true;
    void this.#connect();
  }

  close(): void {
    this.#isOpen = false;
    clearTimeout(this.#timer);
    this.#abort?.abort();
    this.#abort = undefined;
  }

  async #connect(): Promise<void> {
    const abort = new AbortController();
    this.#abort = abort;
    this.#events.onState(this.#last === undefined ? "connecting" : "reconnecting");
    try {
      const query = { ...this.#query, ...(this.#last === undefined ? {} : { from_seq: this.#last }) };
      const response = await fetch(address("/api/v1/tail", query), {
        credentials: "same-origin",
        signal: abort.signal,
        headers: { Accept: "text/event-stream" },
      });
      if (!response.ok || response.body === null) throw await refusal(response);
      this.#events.onState("live");
      this.#wait_ms = WAIT_FIRST_MS;
      await this.#read(response.body, abort);
    } catch (error) {
      if (!this.#isOpen) return;
      if (error instanceof ApiError && error.status >= 400 && error.status < 500 && error.status !== 429) {
        // Asking again would be refused again.
        this.#isOpen = false;
        this.#events.onState("ended", error);
        return;
      }
    }
    if (!this.#isOpen) return;
    this.#events.onState("reconnecting");
    this.#timer = setTimeout(() => void this.#connect(), this.#wait_ms);
    this.#wait_ms = Math.min(WAIT_MAX_MS, this.#wait_ms * 2);
  }

  async #read(body: ReadableStream<Uint8Array>, abort: AbortController): Promise<void> {
    const parser = new EventParser();
    const decoder = new TextDecoder();
    const reader = body.getReader();
    let watch = setTimeout(() => abort.abort(), SILENT_MAX_MS);
    try {
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return;
        clearTimeout(watch);
        watch = setTimeout(() => abort.abort(), SILENT_MAX_MS);
        for (const message of parser.feed(decoder.decode(value, { stream: true }))) this.#take(message);
      }
    } finally {
      clearTimeout(watch);
    }
  }

  #take({ event, data, id }: Message): void {
    if (data !== "" && event === "gap") this.#events.onGap(JSON.parse(data) as Gap);
    else if (data !== "") {
      const run = JSON.parse(data) as Run & { readonly PrevSeq: number };
      if (this.#lastEvent !== undefined && run.Seq <= this.#lastEvent) return;
      // The first event of a connection names where the connection began.
      const expected = this.#lastEvent;
      if (expected !== undefined && run.PrevSeq > expected && run.PrevSeq !== this.#last) this.#events.onMissed();
      this.#lastEvent = run.Seq;
      this.#last = run.Seq;
      this.#events.onRun(run);
    }
    if (id !== undefined && /^\d+$/.test(id)) this.#last = Math.max(this.#last ?? 0, Number(id));
  }
}

async function refusal(response: Response): Promise<ApiError> {
  try {
    const { code, message } = (await response.json()) as { code: string; message: string };
    return new ApiError(response.status, code, message);
  } catch {
    return new ApiError(response.status, "NotJson", `HTTP ${response.status}`);
  }
}
