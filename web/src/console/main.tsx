// The start of the page `/console`.

import { useEffect, useRef, useState } from "preact/hooks";
import type { JSX } from "preact";

import { explain } from "../shared/api.ts";
import { useText } from "../shared/i18n.ts";
import { start } from "../shared/page.tsx";
import { loadSession, session, wasEnded, type Session } from "../shared/session.ts";
import { useStore } from "../shared/store.ts";
import { shared } from "../shared/words.ts";
import { listenToKeys } from "./keys.ts";
import { Shell } from "./shell.tsx";
import { SignIn } from "./sign-in.tsx";
import "./console.css";

function Console(): JSX.Element {
  const t = useText();
  const who = useStore(session);
  const [error, setError] = useState<unknown>();
  const last = useRef<Session | undefined>(undefined);
  if (who) last.current = who;
  const ask = (): void => {
    setError(undefined);
    loadSession().catch(setError);
  };
  useEffect(ask, []);
  if (error !== undefined) {
    return (
      <main class="alone">
        <p class="note failed" role="alert">
          {explain(error)}
        </p>
        <button type="button" class="button" onClick={ask}>
          {t(shared.retry)}
        </button>
      </main>
    );
  }
  if (who === undefined) return <main class="alone quiet-text">{t(shared.loading)}</main>;
  // A session that the server ended, such as by a restart, leaves what was on the screen for the same key to go on with.
  const kept = who ?? (wasEnded() ? last.current : undefined);
  return (
    <>
      {who === null && <SignIn />}
      {kept !== undefined && (
        <div key={`${kept.account}/${kept.key}`} hidden={who === null} inert={who === null}>
          <Shell who={kept} />
        </div>
      )}
    </>
  );
}

listenToKeys();
start(<Console />);
