// The session: who is signed in. The cookie is HttpOnly, so the page never sees it and keeps no secret.

import { ApiError, get, post, remove } from "./api.ts";
import { Store } from "./store.ts";

/** What `/api/v1/session` answers. */
export interface Session {
  readonly account: string;
  /** The SecretId of the key; a token's session has that of its key. */
  readonly key: string;
  readonly read_only: boolean;
  readonly root: boolean;
}

export type Credentials = { readonly secret_id: string; readonly secret_key: string } | { readonly token: string };

const ROUTE = "/api/v1/session";

/** `undefined` until the server was asked, `null` when nobody is signed in. */
export const session = new Store<Session | null | undefined>(undefined);

let isEnded = false;

/** Whether the last session was ended by the server, not by a person who signed out. */
export const wasEnded = (): boolean => isEnded;

/** The server does not know the session any more. */
export function noticeEnded(): void {
  isEnded = true;
  session.set(null);
}

/** Asks the server who is signed in. Throws what is not an answer to that. */
export async function loadSession(signal?: AbortSignal): Promise<Session | null> {
  try {
    session.set(await get<Session>(ROUTE, signal === undefined ? {} : { signal }));
  } catch (error) {
    if (!(error instanceof ApiError) || !error.isSignedOut) throw error;
    session.set(null);
  }
  return session.get() ?? null;
}

/** Signs in. Throws an [`ApiError`] with the server's reason when it refuses. */
export async function signIn(credentials: Credentials): Promise<Session> {
  const made = await post<Session>(ROUTE, credentials);
  session.set(made);
  return made;
}

/** Signs out, here and on the server. */
export async function signOut(): Promise<void> {
  await remove(ROUTE);
  isEnded = false;
  session.set(null);
}

/** Whether what is typed on this page crosses the network unencrypted. */
export function isPlainHttp(): boolean {
  return location.protocol === "http:" && !["localhost", "127.0.0.1", "[::1]"].includes(location.hostname);
}
