// What a person pastes: a curl command, a raw HTTP request, or a text of their own signing code.

export interface PastedRequest {
  readonly method: string;
  readonly path: string;
  /** After the `?`, as sent. */
  readonly query: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: string;
}

export type Pasted =
  | { readonly kind: "request"; readonly request: PastedRequest }
  /** A canonical request or a string to sign: the id of the step that it is. */
  | { readonly kind: "step"; readonly step: string; readonly text: string };

/** Reads it; `undefined` when it is none of them. */
export function readPasted(text: string): Pasted | undefined {
  const trimmed = text.trim();
  if (/^TC3-HMAC-SHA256\r?\n/.test(trimmed)) return { kind: "step", step: "string_to_sign", text: trimmed };
  if (/^(?:GET|POST)\r?\n\/\r?\n/.test(trimmed)) return { kind: "step", step: "canonical_request", text: trimmed };
  if (/^(?:GET|POST)[^\s/?]+\/\?\S/.test(trimmed)) return { kind: "step", step: "string_to_sign", text: trimmed };
  const request = /^(?:\$\s+)?curl(?:\.exe)?\s/.test(trimmed) ? readCurl(trimmed) : readRaw(text);
  return request === undefined ? undefined : { kind: "request", request };
}

export function header(request: PastedRequest, name: string): string | undefined {
  return request.headers.find(([one]) => one.toLowerCase() === name.toLowerCase())?.[1];
}

function readRaw(text: string): PastedRequest | undefined {
  const [head = "", ...rest] = text.replace(/^\s+/, "").split(/\r?\n\r?\n/);
  const [first = "", ...lines] = head.split(/\r?\n/);
  const line = /^([A-Z]+) (\S+)(?: HTTP\/[\d.]+)?\s*$/.exec(first);
  if (line === null) return undefined;
  const headers = lines.flatMap((one): (readonly [string, string])[] => {
    const colon = one.indexOf(":");
    return colon > 0 ? [[one.slice(0, colon).trim(), one.slice(colon + 1).trim()]] : [];
  });
  const { path, query, host } = target(line[2] ?? "/");
  if (host !== "" && !headers.some(([name]) => name.toLowerCase() === "host")) headers.push(["Host", host]);
  // A line end after the body is most likely the editor's.
  return { method: line[1] ?? "GET", path, query, headers, body: rest.join("\n\n").replace(/\r?\n$/, "") };
}

