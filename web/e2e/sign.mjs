// Signatures of the signed API, made without a line of the pages or of the server, and wrong on purpose where a test
// asks.

import { createHash, createHmac } from "node:crypto";

const sha256 = (text) => createHash("sha256").update(text).digest("hex");
const hmac = (key, text) => createHmac("sha256", key).update(text).digest();

/** The `Authorization` of TC3 for what is said to be sent. */
export function tc3({ id, key, host, body, time_s, method = "POST", path = "/", type = "application/json", date }) {
  const signed = "content-type;host";
  const canonical = `${method}\n${path}\n\ncontent-type:${type}\nhost:${host}\n\n${signed}\n${sha256(body)}`;
  const day = new Date(time_s * 1000).toISOString().slice(0, 10);
  const scope = `${day}/scf/tc3_request`;
  const text = `TC3-HMAC-SHA256\n${time_s}\n${scope}\n${sha256(canonical)}`;
  const signature = createHmac("sha256", hmac(hmac(hmac(`TC3${key}`, day), "scf"), "tc3_request"))
    .update(text)
    .digest("hex");
  const credential = `${id}/${scope.replace(day, date ?? day)}`;
  return `TC3-HMAC-SHA256 Credential=${credential}, SignedHeaders=${signed}, Signature=${signature}`;
}

/** The fields of v1 with their signature, as a query. `signed` are the fields that the signature is about. */
export function v1({ key, host, fields, signed = fields, hash = "sha1" }) {
  const sorted = Object.keys(signed)
    .sort()
    .map((name) => `${name}=${signed[name]}`)
    .join("&");
  const Signature = createHmac(hash, key).update(`GET${host}/?${sorted}`).digest("base64");
  return new URLSearchParams({ ...fields, Signature }).toString();
}
