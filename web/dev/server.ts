// The pages in front of a real server, in development and for a look at a build.
//
//     RUNLOG=http://127.0.0.1:9160 npm run dev        with hot reload
//     RUNLOG=http://127.0.0.1:9160 npm run preview    the build, with the content security policy of the binary
//
// What the API serves is passed on to that server. Where the server is too old to have a route of the pages, this answers
// in its place: `/actions.json` and `/mock/` from a copy of the tables, `/api/v1/session` by a session of its own.

import { readFileSync } from "node:fs";
import { request as send, type IncomingMessage, type ServerResponse } from "node:http";

import type { Connect, Plugin } from "vite";

import { answerSession, withCredentials } from "./session.ts";

const PAGE = /^\/(console|explorer|docs)(?:\/|\?|$)/;
const OWN = /^\/(?:src|node_modules|@|assets|[\w-]+\.html)/;
const API = /^\/(?:api|mock|openapi\.json|actions\.json|livez|readyz|metrics)/;

export const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "worker-src 'self'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
].join("; ");

export function developmentServer(): Plugin {
  const target = process.env.RUNLOG ?? "http://127.0.0.1:9160";
  return {
    name: "development-server",
    configureServer: (server) => void server.middlewares.use(middleware(target, false)),
    configurePreviewServer: (server) => void server.middlewares.use(middleware(target, true)),
  };
}

function middleware(target: string, isBuild: boolean): Connect.NextHandleFunction {
  return (request, response, next) => {
    const url = request.url ?? "/";
    if (!OWN.test(url) && isForServer(request, url)) {
      if (url === "/api/v1/session") void session(target, request, response);
      else forward(target, url, request, response);
      return;
    }
    if (isBuild) response.setHeader("Content-Security-Policy", POLICY);
    const page = PAGE.exec(url);
    if (page) request.url = `/${page[1]}.html`;
    next();
  };
}

function isForServer(request: IncomingMessage, url: string): boolean {
  if (API.test(url)) return true;
  const isRoot = url === "/" || url.startsWith("/?");
  const wantsPage = url === "/" && (request.headers.accept ?? "").includes("text/html");
  return isRoot && !(request.method === "GET" && wantsPage);
}

/** Whether the server has sessions itself is asked once. */
let hasSessions: Promise<boolean> | undefined;

async function session(target: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
  hasSessions ??= fetch(`${target}/api/v1/session`).then(
    ({ status }) => status !== 404,
    () => false,
  );
  if (await hasSessions) forward(target, "/api/v1/session", request, response);
  else await answerSession(target, request, response);
}

/** `Host` is passed on as the browser sent it: it is signed. */
function forward(target: string, url: string, request: IncomingMessage, response: ServerResponse): void {
  const upstream = send(
    target + url,
    { method: request.method ?? "GET", headers: withCredentials(request.headers) },
    (answer) => {
      const ours = answer.statusCode === 404 ? inPlace(url) : undefined;
      if (ours === undefined) {
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(response);
        return;
      }
      answer.resume();
      response.writeHead(200, { "Content-Type": "application/json" }).end(ours);
    },
  );
  upstream.on("error", (error) => {
    if (!response.headersSent) response.writeHead(502, { "Content-Type": "application/json" });
    response.end(JSON.stringify({ code: "Unreachable", message: `${target}: ${error.message}` }));
  });
  // A tail ends when its reader leaves.
  response.on("close", () => upstream.destroy());
  request.pipe(upstream);
}

/** The answer to a route of the pages that the server does not have. */
function inPlace(url: string): string | undefined {
  const text = readFileSync(new URL("./actions.json", import.meta.url), "utf8");
  if (url === "/actions.json") return text;
  const name = /^\/mock\/(\w+)/.exec(url)?.[1];
  if (name === undefined) return undefined;
  const { actions } = JSON.parse(text) as { actions: readonly { name: string; sample_response: unknown }[] };
  const action = actions.find((one) => one.name === name);
  return action === undefined ? undefined : JSON.stringify(action.sample_response);
}
