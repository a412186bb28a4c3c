// What a person typed: texts by dotted path (`Filter.RetCode`, `Filters.0.Name`), as in the URL and in signature v1.
// An empty text is absent, here as on the server.

import type { Json, Param, Shape } from "../tables.ts";

export type Values = Readonly<Record<string, string>>;

/** The values that are not empty, in the order of the table. Values that the table does not know are left out. */
export function filled(params: readonly Param[], values: Values): Record<string, string> {
  const result: Record<string, string> = {};
  for (const path of paths(params, values)) {
    const value = values[path];
    if (value !== undefined && value !== "") result[path] = value;
  }
  return result;
}

/** The paths of all plain parameters, lists with as many entries as there are values. */
export function paths(params: readonly Param[], values: Values, prefix = ""): string[] {
  return params.flatMap((param) => shapePaths(param, prefix + param.name, values));
}

function shapePaths(shape: Shape<Param>, path: string, values: Values): string[] {
  if (shape.type === "object") return paths(shape.members ?? [], values, `${path}.`);
  const { item } = shape;
  if (shape.type !== "array" || item === undefined) return [path];
  return Array.from({ length: entries(path, values) }, (_, index) =>
    shapePaths(item, `${path}.${index}`, values),
  ).flat();
}

/** How many entries a list has. */
export function entries(path: string, values: Values): number {
  const start = `${path}.`;
  let count = 0;
  for (const name of Object.keys(values)) {
    if (!name.startsWith(start)) continue;
    const index = /^\d{1,3}/.exec(name.slice(start.length));
    if (index !== null) count = Math.max(count, Number(index[0]) + 1);
  }
  return count;
}

/** Without entry `index` of a list; the later ones move up. */
export function withoutEntry(path: string, index: number, values: Values): Values {
  const result: Record<string, string> = {};
  const start = `${path}.`;
  for (const [name, value] of Object.entries(values)) {
    const match = name.startsWith(start) ? /^(\d+)(.*)$/s.exec(name.slice(start.length)) : null;
    if (match === null) result[name] = value;
    else if (Number(match[1]) < index) result[name] = value;
    else if (Number(match[1]) > index) result[`${start}${Number(match[1]) - 1}${match[2]}`] = value;
  }
  return result;
}

/** The parameters as the JSON body that the API takes, numbers as numbers. Members without a value are left out. */
export function toJson(params: readonly Param[], values: Values): { [name: string]: Json } {
  return members(params, values, "");
}

function members(params: readonly Param[], values: Values, prefix: string): { [name: string]: Json } {
  const result: { [name: string]: Json } = {};
  for (const param of params) {
    const value = shapeJson(param, prefix + param.name, values);
    if (value !== undefined) result[param.name] = value;
  }
  return result;
}

function shapeJson(shape: Shape<Param>, path: string, values: Values): Json | undefined {
  if (shape.type === "object") {
    const inner = members(shape.members ?? [], values, `${path}.`);
    return Object.keys(inner).length === 0 ? undefined : inner;
  }
  if (shape.type === "array") {
    const { item } = shape;
    if (item === undefined) return undefined;
    const list = Array.from({ length: entries(path, values) }, (_, index) =>
      shapeJson(item, `${path}.${index}`, values),
    );
    const given = list.filter((value) => value !== undefined);
    return given.length === 0 ? undefined : given;
  }
  const text = values[path];
  return text === undefined || text === "" ? undefined : plain(shape, text);
}

/** A number beyond what JavaScript counts exactly, or no number at all, stays the text that it is: the server says why not. */
function plain(shape: Shape<Param>, text: string): Json {
  switch (shape.type) {
    case "integer":
    case "unsigned": {
      const number = Number(text);
      return /^-?\d+$/.test(text) && Number.isSafeInteger(number) ? number : text;
    }
    case "float": {
      const number = Number(text);
      return text.trim() !== "" && Number.isFinite(number) ? number : text;
    }
    case "boolean":
      return text === "true" ? true : text === "false" ? false : text;
    default:
      return text;
  }
}

/** The texts of a JSON object, such as a sample request, by path. */
export function fromJson(value: Json, prefix = ""): Record<string, string> {
  if (value === null) return {};
  if (typeof value !== "object") return { [prefix]: String(value) };
  const pairs: [string, Json][] = Array.isArray(value)
    ? value.map((entry: Json, index) => [String(index), entry])
    : Object.entries(value as { [name: string]: Json });
  const result: Record<string, string> = {};
  for (const [name, inner] of pairs) Object.assign(result, fromJson(inner, prefix === "" ? name : `${prefix}.${name}`));
  return result;
}
