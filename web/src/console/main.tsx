// The start of the page `/console`.

import { useEffect, useState } from "preact/hooks";
import type { JSX } from "preact";

import { explain } from "../shared/api.ts";
import { useText } from "../shared/i18n.ts";
import { start } from "../shared/page.tsx";
import { loadSession, session } from "../shared/session.ts";
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
  return who === null ? <SignIn /> : <Shell who={who} />;
}

listenToKeys();
start(<Console />);
