// Hashes and their texts. The same code runs over http and https, synchronously, so a signature follows each letter typed.

import { hmac } from "@noble/hashes/hmac.js";
import { sha1 } from "@noble/hashes/legacy.js";
import { sha256 } from "@noble/hashes/sha2.js";

const encoder = new TextEncoder();

export const utf8 = (text: string): Uint8Array => encoder.encode(text);

export function hex(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += byte.toString(16).padStart(2, "0");
  return text;
}

export function base64(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}

export const sha256Hex = (data: string | Uint8Array): string =>
  hex(sha256(typeof data === "string" ? utf8(data) : data));

export const hmacSha256 = (key: Uint8Array, data: string): Uint8Array => hmac(sha256, key, utf8(data));

export const hmacSha1 = (key: Uint8Array, data: string): Uint8Array => hmac(sha1, key, utf8(data));
