// The front door: what this server is, and where to go.

import type { JSX } from "preact";
import { useEffect } from "preact/hooks";

import { useText, type Text } from "../shared/i18n.ts";
import { installation } from "../shared/installation.ts";
import { setTitle, start } from "../shared/page.tsx";
import { TopBar } from "../shared/top-bar.tsx";
import { front } from "./words.ts";
import "./front.css";

const DOORS: readonly { readonly href: string; readonly name: Text; readonly what: Text }[] = [
  { href: "/console", name: front.console, what: front.console_what },
  { href: "/explorer", name: front.explorer, what: front.explorer_what },
  { href: "/docs", name: front.docs, what: front.docs_what },
  { href: "/openapi.json", name: front.openapi, what: front.openapi_what },
];

function Front(): JSX.Element {
  const t = useText();
  const { name, version } = installation();
  useEffect(() => setTitle(""), []);
  return (
    <>
      <TopBar page="home" />
      <main id="main" class="front">
        <h1>{name}</h1>
        <p class="front-lead">{t(front.lead)}</p>
        <ul class="front-doors">
          {DOORS.map(({ href, name: door, what }) => (
            <li key={href}>
              <a href={href}>{t(door)}</a>
              <p>{t(what)}</p>
            </li>
          ))}
        </ul>
        <h2>{t(front.start)}</h2>
        <p>{t(front.start_what)}</p>
        <pre class="front-code">{`export SECRET_ID=... SECRET_KEY=...\ncurl -u "$SECRET_ID:$SECRET_KEY" "${location.origin}/api/v1/runs?since=1d"`}</pre>
        <p class="quiet-text">{version === undefined ? "" : `runlog ${version}`}</p>
      </main>
    </>
  );
}

start(<Front />);
