// Which tabs hold a stream. Over plain http a browser has six connections to a host, so a seventh tab with a stream would
// leave none for anything else. The tabs that were used last hold one; the others ask every few seconds.

/** Streams that the tabs of a browser hold at a time. */
export const STREAMS_MAX = 3;

type Word = { readonly kind: "take" | "leave"; readonly id: string };

/** The tabs that took a stream after this one did. */
export class Later {
  readonly #ids = new Set<string>();

  constructor(readonly own: string) {}

  /** Hears of another tab; true when this one holds a stream still. */
  hear({ kind, id }: Word): boolean {
    if (id === this.own) return this.mayHold;
    if (kind === "take") this.#ids.add(id);
    else this.#ids.delete(id);
    return this.mayHold;
  }

  /** This tab was used: it is the latest now. */
  take(): void {
    this.#ids.clear();
  }

  get mayHold(): boolean {
    return this.#ids.size < STREAMS_MAX;
  }
}

/** Tells `onChange` whether this tab may hold a stream, now and whenever that changes. Returns what ends it. */
export function takeTurns(onChange: (mayHold: boolean) => void): () => void {
  if (typeof BroadcastChannel === "undefined") {
    onChange(true);
    return () => undefined;
  }
  const id = [...crypto.getRandomValues(new Uint32Array(2))].join("-");
  const later = new Later(id);
  const channel = new BroadcastChannel("runlog-streams");
  let before: boolean | undefined;
  const tell = (): void => {
    if (later.mayHold !== before) onChange(later.mayHold);
    before = later.mayHold;
  };
  const take = (): void => {
    later.take();
    channel.postMessage({ kind: "take", id } satisfies Word);
    tell();
  };
  channel.onmessage = ({ data }: MessageEvent<Word>) => {
    later.hear(data);
    tell();
  };
  const used = (): void => {
    if (!later.mayHold) take();
  };
  const leave = (): void => channel.postMessage({ kind: "leave", id } satisfies Word);
  window.addEventListener("focus", used);
  window.addEventListener("pointerdown", used);
  window.addEventListener("pagehide", leave);
  take();
  return () => {
    leave();
    channel.close();
    window.removeEventListener("focus", used);
    window.removeEventListener("pointerdown", used);
    window.removeEventListener("pagehide", leave);
  };
}
