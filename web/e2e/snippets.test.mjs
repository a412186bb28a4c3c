// Every snippet of the Explorer as printed: run where its client is there, checked for its syntax where only a compiler
// or interpreter is. What cannot be done on a machine is skipped by name.
//
// RUNLOG_PYTHON: a python with tencentcloud-sdk-python-scf; RUNLOG_TCCLI; RUNLOG_NODE_MODULES: a folder with
// tencentcloud-sdk-nodejs-scf; RUNLOG_CLIENT: crates/client, to run the Rust ones with cargo.

import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, test } from "node:test";

import { writeSnippets } from "../scripts/snippets.mjs";

const need = (name) => process.env[name] ?? assert.fail(`${name} is not set; see web/README.md`);
const SERVER = new URL(need("RUNLOG_WEB"));
const KEY = { TENCENTCLOUD_SECRET_ID: need("RUNLOG_SECRET_ID"), TENCENTCLOUD_SECRET_KEY: need("RUNLOG_SECRET_KEY") };
const ENV = { PATH: process.env.PATH, HOME: process.env.HOME, ...KEY };

const folder = mkdtempSync(join(tmpdir(), "runlog-snippets-"));
after(() => rmSync(folder, { recursive: true, force: true }));

const tables = await (await fetch(new URL("/actions.json", SERVER))).json();
const run = await latestRun();
const snippets = await writeSnippets({ folder, host: SERVER.host, tables, values: real });
const of = (id) => snippets.filter((one) => one.id === id);

async function latestRun() {
  const basic = Buffer.from(`${KEY.TENCENTCLOUD_SECRET_ID}:${KEY.TENCENTCLOUD_SECRET_KEY}`).toString("base64");
  const answer = await fetch(new URL("/api/v1/runs?limit=1&region=ap-guangzhou&namespace=default", SERVER), {
    headers: { Authorization: `Basic ${basic}` },
  });
  return (await answer.json()).runs[0];
}

/** A function and a request that exist, and no window, so that the answer is a success. */
function real(action, { StartTime, EndTime, ...sample }) {
  const values = { ...sample };
  if ("FunctionName" in values) values.FunctionName = run.FunctionName;
  if ("FunctionRequestId" in values) values.FunctionRequestId = run.RequestId;
  return values;
}

function has(program) {
  return spawnSync("sh", ["-c", `command -v "$1"`, "sh", program]).status === 0;
}

/** Runs it; its output must be an answer of the API. */
function succeeds(snippet, program, args, env = {}) {
  const done = spawnSync(program, args, {
    cwd: snippet.folder,
    env: { ...ENV, ...env },
    encoding: "utf8",
    timeout: 300_000,
  });
  const where = `${snippet.name} ${snippet.action}${snippet.isHostile ? " (hostile)" : ""}`;
  assert.equal(done.status, 0, `${where}: ${done.stderr}${done.stdout}`);
  const answer = JSON.parse(done.stdout);
  const body = answer.Response ?? answer;
  assert.equal(body.Error, undefined, `${where}: ${done.stdout}`);
  const fields = Object.keys(tables.actions.find((one) => one.name === snippet.action).sample_response.Response);
  assert.ok(
    fields.some((field) => field !== "RequestId" && field in body),
    `${where}: ${done.stdout}`,
  );
}

const client = (name, id, variable, go) => {
  test(
    `${name}: every action succeeds as printed`,
    { skip: process.env[variable] === undefined && `no ${variable}` },
    () => {
      for (const snippet of of(id)) go(snippet, process.env[variable]);
    },
  );
};

client("Python", "python", "RUNLOG_PYTHON", (snippet, python) => succeeds(snippet, python, [snippet.file]));
client("Node.js", "node", "RUNLOG_NODE_MODULES", (snippet, modules) =>
  succeeds(snippet, process.execPath, [snippet.file], { NODE_PATH: modules }),
);
client("tccli", "tccli", "RUNLOG_TCCLI", (snippet, tccli) =>
  succeeds(snippet, "sh", [snippet.file], { PATH: `${dirname(tccli)}:${ENV.PATH}` }),
);

test(
  "curl: every action succeeds as printed",
  { skip: !(has("curl") && has("openssl")) && "no curl or openssl" },
  () => {
    for (const snippet of of("curl")) succeeds(snippet, "sh", [snippet.file]);
  },
);

