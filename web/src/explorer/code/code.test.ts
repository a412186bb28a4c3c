// A person's text must come out of every snippet as that text and nothing else. Texts are read back the way each
// language reads its literals; where a shell is needed, the real one reads them.

import { execFileSync } from "node:child_process";

import { describe, expect, it } from "vitest";

import { fromJson, toJson, type Values } from "../form/values.ts";
import { tables } from "../fixture.ts";
import type { Call, Generator } from "./call.ts";
import { cpp } from "./cpp.ts";
import { curl } from "./curl.ts";
import { dotnet } from "./dotnet.ts";
import { GENERATORS } from "./generators.ts";
import { go } from "./go.ts";
import { java } from "./java.ts";
import { node } from "./node.ts";
import { php } from "./php.ts";
import { python } from "./python.ts";
import * as quote from "./quote.ts";
import { ruby } from "./ruby.ts";
import { rust } from "./rust.ts";
import { tccli } from "./tccli.ts";

const HOSTILE = [
  `it's "quoted"`,
  "$HOME $(id) `id` ${x} #{x} %s %n",
  "a & b | c ; d > e < f && g",
  "line one\nline two\r\n\ttab",
  "back\\slash \\n \\u0041 \\",
  "中文 函数 é 😀 \u202e",
  "-x --Limit file:///etc/passwd @body",
  "what??/ ??= \u0001 9 \u007f",
  "<script>alert(1)</script> */ // #",
  "'; DROP TABLE runs; --",
];

const action = (name: string) => tables.actions.find((one) => one.name === name)!;

function call(name: string, values: Values, host = "127.0.0.1:9160", scheme: "http" | "https" = "http"): Call {
  const found = action(name);
  const params = toJson(found.params, values);
  return { action: found, version: "2018-04-16", region: "ap-guangzhou", scheme, host, params, language: "en-US" };
}

const keyword = (text: string): Call => call("GetFunctionLogs", { "SearchContext.Keyword": text });

function decodeC(literal: string): string {
  return literal
    .slice(1, -1)
    .replace(/\\(?:([0-7]{3})|u\{([0-9a-f]+)\}|(.))/gs, (_, octal: string, point: string, letter: string) => {
      if (octal) return String.fromCharCode(parseInt(octal, 8));
      if (point) return String.fromCodePoint(parseInt(point, 16));
      return letter === "n" ? "\n" : letter;
    });
}

