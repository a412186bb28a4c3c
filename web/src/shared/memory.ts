// What a browser remembers of a person's choices. Storage can be switched off or full: then a choice lasts for the page.

const PREFIX = "runlog.";

function storage(kind: "local" | "session"): Storage | undefined {
  try {
    return kind === "local" ? globalThis.localStorage : globalThis.sessionStorage;
  } catch {
    return undefined;
  }
}

function read(kind: "local" | "session", key: string): string | undefined {
  try {
    return storage(kind)?.getItem(PREFIX + key) ?? undefined;
  } catch {
    return undefined;
  }
}

function write(kind: "local" | "session", key: string, value: string | undefined): void {
  try {
    if (value === undefined) storage(kind)?.removeItem(PREFIX + key);
    else storage(kind)?.setItem(PREFIX + key, value);
  } catch {
    // Full or forbidden: the choice is lost on reload, which is all that can be done.
  }
}

/** A choice remembered on this browser. Never for secrets. */
export const remembered = (key: string): string | undefined => read("local", key);

/** Remembers a choice on this browser; `undefined` forgets it. */
export const remember = (key: string, value: string | undefined): void => write("local", key, value);

/** A value kept for this tab. */
export const keptForTab = (key: string): string | undefined => read("session", key);

/** Keeps a value for this tab; `undefined` forgets it. */
export const keepForTab = (key: string, value: string | undefined): void => write("session", key, value);
