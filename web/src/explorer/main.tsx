// The API Explorer: actions on the left, the form in the middle, tools on the right. The whole form is in the URL.

import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";

import { explain, get } from "../shared/api.ts";
import { useText } from "../shared/i18n.ts";
import { useLoaded } from "../shared/loading.ts";
import { setTitle, start } from "../shared/page.tsx";
import { loadSession } from "../shared/session.ts";
import { TopBar } from "../shared/top-bar.tsx";
import { shared } from "../shared/words.ts";
import { Explorer } from "./explorer.tsx";
import type { Tables } from "./tables.ts";
import { explorer as words } from "./words.ts";

function Page(): JSX.Element {
  const t = useText();
  const { data, error, reload } = useLoaded("tables", (signal) => get<Tables>("/actions.json", { signal }));
  const [isSearching, setSearching] = useState(false);
  useEffect(() => {
    setTitle(t(words.title));
    // The session only adds to what the page can do: a server that cannot be asked is told by the first call.
    loadSession().catch(() => undefined);
  }, []);
  return (
    <>
      <TopBar page="explorer">
        <button
          type="button"
          class="button quiet open-search"
          disabled={data === undefined}
          onClick={() => setSearching(true)}
        >
          <span class="open-search-long">{t(words.search)}</span>
          <span class="open-search-short">{t(words.search_short)}</span>
          <kbd>/</kbd>
        </button>
      </TopBar>
      {error !== undefined && (
        <main id="main" class="page-message">
          <p class="note failed">{t(words.no_tables, { reason: explain(error) })}</p>
          <button type="button" class="button" onClick={reload}>
            {t(shared.retry)}
          </button>
        </main>
      )}
      {error === undefined && data === undefined && (
        <main id="main" class="page-message quiet-text">
          {t(shared.loading)}
        </main>
      )}
      {data !== undefined && <Explorer tables={data} isSearching={isSearching} setSearching={setSearching} />}
    </>
  );
}

start(<Page />);
