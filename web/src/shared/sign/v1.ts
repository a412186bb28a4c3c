// Signature v1: HmacSHA1 and HmacSHA256 over the sorted fields. docs: https://cloud.tencent.com/document/api/213/15693

import { base64, hmacSha1, hmacSha256, utf8 } from "./hash.ts";

export type V1Method = "HmacSHA1" | "HmacSHA256";

export type Fields = Readonly<Record<string, string>>;

export interface V1Input {
  readonly method: "GET" | "POST";
  readonly host: string;
  readonly path: string;
  /** Every field but `Signature`, not escaped. */
  readonly fields: Fields;
}

/** The fields as they are signed: sorted by the bytes of their names, not escaped. */
export function v1SortedFields(fields: Fields): string {
  // Names are ASCII, where comparing UTF-16 units compares bytes.
  const names = Object.keys(fields)
    .filter((name) => name !== "Signature")
    .sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  return names.map((name) => `${name}=${fields[name] ?? ""}`).join("&");
}

export function v1StringToSign(input: V1Input): string {
  return `${input.method}${input.host}${input.path}?${v1SortedFields(input.fields)}`;
}

export function v1Signature(secretKey: string, method: V1Method, stringToSign: string): string {
  const sign = method === "HmacSHA256" ? hmacSha256 : hmacSha1;
  return base64(sign(utf8(secretKey), stringToSign));
}

/** Fields as a query string or form body, in the order given. */
export function encodeFields(fields: Fields): string {
  return Object.entries(fields)
    .map(([name, value]) => `${escapeText(name)}=${escapeText(value)}`)
    .join("&");
}

/** RFC 3986: what `encodeURIComponent` leaves alone and servers disagree about is escaped too. */
export function escapeText(text: string): string {
  return encodeURIComponent(text.toWellFormed()).replace(
    /[!'()*]/g,
    (letter) => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
