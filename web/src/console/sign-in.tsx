// Signing in with a key or a token. The page stays where it is: after signing in, the URL's view is shown.

import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";

import { explain } from "../shared/api.ts";
import { useText } from "../shared/i18n.ts";
import { installation } from "../shared/installation.ts";
import { setTitle } from "../shared/page.tsx";
import { isPlainHttp, signIn } from "../shared/session.ts";
import { TopBar } from "../shared/top-bar.tsx";
import { signInWords as w } from "./words.ts";

export function SignIn(): JSX.Element {
  const t = useText();
  const [way, setWay] = useState<"key" | "token">("key");
  const [error, setError] = useState<string>();
  const [isWaiting, setWaiting] = useState(false);
  const form = useRef<HTMLFormElement>(null);
  useEffect(() => setTitle(t(w.title)));
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    const given = new FormData(form.current ?? undefined);
    const text = (name: string): string => String(given.get(name) ?? "").trim();
    setWaiting(true);
    setError(undefined);
    try {
      await signIn(
        way === "token" ? { token: text("token") } : { secret_id: text("secret_id"), secret_key: text("secret_key") },
      );
    } catch (failure) {
      setError(explain(failure));
      setWaiting(false);
    }
  };
  return (
    <>
      <TopBar page="console" />
      <main id="main" class="sign-in">
        <form ref={form} class="sign-in-form" onSubmit={(event) => void submit(event)} aria-labelledby="sign-in-title">
          <h1 id="sign-in-title">
            {t(w.title)} <span class="quiet-text">{installation().name}</span>
          </h1>
          <p class="quiet-text">{t(w.lead)}</p>
          {isPlainHttp() && <p class="note warning">{t(w.plain)}</p>}
          <div class="segments" role="radiogroup" aria-label={t(w.way)}>
            {(["key", "token"] as const).map((one) => (
              <label key={one} class={way === one ? "is-on" : ""}>
                <input
                  type="radio"
                  class="visually-hidden"
                  name="way"
                  value={one}
                  checked={way === one}
                  onChange={() => setWay(one)}
                />
                {t(w[one])}
              </label>
            ))}
          </div>
          {way === "key" ? (
            <>
              <label class="field">
                {t(w.secret_id)}
                <input
                  type="text"
                  name="secret_id"
                  required
                  autocomplete="username"
                  spellcheck={false}
                  autocapitalize="off"
                  autofocus
                />
              </label>
              <label class="field">
                {t(w.secret_key)}
                <input type="password" name="secret_key" required autocomplete="current-password" />
              </label>
            </>
          ) : (
            <label class="field">
              {t(w.token)}
              <input type="password" name="token" required autocomplete="current-password" spellcheck={false} />
            </label>
          )}
          {error !== undefined && (
            <p class="note failed" role="alert">
              {t(w.refused, { reason: error })}
            </p>
          )}
          <button type="submit" class="button primary" disabled={isWaiting}>
            {isWaiting ? t(w.waiting) : t(w.submit)}
          </button>
          <p class="quiet-text small-text">{t(w.where)}</p>
        </form>
      </main>
    </>
  );
}