client("Rust", "rust", "RUNLOG_CLIENT", (snippet, crate) => {
  // One project for all, so that what they depend on is built once.
  const project = join(folder, "rust-project");
  mkdirSync(join(project, "src"), { recursive: true });
  const manifest = `[package]\nname = "call"\nedition = "2024"\n[dependencies]\nserde_json = "1"\nrunlog-client = { path = ${JSON.stringify(crate)} }\n[workspace]\n`;
  writeFileSync(join(project, "Cargo.toml"), manifest);
  copyFileSync(join(snippet.folder, snippet.file), join(project, "src/main.rs"));
  const target = process.env.RUNLOG_SNIPPETS_TARGET;
  succeeds(
    { ...snippet, folder: project },
    "cargo",
    ["run", "--quiet"],
    target === undefined ? {} : { CARGO_TARGET_DIR: target },
  );
});

const syntax = (name, id, program, go) => {
  test(`${name}: the syntax of every action is right`, { skip: !has(program) && `no ${program}` }, () => {
    for (const snippet of of(id)) go(join(snippet.folder, snippet.file), snippet);
  });
};

const quietly = (program, args) => execFileSync(program, args, { encoding: "utf8", stdio: "pipe" });

syntax("Go", "go", "gofmt", (file) =>
  assert.equal(quietly("gofmt", ["-e", "-l", file]), "", "formatted as gofmt does it"),
);
syntax("PHP", "php", "php", (file) => quietly("php", ["-l", file]));
syntax("Ruby", "ruby", "ruby", (file) => quietly("ruby", ["-c", file]));
// Stopped after parsing: the SDK is not here.
syntax("Java", "java", "javac", (file) =>
  quietly("javac", [
    "-proc:none",
    "-XDshould-stop.ifError=PARSE",
    "-XDshould-stop.ifNoError=PARSE",
    "-d",
    folder,
    file,
  ]),
);
syntax("C++", "cpp", "g++", (file, { action }) =>
  quietly("g++", ["-std=c++11", "-fsyntax-only", "-I", cppStandIn(action), file]),
);

test(".NET: the syntax of every action is right", { skip: "no .NET in Debian" }, () => undefined);

/** Headers that declare what a snippet uses of the SDK, with the types of the tables, so that g++ checks the rest. */
function cppStandIn(actionName) {
  const include = join(folder, "cpp-include", actionName);
  const action = tables.actions.find((one) => one.name === actionName);
  const structs = [];
  const type = (shape) => {
    if (shape.type === "object") return struct(shape.struct, shape.members);
    if (shape.type === "array") return `std::vector<${type(shape.item)}>`;
    return { integer: "int64_t", unsigned: "uint64_t", float: "double", boolean: "bool" }[shape.type] ?? "std::string";
  };
  const struct = (name, members) => {
    const setters = members.map((one) => `    void Set${one.name}(const ${type(one)} &) {}\n`).join("");
    structs.push(`struct ${name} {\n${setters}};\n`);
    return name;
  };
  struct(`${actionName}Request`, action.params);
  const core = `#pragma once
#include <cstdint>
#include <string>
#include <vector>
namespace TencentCloud {
void InitAPI();
void ShutdownAPI();
struct Credential { Credential(const std::string &, const std::string &) {} };
struct HttpProfile {
    enum class Scheme { HTTP, HTTPS };
    void SetProtocol(Scheme) {}
    void SetEndpoint(const std::string &) {}
};
struct ClientProfile {
    enum class Language { ZH_CN, EN_US };
    void SetHttpProfile(const HttpProfile &) {}
    void SetLanguage(Language) {}
};
namespace Scf { namespace V20180416 {
namespace Model {
${structs.join("")}struct Response { std::string ToJsonString() const { return ""; } };
}
struct Failure { std::string PrintAll() const { return ""; } };
struct Outcome {
    bool IsSuccess() const { return true; }
    Failure GetError() const { return {}; }
    Model::Response GetResult() const { return {}; }
};
struct ScfClient {
    ScfClient(const Credential &, const std::string &, const ClientProfile &) {}
    Outcome ${actionName}(const Model::${actionName}Request &) { return {}; }
};
} } }
`;
  const program = readFileSync(join(of("cpp").find((one) => one.action === actionName).folder, "call.cpp"), "utf8");
  for (const [, header] of program.matchAll(/#include <(tencentcloud\/[^>]+)>/g)) {
    mkdirSync(join(include, dirname(header)), { recursive: true });
    writeFileSync(join(include, header), `#include <stand-in.h>\n`);
  }
  writeFileSync(join(include, "stand-in.h"), core);
  return include;
}
