// SecretId and SecretKey, in memory; kept for the tab only when somebody says so.

import type { JSX } from "preact";

import { useText } from "../../shared/i18n.ts";
import { isPlainHttp, session } from "../../shared/session.ts";
import { useStore } from "../../shared/store.ts";
import { credentials, setCredentials } from "../credentials.ts";
import { keys as words } from "../words.ts";

export function KeyFields(): JSX.Element {
  const t = useText();
  const { secretId, secretKey, isKept } = useStore(credentials);
  const signedIn = useStore(session);
  return (
    <fieldset class="keys">
      <legend class="visually-hidden">{t(words.title)}</legend>
      <div class="keys-fields">
        <label>
          <span class="field-name">{t(words.secret_id)}</span>
          <input
            value={secretId}
            autocomplete="off"
            spellcheck={false}
            onInput={(event) => setCredentials({ secretId: event.currentTarget.value.trim() })}
          />
        </label>
        <label>
          <span class="field-name">{t(words.secret_key)}</span>
          <input
            type="password"
            value={secretKey}
            autocomplete="off"
            spellcheck={false}
            onInput={(event) => setCredentials({ secretKey: event.currentTarget.value.trim() })}
          />
        </label>
      </div>
      <label class="check" title={t(words.keep_what)}>
        <input
          type="checkbox"
          checked={isKept}
          onChange={(event) => setCredentials({ isKept: event.currentTarget.checked })}
        />
        {t(words.keep)}
      </label>
      <p class="field-doc">{t(words.keep_what)}</p>
      {signedIn && <p class="field-doc">{t(words.session, { key: signedIn.key })}</p>}
      {isPlainHttp() && <p class="note warning">{t(words.plain)}</p>}
    </fieldset>
  );
}
