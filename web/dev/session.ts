// The session in place of a server that has none yet: a cookie that stands for credentials, kept in memory.

import { randomBytes } from "node:crypto";
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from "node:http";

const COOKIE = "runlog_dev_session";

interface Held {
  readonly authorization: string;
  readonly key: string;
}

const held = new Map<string, Held>();

function idOf(headers: IncomingHttpHeaders): string | undefined {
  return new RegExp(`(?:^|; )${COOKIE}=(\\w+)`).exec(headers.cookie ?? "")?.[1];
}

/** The headers to send on: with the credentials that the cookie stands for. */
export function withCredentials(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  const one = held.get(idOf(headers) ?? "");
  return one === undefined || headers.authorization !== undefined
    ? headers
    : { ...headers, authorization: one.authorization };
}

/** Answers `/api/v1/session`. */
export async function answerSession(target: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const answer = (status: number, body: unknown, cookie?: string): void => {
    const headers = { "Content-Type": "application/json", ...(cookie === undefined ? {} : { "Set-Cookie": cookie }) };
    response.writeHead(status, headers).end(JSON.stringify(body));
  };
  const id = idOf(request.headers);
  const one = held.get(id ?? "");
  const whole = (key: string): unknown => ({ account: "100000000001", key, read_only: false, root: true });
  if (request.method === "GET")
    return one === undefined
      ? answer(401, { code: "NoSession", message: "not signed in" })
      : answer(200, whole(one.key));
  if (request.method === "DELETE") {
    held.delete(id ?? "");
    return answer(200, {}, `${COOKIE}=; Path=/; Max-Age=0`);
  }
  let text = "";
  for await (const chunk of request) text += String(chunk);
  const given = JSON.parse(text) as { secret_id?: string; secret_key?: string; token?: string };
  const basic = `Basic ${Buffer.from(`${given.secret_id}:${given.secret_key}`).toString("base64")}`;
  const authorization = given.token === undefined ? basic : `Bearer ${given.token}`;
  const tried = await fetch(`${target}/api/v1/functions`, { headers: { authorization } });
  if (tried.status === 401) return answer(401, await tried.json());
  const made = randomBytes(16).toString("hex");
  const key = given.secret_id ?? "token";
  held.set(made, { authorization, key });
  return answer(200, whole(key), `${COOKIE}=${made}; Path=/; HttpOnly; SameSite=Lax`);
}
