// The selected run beside the list: its facts and the first screen of its output, of a failed one the last. The list stays.

import type { JSX } from "preact";
import { useState } from "preact/hooks";

import { useText } from "../../../shared/i18n.ts";
import { followLink } from "../../../shared/location.ts";
import { useLoaded } from "../../../shared/loading.ts";
import { loadLog, loadRun, stateOf, type Run } from "../../data/api.ts";
import { DEFAULT_OPTIONS, LogViewer, type ViewOptions } from "../../log/viewer.tsx";
import { memoryText } from "../../query/span.ts";
import { runUrl } from "../../screen.ts";
import { Failed, Loading } from "../../states.tsx";
import { useZone } from "../../zone.ts";
import { logWords } from "../../log/words.ts";
import { Details, Facts, memoryLimit, RawJson } from "../run/facts.tsx";
import { runWords } from "../run/words.ts";
import { runsWords as w } from "./words.ts";
import { Safe } from "../../safe.tsx";

interface Props {
  readonly request_id: string;
  /** The run as the list has it, if it does. */
  readonly row: Run | undefined;
  readonly keyword: string | undefined;
  readonly onClose: () => void;
}

const PART_BYTES = 65_536;

const TABS = ["output", "details", "json"] as const;

export function Panel({ request_id, row, keyword, onClose }: Props): JSX.Element {
  const t = useText();
  const zone = useZone();
  const [tab, setTab] = useState<(typeof TABS)[number]>("output");
  const [options, setOptions] = useState<ViewOptions>({
    ...DEFAULT_OPTIONS,
    find: keyword ?? "",
    isCaseSensitive: keyword !== undefined,
  });
  const loaded = useLoaded(request_id + (row?.Seq ?? ""), async (signal) => {
    const run = row ?? (await loadRun({ request_id }, signal)).runs.at(-1);
    if (run === undefined) throw new Error(t(runWords.not_found));
    const isEnd = stateOf(run) === "failed";
    const log = await loadLog(run, signal, isEnd ? `bytes=-${PART_BYTES}` : `bytes=0-${PART_BYTES - 1}`);
    const isPart = log.total_bytes !== undefined && log.total_bytes > PART_BYTES;
    return { run, isEnd, isPart, log: isPart ? { ...log, text: wholeLines(log.text, isEnd) } : log };
  });
  const run = loaded.data?.run.RequestId === request_id ? loaded.data.run : row;
  const log = loaded.data?.run.RequestId === request_id ? loaded.data.log : undefined;
  const titles = { output: t(logWords.output), details: t(runWords.details), json: t(runWords.json) };
  return (
    <aside
      class={`panel ${loaded.data?.isEnd === true && loaded.data.isPart ? "has-no-numbers" : ""}`}
      aria-label={t(w.panel)}
    >
      <header class="panel-head">
        <div class="panel-title">
          <h2>
            <Safe text={run?.FunctionName ?? request_id} />
          </h2>
          {run !== undefined && (
            <a class="button small" href={runUrl(run)} onClick={followLink}>
              {t(w.open_whole)} <kbd>Enter</kbd>
            </a>
          )}
          <button
            type="button"
            class="button small quiet"
            aria-label={t(w.close_panel)}
            title={t(w.close_panel)}
            onClick={onClose}
          >
            ×
          </button>
        </div>
        {run !== undefined && (
          <Facts
            run={run}
            zone={zone}
            usual={undefined}
            limit_bytes={log === undefined ? undefined : memoryLimit(log.text)}
          />
        )}
        {run !== undefined && stateOf(run) === "failed" && run.RetMsg !== "" && (
          <p class="panel-why mono">
            <Safe text={run.RetMsg.slice(0, 400)} />
          </p>
        )}
        <div class="tabs" role="tablist">
          {TABS.map((one) => (
            <button key={one} type="button" role="tab" aria-selected={one === tab} onClick={() => setTab(one)}>
              {titles[one]}
            </button>
          ))}
        </div>
      </header>
      {loaded.error !== undefined && <Failed error={loaded.error} onRetry={loaded.reload} />}
      {run !== undefined && tab === "details" && <Details run={run} zone={zone} />}
      {run !== undefined && tab === "json" && <RawJson run={run} log={log?.isWhole === true ? log.text : undefined} />}
      {tab === "output" &&
        (run === undefined || log === undefined ? (
          loaded.error === undefined && <Loading />
        ) : (
          <>
            <LogViewer
              key={`${run.RequestId}/${run.RetryNum}`}
              text={log.text}
              zone={zone}
              options={options}
              onOptions={(changes) => setOptions((before) => ({ ...before, ...changes }))}
              hash=""
              onHash={undefined}
              begin={loaded.data?.isEnd === true ? "trouble" : "top"}
              isRunning={stateOf(run) === "running"}
              isCompact
              name={`${run.FunctionName}-${run.RequestId}`}
            />
            {loaded.data?.isPart === true && log.total_bytes !== undefined && (
              <p class="note panel-part">
                {t(loaded.data?.isEnd === true ? runWords.partial_end : runWords.partial, {
                  shown: memoryText(PART_BYTES),
                  total: memoryText(log.total_bytes),
                })}{" "}
                <a href={runUrl(run)} onClick={followLink}>
                  {t(runWords.whole)}
                </a>
              </p>
            )}
          </>
        ))}
    </aside>
  );
}

/** A part of an output without the line that is cut, unless that is all there is. */
function wholeLines(text: string, isEnd: boolean): string {
  const cut = isEnd ? text.slice(text.indexOf("\n") + 1) : text.slice(0, text.lastIndexOf("\n") + 1);
  return cut === "" ? text : cut;
}
