// The key of a person, in memory. By explicit choice it stays for the tab; it never reaches the URL or lasting storage.

import { keepForTab, keptForTab } from "../shared/memory.ts";
import { Store } from "../shared/store.ts";
import { base64, utf8 } from "../shared/sign/hash.ts";

export interface Credentials {
  readonly secretId: string;
  readonly secretKey: string;
  readonly isKept: boolean;
}

const KEY = "explorer.key";

export const credentials = new Store<Credentials>(initial());

function initial(): Credentials {
  try {
    const kept: unknown = JSON.parse(keptForTab(KEY) ?? "null");
    if (typeof kept === "object" && kept !== null && "secretId" in kept && "secretKey" in kept) {
      return { secretId: String(kept.secretId), secretKey: String(kept.secretKey), isKept: true };
    }
  } catch {
    // Not what was written here: as if there were nothing.
  }
  return { secretId: "", secretKey: "", isKept: false };
}

export function setCredentials(changes: Partial<Credentials>): void {
  const next = { ...credentials.get(), ...changes };
  const { secretId, secretKey, isKept } = next;
  keepForTab(KEY, isKept ? JSON.stringify({ secretId, secretKey }) : undefined);
  credentials.set(next);
}

export function isComplete({ secretId, secretKey }: Credentials): boolean {
  return secretId !== "" && secretKey !== "";
}

/** For the native API: the typed key, or nothing, when the cookie of a session speaks. */
export function nativeHeaders(): Record<string, string> {
  const given = credentials.get();
  return isComplete(given) ? { Authorization: `Basic ${base64(utf8(`${given.secretId}:${given.secretKey}`))}` } : {};
}