function target(url: string): { path: string; query: string; host: string } {
  const match = /^(?:[a-z]+:\/\/([^/?#]*))?([^?#]*)(?:\?([^#]*))?/i.exec(url);
  return { host: match?.[1] ?? "", path: match?.[2] === "" ? "/" : (match?.[2] ?? "/"), query: match?.[3] ?? "" };
}

/** Options of curl that take a value which means nothing here. */
const SKIPPED = new Set([
  "-o",
  "--output",
  "-u",
  "--user",
  "-A",
  "--user-agent",
  "-e",
  "--referer",
  "-b",
  "--cookie",
  "-m",
  "--max-time",
  "--connect-timeout",
  "-x",
  "--proxy",
  "--cacert",
  "--resolve",
  "-w",
  "--write-out",
  "--retry",
]);

function readCurl(text: string): PastedRequest | undefined {
  const words = shellWords(text.replace(/^\$\s+/, ""));
  let [method, url, isGet] = ["", "", false];
  const headers: [string, string][] = [];
  const data: string[] = [];
  for (let index = 1; index < words.length; index += 1) {
    const { name, value } = option(words[index] ?? "");
    const next = (): string => value ?? words[(index += 1)] ?? "";
    if (name === "-X" || name === "--request") method = next();
    else if (name === "-H" || name === "--header") headers.push(split(next()));
    else if (/^(?:-d|--data|--data-raw|--data-binary|--data-ascii|--json)$/.test(name)) {
      data.push(next());
      if (name === "--json") headers.push(["Content-Type", "application/json"]);
    } else if (name === "--data-urlencode") data.push(urlEncoded(next()));
    else if (name === "-G" || name === "--get") isGet = true;
    else if (name === "--url") url = next();
    else if (SKIPPED.has(name)) next();
    else if (!name.startsWith("-") && url === "") url = words[index] ?? "";
  }
  if (url === "") return undefined;
  const found = target(/^[a-z]+:\/\//i.test(url) ? url : `http://${url}`);
  const joined = data.join("&");
  const has = (name: string): boolean => headers.some(([one]) => one.toLowerCase() === name);
  if (!has("host")) headers.push(["Host", found.host]);
  if (data.length > 0 && !isGet && !has("content-type"))
    headers.push(["Content-Type", "application/x-www-form-urlencoded"]);
  return {
    method: method !== "" ? method : data.length > 0 && !isGet ? "POST" : "GET",
    path: found.path,
    query: isGet && joined !== "" ? [found.query, joined].filter((part) => part !== "").join("&") : found.query,
    headers,
    body: isGet ? "" : joined,
  };
}

/** `-HName: value` and `--header=...` have their value with them. */
function option(word: string): { name: string; value: string | undefined } {
  const long = /^(--[\w-]+)=(.*)$/s.exec(word);
  if (long !== null) return { name: long[1] ?? "", value: long[2] ?? "" };
  const short = /^(-[XHd])(.+)$/s.exec(word);
  return short === null ? { name: word, value: undefined } : { name: short[1] ?? "", value: short[2] ?? "" };
}

function split(line: string): [string, string] {
  const colon = line.indexOf(":");
  return colon < 0 ? [line, ""] : [line.slice(0, colon).trim(), line.slice(colon + 1).trim()];
}

function urlEncoded(text: string): string {
  const equals = text.indexOf("=");
  return equals < 0 ? encodeURIComponent(text) : text.slice(0, equals + 1) + encodeURIComponent(text.slice(equals + 1));
}

/** The words of a command line as a POSIX shell splits them; `$'...'`, as browsers copy it, too. Variables stay as they are. */
export function shellWords(text: string): string[] {
  const words: string[] = [];
  let word = "";
  let isOpen = false;
  let index = 0;
  while (index < text.length) {
    const letter = text[index] ?? "";
    if (letter === "\\") {
      const next = text[index + 1] ?? "";
      const isContinued = next === "\n" || next === "\r";
      index += next === "\r" && text[index + 2] === "\n" ? 3 : 2;
      if (!isContinued) [word, isOpen] = [word + next, true];
    } else if (letter === "'" || letter === '"' || (letter === "$" && text[index + 1] === "'")) {
      const quoted = readQuoted(text, index);
      [word, isOpen, index] = [word + quoted.text, true, quoted.end];
    } else if (/\s/.test(letter)) {
      if (isOpen) words.push(word);
      [word, isOpen, index] = ["", false, index + 1];
    } else {
      [word, isOpen, index] = [word + letter, true, index + 1];
    }
  }
  if (isOpen) words.push(word);
  return words;
}

const ESCAPES: Readonly<Record<string, string>> = {
  n: "\n",
  r: "\r",
  t: "\t",
  b: "\b",
  f: "\f",
  a: "\u0007",
  v: "\v",
  "0": "\0",
};

function readQuoted(text: string, start: number): { text: string; end: number } {
  const isAnsi = text[start] === "$";
  const quote = isAnsi ? "'" : (text[start] ?? "'");
  let [result, index] = ["", start + (isAnsi ? 2 : 1)];
  while (index < text.length && text[index] !== quote) {
    const next = text[index + 1] ?? "";
    if (isAnsi && text[index] === "\\") {
      const code = /^(?:x([0-9a-f]{2})|u([0-9a-f]{4}))/i.exec(text.slice(index + 1));
      result += code === null ? (ESCAPES[next] ?? next) : String.fromCharCode(parseInt(code[1] ?? code[2] ?? "0", 16));
      index += 1 + (code === null ? 1 : code[0].length);
    } else if (quote === '"' && text[index] === "\\" && '"\\$`\n'.includes(next) && next !== "") {
      result += next === "\n" ? "" : next;
      index += 2;
    } else {
      result += text[index] ?? "";
      index += 1;
    }
  }
  return { text: result, end: index + 1 };
}
