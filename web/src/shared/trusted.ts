// The policy of the pages demands trusted types: a worker's address must say that it was made here.

interface Factory {
  createPolicy(
    name: string,
    rules: { createScriptURL: (url: string) => string },
  ): { createScriptURL(url: string): string };
}

const factory = (globalThis as { trustedTypes?: Factory }).trustedTypes;
const policy = factory?.createPolicy("runlog-worker", {
  createScriptURL: (url) => {
    if (new URL(url, location.href).origin !== location.origin) throw new TypeError("a worker of another host");
    return url;
  },
});

/**
 * Starts a worker of this build: `startWorker(workerUrl)` with `import workerUrl from "./find.worker.ts?worker&url"`.
 */
export function startWorker(url: string): Worker {
  return new Worker(policy === undefined ? url : policy.createScriptURL(url), { type: "module" });
}
