// What the view on the screen shows: as of when, and how to ask again. The frame prints it on every screen.

import { useEffect } from "preact/hooks";

import { ApiError } from "../../shared/api.ts";
import { useLoaded, type Loaded } from "../../shared/loading.ts";
import { noticeEnded, session } from "../../shared/session.ts";
import { Store, useStore } from "../../shared/store.ts";
import type { Basis } from "./api.ts";

export interface Shown {
  /** When the answer came, in Unix milliseconds; 0 before the first. */
  readonly at_ms: number;
  readonly seq: number | undefined;
  readonly set_aside_files: number;
  readonly isLoading: boolean;
  readonly reload: () => void;
}

export const shown = new Store<Shown | undefined>(undefined);

interface Stamped<T> {
  readonly answer: T;
  readonly at_ms: number;
}

/** The answer that a whole view rests on. The frame shows its time; a session that ended leads to signing in. */
export function useAnswer<T extends Partial<Basis>>(
  key: string | undefined,
  load: (signal: AbortSignal) => Promise<T>,
): Loaded<T> & { readonly at_ms: number } {
  const loaded = useLoaded<Stamped<T>>(key, async (signal) => ({ answer: await load(signal), at_ms: Date.now() }));
  const { data, error, isLoading, reload } = loaded;
  useEffect(() => {
    const seq = data?.answer.watermark?.seq;
    const set_aside_files = data?.answer.watermark?.set_aside_files ?? 0;
    shown.set({ at_ms: data?.at_ms ?? 0, seq, set_aside_files, isLoading, reload });
  }, [data, isLoading]);
  useEffect(() => () => shown.set(undefined), []);
  useEffect(() => noticeEnd(error), [error]);
  // Signed in again: what was refused is asked again.
  const who = useStore(session);
  useEffect(() => {
    if (who && error instanceof ApiError && error.isSignedOut) reload();
  }, [who]);
  return { data: data?.answer, error, isLoading, reload, at_ms: data?.at_ms ?? Date.now() };
}

/** A call that was refused because nobody is signed in any more shows the sign-in. */
export function noticeEnd(error: unknown): void {
  if (error instanceof ApiError && error.isSignedOut) noticeEnded();
}
