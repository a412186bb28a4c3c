// What a snippet is made from, and what a generator gives. One language, one file beside this one.

import type { Action, Json, Param, Shape } from "../tables.ts";

export interface Call {
  readonly action: Action;
  readonly version: string;
  readonly region: string;
  readonly scheme: "http" | "https";
  /** Host and port of this server, as in the address bar. */
  readonly host: string;
  readonly params: { readonly [name: string]: Json };
  /** Of error messages. */
  readonly language: "zh-CN" | "en-US";
}

export interface Generator {
  readonly id: string;
  readonly name: string;
  /** The file that the snippet is saved as. */
  readonly file: string;
  /** Words that the viewer colours. */
  readonly keywords: string;
  /** Where a line comment begins. */
  readonly comment: string;
  /** The commands that get the SDK and run the file. */
  readonly run: string;
  readonly generate: (call: Call) => string;
}

/** The variables of the environment that every SDK's own credential chain reads too. */
export const SECRET_ID = "TENCENTCLOUD_SECRET_ID";
export const SECRET_KEY = "TENCENTCLOUD_SECRET_KEY";

/** A parameter with its value, for languages that need its type. */
export interface Given {
  readonly name: string;
  readonly shape: Shape<Param>;
  readonly value: Json;
}

/** The parameters that have a value, in the order of the table. */
export function given(params: readonly Param[], values: Json): Given[] {
  if (typeof values !== "object" || values === null || Array.isArray(values)) return [];
  const known = values as { readonly [name: string]: Json };
  return params.flatMap((param) => {
    const value = known[param.name];
    return value === undefined ? [] : [{ name: param.name, shape: param, value }];
  });
}

/** The host without its port. */
export function hostName(host: string): string {
  return host.replace(/:\d+$/, "");
}

/** The port, where the address has one. */
export function portOf(host: string): number | undefined {
  const match = /:(\d+)$/.exec(host);
  return match === null ? undefined : Number(match[1]);
}

/** `text` with `prefix` before every line but the first. */
export function indent(text: string, prefix: string): string {
  return text.replaceAll("\n", `\n${prefix}`);
}
