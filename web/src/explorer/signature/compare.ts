// A pasted request step by step, and where it first differs from the form's.

import { header, type Pasted, type PastedRequest } from "./paste.ts";
import { TC3, tc3Keys, tc3Steps, type Tc3Input } from "../../shared/sign/tc3.ts";
import { v1Signature, v1StringToSign } from "../../shared/sign/v1.ts";
import { tc3AsSteps, v1AsSteps, type Step } from "../call/prepare.ts";
import type { Scheme } from "../state.ts";

/** What is known of a pasted text. */
export interface Reading {
  /** `undefined` for a request that is not signed. */
  readonly scheme: Scheme | undefined;
  readonly timestamp: number | undefined;
  readonly nonce: number | undefined;
  /** Its steps by id; the signature is the one that it carries. */
  readonly steps: ReadonlyMap<string, string>;
  /** The signature that it should carry with this secret; absent without a secret or a signature. */
  readonly expected: string | undefined;
}

export function readSteps(pasted: Pasted, secretKey: string): Reading {
  if (pasted.kind === "step") return ownText(pasted.step, pasted.text);
  const { request } = pasted;
  const authorization = header(request, "Authorization") ?? "";
  if (authorization.startsWith(TC3)) return readTc3(request, authorization, secretKey);
  return readV1(request, secretKey);
}

function ownText(step: string, text: string): Reading {
  const lines = text.split(/\r?\n/);
  const isTc3 = lines.length > 1;
  const timestamp = isTc3 ? (step === "string_to_sign" ? lines[1] : undefined) : /[?&]Timestamp=(\d+)/.exec(text)?.[1];
  const nonce = /[?&]Nonce=(\d+)/.exec(text)?.[1];
  const hash = /[?&]SignatureMethod=HmacSHA256(?:&|$)/.test(text) ? "HmacSHA256" : "HmacSHA1";
  return {
    scheme: isTc3 ? TC3 : hash,
    timestamp: integer(timestamp),
    nonce: integer(nonce),
    steps: new Map([[step, text]]),
    expected: undefined,
  };
}

function integer(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

function byId(steps: readonly Step[]): Map<string, string> {
  return new Map(steps.flatMap(({ id, value }) => (value === undefined ? [] : [[id, value] as const])));
}

function readTc3(request: PastedRequest, authorization: string, secretKey: string): Reading {
  const part = (name: string): string => new RegExp(`${name}=([^,\\s]+)`).exec(authorization)?.[1] ?? "";
  const [secretId = "", date = "", service = ""] = part("Credential").split("/");
  const more: Record<string, string> = {};
  for (const name of part("SignedHeaders").split(";")) {
    if (name !== "" && name !== "content-type" && name !== "host") more[name] = header(request, name) ?? "";
  }
  const timestamp = integer(header(request, "X-TC-Timestamp"));
  const input: Tc3Input = {
    method: request.method === "GET" ? "GET" : "POST",
    path: request.path,
    query: request.method === "GET" ? request.query : "",
    host: header(request, "Host") ?? "",
    contentType: header(request, "Content-Type") ?? "",
    body: request.method === "GET" ? "" : request.body,
    timestamp: timestamp ?? 0,
    date,
    service,
    more,
    unsignedPayload: header(request, "X-TC-Content-SHA256") === "UNSIGNED-PAYLOAD",
  };
  const steps = byId(tc3AsSteps(input, secretId, ""));
  steps.set("signature", part("Signature"));
  steps.set("authorization", authorization);
  const expected = secretKey === "" ? undefined : tc3Keys(secretKey, service, tc3Steps(input)).signature;
  return { scheme: TC3, timestamp, nonce: undefined, steps, expected };
}

function readV1(request: PastedRequest, secretKey: string): Reading {
  const isGet = request.method === "GET";
  const fields: Record<string, string> = {};
  for (const [name, value] of new URLSearchParams(isGet ? request.query : request.body)) fields[name] = value;
  const carried = fields.Signature;
  if (carried === undefined)
    return { scheme: undefined, timestamp: undefined, nonce: undefined, steps: new Map(), expected: undefined };
  const scheme = fields.SignatureMethod === "HmacSHA256" ? "HmacSHA256" : "HmacSHA1";
  const method = isGet ? "GET" : "POST";
  const host = header(request, "Host") ?? "";
  const steps = byId(v1AsSteps({ method, host, fields }, ""));
  steps.set("signature", carried.trim());
  steps.set("encoded", isGet ? request.query : request.body);
  const text = v1StringToSign({ method, host, path: "/", fields });
  const expected = secretKey === "" ? undefined : v1Signature(secretKey, scheme, text);
  return { scheme, timestamp: integer(fields.Timestamp), nonce: integer(fields.Nonce), steps, expected };
}

export interface Difference {
  readonly step: string;
  /** Where, in UTF-16 units. */
  readonly at: number;
  /** Counted from 1. */
  readonly line: number;
  readonly column: number;
}

/** Steps that follow from all others: when they differ, an earlier one says why. */
const ENCODED = "encoded";

/** The first step that differs, and where in it. */
export function firstDifference(ours: readonly Step[], theirs: ReadonlyMap<string, string>): Difference | undefined {
  for (const { id, value } of ours) {
    const other = theirs.get(id);
    if (value === undefined || other === undefined || value === other || id === ENCODED) continue;
    const at = firstOf(value, other);
    const before = value.slice(0, at);
    const line = before.split("\n").length;
    return { step: id, at, line, column: at - (before.lastIndexOf("\n") + 1) + 1 };
  }
  return undefined;
}

function firstOf(a: string, b: string): number {
  let at = 0;
  while (at < a.length && at < b.length && a[at] === b[at]) at += 1;
  return at;
}
