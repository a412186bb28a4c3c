// A form becomes a signed request, with each step of its signature as data. Nothing is sent here.

import type { Text } from "../../shared/i18n.ts";
import { TC3, tc3Authorization, tc3Keys, tc3Steps, type Tc3Input } from "../../shared/sign/tc3.ts";
import { encodeFields, v1Signature, v1SortedFields, v1StringToSign, type V1Method } from "../../shared/sign/v1.ts";
import { filled, toJson } from "../form/values.ts";
import type { State } from "../state.ts";
import { signature as words } from "../words.ts";

export interface Step {
  readonly id: string;
  readonly title: Text;
  /** `undefined` where a secret is needed and not there. */
  readonly value: string | undefined;
  /** A derived key, as good as the secret for a day. */
  readonly isKey: boolean;
}

export interface Prepared {
  readonly method: "GET" | "POST";
  /** Path and query. */
  readonly target: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
  readonly steps: readonly Step[];
}

export interface Signing {
  readonly version: string;
  readonly product: string;
  readonly host: string;
  readonly secretId: string;
  /** Empty: steps that need it are left out, and the request has no signature. */
  readonly secretKey: string;
  /** Unix seconds. */
  readonly timestamp: number;
  readonly nonce: number;
  readonly language: "zh-CN" | "en-US";
}

const FORM = "application/x-www-form-urlencoded";

/** The steps of a TC3 signature, for a request of the form or a pasted one. */
export function tc3AsSteps(input: Tc3Input, secretId: string, secretKey: string): readonly Step[] {
  const steps = tc3Steps(input);
  const keys = secretKey === "" ? undefined : tc3Keys(secretKey, input.service, steps);
  const step = (id: string, title: Text, value: string | undefined, isKey = false): Step => ({
    id,
    title,
    value,
    isKey,
  });
  return [
    step("payload", words.payload, input.body),
    step("hashed_payload", words.hashed_payload, steps.hashedPayload),
    step("canonical_request", words.canonical_request, steps.canonicalRequest),
    step("hashed_request", words.hashed_request, steps.hashedCanonicalRequest),
    step("scope", words.scope, steps.credentialScope),
    step("string_to_sign", words.string_to_sign, steps.stringToSign),
    step("secret_date", words.secret_date, keys?.secretDate, true),
    step("secret_service", words.secret_service, keys?.secretService, true),
    step("secret_signing", words.secret_signing, keys?.secretSigning, true),
    step("signature", words.signature, keys?.signature),
    step("authorization", words.authorization, keys && tc3Authorization(secretId, steps, keys.signature)),
  ];
}

export interface V1Request {
  readonly method: "GET" | "POST";
  readonly host: string;
  readonly fields: Readonly<Record<string, string>>;
}

/** The steps of a v1 signature. */
export function v1AsSteps({ method, host, fields }: V1Request, secretKey: string): readonly Step[] {
  const stringToSign = v1StringToSign({ method, host, path: "/", fields });
  const hash: V1Method = fields.SignatureMethod === "HmacSHA256" ? "HmacSHA256" : "HmacSHA1";
  const signed = secretKey === "" ? undefined : v1Signature(secretKey, hash, stringToSign);
  const step = (id: string, title: Text, value: string | undefined): Step => ({ id, title, value, isKey: false });
  const { Signature: _, ...unsigned } = fields;
  return [
    step("sorted_fields", words.sorted_fields, v1SortedFields(fields)),
    step("string_to_sign", words.string_to_sign, stringToSign),
    step("signature", words.signature, signed),
    step("encoded", words.encoded, signed && encodeFields({ ...unsigned, Signature: signed })),
  ];
}

/** The request of the form. */
export function prepare(state: State, signing: Signing): Prepared {
  return state.scheme === TC3 ? prepareTc3(state, signing) : prepareV1(state, state.scheme, signing);
}

function prepareTc3({ action, values, region, method }: State, signing: Signing): Prepared {
  const isGet = method === "GET";
  const query = isGet ? encodeFields(filled(action.params, values)) : "";
  const body = isGet ? "" : JSON.stringify(toJson(action.params, values));
  const contentType = isGet ? FORM : "application/json";
  const { host, timestamp, secretId, secretKey, product: service } = signing;
  const steps = tc3AsSteps(
    { method, path: "/", query, host, contentType, body, timestamp, service },
    secretId,
    secretKey,
  );
  const headers: Record<string, string> = {
    Authorization: steps.find((step) => step.id === "authorization")?.value ?? "",
    "Content-Type": contentType,
    "X-TC-Action": action.name,
    "X-TC-Version": signing.version,
    "X-TC-Timestamp": String(timestamp),
    "X-TC-Region": region,
    "X-TC-Language": signing.language,
  };
  return { method, target: query === "" ? "/" : `/?${query}`, headers, body: isGet ? undefined : body, steps };
}

function prepareV1({ action, values, region, method }: State, scheme: V1Method, signing: Signing): Prepared {
  const fields: Record<string, string> = {
    ...filled(action.params, values),
    Action: action.name,
    Language: signing.language,
    Nonce: String(signing.nonce),
    Region: region,
    SecretId: signing.secretId,
    SignatureMethod: scheme,
    Timestamp: String(signing.timestamp),
    Version: signing.version,
  };
  const steps = v1AsSteps({ method, host: signing.host, fields }, signing.secretKey);
  const encoded = steps.find((step) => step.id === "encoded")?.value ?? encodeFields(fields);
  if (method === "GET") return { method, target: `/?${encoded}`, headers: {}, body: undefined, steps };
  return { method, target: "/", headers: { "Content-Type": FORM }, body: encoded, steps };
}

/** The request as text, the way it goes over the wire. */
export function asText({ method, target, headers, body }: Prepared, host: string): string {
  const lines = Object.entries({ Host: host, ...headers }).map(([name, value]) => `${name}: ${value}`);
  return `${method} ${target} HTTP/1.1\n${lines.join("\n")}\n\n${body ?? ""}`;
}

/** A random nonce that every client's integer type holds. `crypto.getRandomValues` works over plain http, too. */
export function freshNonce(): number {
  const [value = 1] = crypto.getRandomValues(new Uint32Array(1));
  return (value % 0x7fff_fffe) + 1;
}
