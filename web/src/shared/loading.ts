// An answer that a view needs: loaded when its key changes, the call before aborted, an older answer never shown.

import { useCallback, useEffect, useState } from "preact/hooks";

import { isAbort } from "./api.ts";

export interface Loaded<T> {
  /** The latest answer; that of the key before while the new one loads, so that a view does not flash. */
  readonly data: T | undefined;
  readonly error: unknown;
  readonly isLoading: boolean;
  /** Asks again. */
  readonly reload: () => void;
}

/** Calls `load` for each new `key`; `undefined` loads nothing. Leaving the view aborts the call. */
export function useLoaded<T>(key: string | undefined, load: (signal: AbortSignal) => Promise<T>): Loaded<T> {
  const [state, setState] = useState<{ data?: T; error?: unknown; isLoading: boolean }>({
    isLoading: key !== undefined,
  });
  const [round, setRound] = useState(0);
  useEffect(() => {
    if (key === undefined) {
      setState({ isLoading: false });
      return undefined;
    }
    const abort = new AbortController();
    setState((before) => ({ ...before, error: undefined, isLoading: true }));
    load(abort.signal).then(
      (data) => {
        if (!abort.signal.aborted) setState({ data, isLoading: false });
      },
      (error: unknown) => {
        if (!abort.signal.aborted && !isAbort(error)) setState((before) => ({ ...before, error, isLoading: false }));
      },
    );
    return () => abort.abort();
  }, [key, round]);
  const reload = useCallback(() => setRound((value) => value + 1), []);
  return { data: state.data, error: state.error, isLoading: state.isLoading, reload };
}
