// What is wrong with the form, found before it is sent. The server has the last word; this says the same earlier.

import { fromWall } from "../../shared/time.ts";
import type { Text } from "../../shared/i18n.ts";
import { entries, type Values } from "./values.ts";
import type { Action, Param, Shape } from "../tables.ts";
import { problems as texts } from "./words.ts";

export interface Problem {
  readonly path: string;
  /** The code that the server would answer with. */
  readonly code: string;
  readonly text: Text;
  readonly values: Readonly<Record<string, string | number>>;
}

/** The largest sum of `Offset` and `Limit` of the API. */
const PAGE_END_MAX = 10_000;
const DAY_MS = 86_400_000;

/** Every problem, in the order of the table. */
export function check(action: Action, values: Values, zone: string): readonly Problem[] {
  const found: Problem[] = [];
  walk(action.params, values, "", true, found);
  pair(action, values, found);
  if (action.name === "GetFunctionLogs") window(values, zone, found);
  return found;
}

function walk(params: readonly Param[], values: Values, prefix: string, isNeeded: boolean, found: Problem[]): void {
  for (const param of params) {
    const path = prefix + param.name;
    if (param.type === "object") {
      walk(param.members ?? [], values, `${path}.`, false, found);
    } else if (param.type === "array") {
      list(param, path, values, found);
    } else {
      const text = values[path] ?? "";
      if (text !== "") plain(param, param, path, text, found);
      else if (param.required && isNeeded)
        found.push({ path, code: "MissingParameter", text: texts.missing, values: {} });
    }
  }
}

function list(param: Param, path: string, values: Values, found: Problem[]): void {
  const { item } = param;
  if (item === undefined) return;
  for (let index = 0; index < entries(path, values); index += 1) {
    const inner = `${path}.${index}`;
    const isEmpty = !Object.entries(values).some(
      ([name, value]) => value !== "" && (name === inner || name.startsWith(`${inner}.`)),
    );
    if (isEmpty) continue;
    if (item.type === "object") walk(item.members ?? [], values, `${inner}.`, true, found);
    else plain(item, param, inner, values[inner] ?? "", found);
  }
}

function plain(shape: Shape<Param>, param: Param, path: string, text: string, found: Problem[]): void {
  const add = (problem: Text, filled: Record<string, string | number> = {}, code = param.invalid): void => {
    found.push({ path, code, text: problem, values: filled });
  };
  if (shape.type === "integer" || shape.type === "unsigned") {
    if (!/^-?\d+$/.test(text)) return add(texts.integer, {}, "InvalidParameter");
    const [low, high] = param.range ?? [shape.type === "unsigned" ? 0 : null, null];
    const number = Number(text);
    if (low !== null && number < low) add(texts.least, { low });
    if (high !== null && number > high) add(texts.most, { high });
    return;
  }
  if (shape.type === "float" && !Number.isFinite(Number(text))) return add(texts.number, {}, "InvalidParameter");
  if (shape.type === "boolean" && text !== "true" && text !== "false")
    return add(texts.boolean, {}, "InvalidParameter");
  if (shape.type === "timestamp" && !isTime(text)) return add(texts.time);
  const allowed = param.one_of ?? [];
  const same = (value: string): boolean =>
    param.any_case === true ? value.toLowerCase() === text.toLowerCase() : value === text;
  if (allowed.length > 0 && !allowed.some(same)) return add(texts.one_of, { values: allowed.join(" / ") });
  const bytes = new TextEncoder().encode(text).length;
  if (param.max_bytes !== undefined && bytes > param.max_bytes) add(texts.long, { bytes, max: param.max_bytes });
}

function pair(action: Action, values: Values, found: Problem[]): void {
  const names = new Set(action.params.map((param) => param.name));
  if (!names.has("Offset") || !names.has("Limit")) return;
  const sum =
    Number(values.Offset ?? 0) + Number(values.Limit === undefined || values.Limit === "" ? 20 : values.Limit);
  if (action.errors.includes("LimitExceeded.Offset") && sum > PAGE_END_MAX) {
    found.push({ path: "Offset", code: "LimitExceeded.Offset", text: texts.sum, values: { sum, max: PAGE_END_MAX } });
  }
}

function window(values: Values, zone: string, found: Problem[]): void {
  const [start, end] = [values.StartTime ?? "", values.EndTime ?? ""];
  if ((start === "") !== (end === "")) {
    const path = start === "" ? "StartTime" : "EndTime";
    found.push({ path, code: "InvalidParameterValue.StartTimeOrEndTime", text: texts.both, values: {} });
    return;
  }
  const [from, to] = [moment(start, zone), moment(end, zone)];
  if (from === undefined || to === undefined) return;
  const code = "InvalidParameterValue.DateTime";
  if (to < from) found.push({ path: "EndTime", code, text: texts.order, values: {} });
  else if (to - from > DAY_MS) found.push({ path: "EndTime", code, text: texts.day, values: {} });
}

function isTime(text: string): boolean {
  return moment(text, "UTC") !== undefined;
}

/** The forms that the server reads: `2017-05-16 20:00:00`, with `T`, with a fraction, RFC 3339 with its zone. */
function moment(text: string, zone: string): number | undefined {
  const match = /^(\d{4}-\d{2}-\d{2})[ T](\d{2}:\d{2}:\d{2})(?:\.\d{1,9})?(Z|[+-]\d{2}:\d{2})?$/i.exec(text.trim());
  if (match === null) return undefined;
  const own = match[3];
  return fromWall(`${match[1]} ${match[2]}`, own === undefined ? zone : own.toUpperCase() === "Z" ? "UTC" : own);
}