function decodeTwoWays(literal: string): string {
  const inner = literal.slice(1, -1);
  if (literal.startsWith("'")) return inner.replace(/\\([\\'])/g, "$1");
  return inner.replace(/\\(?:x([0-9a-f]{2})|(.))/gs, (_, code: string, letter: string) => {
    return code ? String.fromCharCode(parseInt(code, 16)) : letter === "n" ? "\n" : letter;
  });
}

const runShell = (script: string, env: Record<string, string> = {}): string =>
  execFileSync("sh", ["-c", script], { encoding: "utf8", env: { PATH: process.env.PATH ?? "", ...env } });

describe("literals", () => {
  for (const text of HOSTILE) {
    it(`hold ${JSON.stringify(text)}`, () => {
      expect(JSON.parse(quote.json(text))).toBe(text);
      expect(quote.json(text)).not.toMatch(/[\n\r]/);
      expect(decodeC(quote.cpp(text))).toBe(text);
      expect(quote.cpp(text)).not.toMatch(/[\n\r]|\?\?/);
      expect(decodeC(quote.rust(text))).toBe(text);
      expect(decodeTwoWays(quote.php(text))).toBe(text);
      expect(decodeTwoWays(quote.ruby(text))).toBe(text);
      expect(quote.php(text) + quote.ruby(text)).not.toMatch(/[\n\r]/);
      expect(runShell(`printf '%s.' ${quote.shell(text)}`)).toBe(`${text}.`);
    });
  }

  it("replace half a character, which no file can hold", () => {
    expect(JSON.parse(quote.json("a\ud800b"))).toBe("a\ufffdb");
    expect(quote.shell("\ud800")).toBe("'\ufffd'");
  });
});

/** How each language writes the text of one parameter. */
const LITERALS: readonly (readonly [Generator, (text: string) => string])[] = [
  [python, quote.json],
  [node, quote.json],
  [go, quote.json],
  [java, quote.json],
  [dotnet, quote.json],
  [php, quote.php],
  [ruby, quote.ruby],
  [cpp, quote.cpp],
  [rust, quote.rust],
];

describe("snippets", () => {
  for (const [generator, literal] of LITERALS) {
    it(`of ${generator.name} hold each text as one literal`, () => {
      const around = generator.generate(keyword("MARK")).split(literal("MARK"));
      expect(around).toHaveLength(2);
      // Nothing but the literal differs: a text changes no other part of the program.
      for (const text of HOSTILE) expect(generator.generate(keyword(text))).toBe(around.join(literal(text)));
    });
  }

  it("name this server, the action and no secret", () => {
    for (const generator of GENERATORS) {
      for (const one of tables.actions) {
        const text = generator.generate(call(one.name, fromJson(one.sample_request)));
        expect(text, generator.name).toContain("127.0.0.1:9160");
        expect(text, generator.name).toContain(one.name);
        expect(text, generator.name).toContain("TENCENTCLOUD_SECRET_ID");
        expect(text, generator.name).toContain("TENCENTCLOUD_SECRET_KEY");
        expect(text.endsWith("\n"), generator.name).toBe(true);
      }
    }
  });

  it("of Python are what Python reads back", () => {
    for (const text of HOSTILE) {
      const program = python.generate(keyword(text));
      const read =
        "import ast,json,sys\ntree=ast.parse(sys.stdin.read())\nfor node in ast.walk(tree):\n    if isinstance(node, ast.Dict): print(json.dumps(ast.literal_eval(node))); break";
      const params = execFileSync("python3", ["-c", read], { input: program, encoding: "utf8" });
      expect(JSON.parse(params)).toEqual({ SearchContext: { Keyword: text } });
    }
  });

  it("of Node.js call the SDK with the parameters", () => {
    for (const text of HOSTILE) {
      const calls: unknown[] = [];
      class Client {
        GetFunctionLogs(params: unknown): Promise<unknown> {
          calls.push(params);
          return Promise.resolve({});
        }
      }
      const run = new Function("require", "process", "console", node.generate(keyword(text)));
      run(() => ({ scf: { v20180416: { Client } } }), { env: {} }, { log: () => undefined });
      expect(calls).toEqual([{ SearchContext: { Keyword: text } }]);
    }
  });

  it("of curl send what was typed, signed as the server computes it", async () => {
    const { tc3Authorization, tc3Keys, tc3Steps } = await import("../../shared/sign/tc3.ts");
    const env = { TENCENTCLOUD_SECRET_ID: "AKIDx", TENCENTCLOUD_SECRET_KEY: "se'c $ret" };
    for (const text of HOSTILE) {
      const script = curl.generate(keyword(text));
      // curl itself is replaced by something that prints what it was given.
      const printed = runShell(`curl() { for one in "$@"; do printf '%s\\0' "$one"; done; }\n${script}`, env).split(
        "\0",
      );
      const body = printed[printed.indexOf("--data-raw") + 1] ?? "";
      expect(JSON.parse(body)).toEqual({ SearchContext: { Keyword: text } });
      const timestamp = Number(printed.find((one) => one.startsWith("X-TC-Timestamp: "))?.slice(16));
      const steps = tc3Steps({
        method: "POST",
        path: "/",
        query: "",
        host: "127.0.0.1:9160",
        contentType: "application/json",
        body,
        timestamp,
        service: "scf",
      });
      const signature = tc3Keys(env.TENCENTCLOUD_SECRET_KEY, "scf", steps).signature;
      expect(printed).toContain(`Authorization: ${tc3Authorization("AKIDx", steps, signature)}`);
    }
  });

  it("of tccli give each flag one word", () => {
    for (const text of HOSTILE) {
      const line = tccli.generate(call("GetFunctionLogs", { FunctionName: text, "SearchContext.Keyword": text }));
      const words = runShell(`tccli() { for one in "$@"; do printf '%s\\0' "$one"; done; }\n${line}`).split("\0");
      expect(words).toContain(`--FunctionName=${text}`);
      expect(words).toContain(`--SearchContext=${JSON.stringify({ Keyword: text })}`);
    }
  });

  it("hold lists of objects", () => {
    const values = {
      "SearchKey.0.Key": "Namespace",
      "SearchKey.0.Value": "a",
      "SearchKey.1.Key": "Namespace",
      "SearchKey.1.Value": "b",
    };
    const text = (generator: Generator) => generator.generate(call("ListNamespaces", values));
    expect(text(go)).toContain("[]*scf.SearchKey{\n\t\t&scf.SearchKey{");
    expect(text(java)).toContain("request.setSearchKey(new SearchKey[] { searchKey, searchKey2 });");
    expect(text(cpp)).toContain("request.SetSearchKey({searchKey1, searchKey2});");
    expect(text(dotnet)).toContain("SearchKey = new SearchKey[]");
    expect(text(ruby)).toContain("request.SearchKey = [search_key_1, search_key_2]");
    expect(text(php)).toContain("'SearchKey' => [");
  });

  it("of Ruby reach a port that its SDK does not know", () => {
    expect(ruby.generate(call("GetFunction", { FunctionName: "a" }))).toContain("Net::HTTP.new('127.0.0.1', 9160)");
    expect(ruby.generate(call("GetFunction", { FunctionName: "a" }, "scf.example.com"))).not.toContain("Net::HTTP.new");
    expect(ruby.generate(call("GetFunction", { FunctionName: "a" }, "h:9443", "https"))).toContain(
      "http.use_ssl = true",
    );
  });
});
