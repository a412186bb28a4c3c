// `npm run dev`: the pages with hot reload, in front of a real server.
//
//     RUNLOG=http://127.0.0.1:9160 npm run dev
//
// What the API serves is passed on to that server. Paths of pages without `.html` work as they do in the binary.

import type { Plugin } from "vite";

const PAGE = /^\/(console|explorer|docs)(\/|\?|$)/;
const OWN = /^\/(src|node_modules|@|dev|[\w-]+\.html)/;

export function developmentServer(): Plugin {
  const target = process.env.RUNLOG ?? "http://127.0.0.1:9160";
  const isForServer = (method: string, url: string, accept: string): boolean => {
    if (/^\/(api|mock|openapi\.json|actions\.json|livez|readyz|metrics)/.test(url)) return true;
    const isRoot = url === "/" || url.startsWith("/?");
    return isRoot && (method !== "GET" || !accept.includes("text/html"));
  };
  return {
    name: "development-server",
    apply: "serve",
    configureServer(server) {
      server.middlewares.use((request, response, next) => {
        const url = request.url ?? "/";
        if (!OWN.test(url) && isForServer(request.method ?? "GET", url, request.headers.accept ?? "")) {
          void forward(target + url, request, response);
          return;
        }
        const page = PAGE.exec(url);
        if (page) request.url = `/${page[1]}.html`;
        next();
      });
    },
  };
}

type Request = import("node:http").IncomingMessage;
type Response = import("node:http").ServerResponse;

/** `Host` is passed on as the browser sent it: it is signed. */
async function forward(url: string, request: Request, response: Response): Promise<void> {
  const { request: send } = await import("node:http");
  const upstream = send(url, { method: request.method ?? "GET", headers: request.headers }, (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(response);
  });
  upstream.on("error", (error) => {
    if (!response.headersSent) response.writeHead(502, { "Content-Type": "application/json" });
    response.end(JSON.stringify({ code: "Unreachable", message: `${url}: ${error.message}` }));
  });
  request.pipe(upstream);
}
