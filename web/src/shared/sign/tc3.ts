// TC3-HMAC-SHA256, each step as data. docs: https://cloud.tencent.com/document/api/213/30654

import { hex, hmacSha256, sha256Hex, utf8 } from "./hash.ts";

export const TC3 = "TC3-HMAC-SHA256";

export interface Tc3Input {
  readonly method: "GET" | "POST";
  readonly path: string;
  /** After the `?`, exactly as sent; empty for a POST. */
  readonly query: string;
  readonly host: string;
  readonly contentType: string;
  /** The body as sent; empty for a GET. */
  readonly body: string;
  /** Unix seconds. */
  readonly timestamp: number;
  /** The date of the credential; the UTC date of the timestamp when absent. */
  readonly date?: string;
  readonly service: string;
  /** More headers that the signature covers, by their lower-case names. */
  readonly more?: Readonly<Record<string, string>>;
  /** Sign `UNSIGNED-PAYLOAD` in the place of the body. */
  readonly unsignedPayload?: boolean;
}

export interface Tc3Steps {
  readonly hashedPayload: string;
  readonly canonicalRequest: string;
  readonly hashedCanonicalRequest: string;
  readonly date: string;
  readonly credentialScope: string;
  readonly stringToSign: string;
  readonly signedHeaders: string;
}

export interface Tc3Keys {
  readonly secretDate: string;
  readonly secretService: string;
  readonly secretSigning: string;
  readonly signature: string;
}

/** Everything that needs no secret. */
export function tc3Steps(input: Tc3Input): Tc3Steps {
  const payload = input.unsignedPayload === true ? "UNSIGNED-PAYLOAD" : input.body;
  const hashedPayload = sha256Hex(payload);
  const headers: Record<string, string> = { ...input.more, "content-type": input.contentType, host: input.host };
  const names = Object.keys(headers).sort();
  const canonicalHeaders = names.map((name) => `${name}:${(headers[name] ?? "").trim()}\n`).join("");
  const signedHeaders = names.join(";");
  const canonicalRequest = [input.method, input.path, input.query, canonicalHeaders, signedHeaders, hashedPayload].join(
    "\n",
  );
  const hashedCanonicalRequest = sha256Hex(canonicalRequest);
  const date = input.date ?? utcDate(input.timestamp);
  const credentialScope = `${date}/${input.service}/tc3_request`;
  const stringToSign = [TC3, String(input.timestamp), credentialScope, hashedCanonicalRequest].join("\n");
  return {
    hashedPayload,
    canonicalRequest,
    hashedCanonicalRequest,
    date,
    credentialScope,
    stringToSign,
    signedHeaders,
  };
}

/** The derived keys and the signature. */
export function tc3Keys(secretKey: string, service: string, steps: Pick<Tc3Steps, "date" | "stringToSign">): Tc3Keys {
  const secretDate = hmacSha256(utf8(`TC3${secretKey}`), steps.date);
  const secretService = hmacSha256(secretDate, service);
  const secretSigning = hmacSha256(secretService, "tc3_request");
  const signature = hex(hmacSha256(secretSigning, steps.stringToSign));
  return {
    secretDate: hex(secretDate),
    secretService: hex(secretService),
    secretSigning: hex(secretSigning),
    signature,
  };
}

export function tc3Authorization(secretId: string, steps: Tc3Steps, signature: string): string {
  return `${TC3} Credential=${secretId}/${steps.credentialScope}, SignedHeaders=${steps.signedHeaders}, Signature=${signature}`;
}

/** The UTC date of a timestamp. A number that no date has gives the first one. */
export function utcDate(timestamp: number): string {
  const date = new Date(timestamp * 1000);
  return Number.isNaN(date.getTime()) ? "1970-01-01" : date.toISOString().slice(0, 10);
}
