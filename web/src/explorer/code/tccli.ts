// tccli, the cloud's command line. It reads the same variables of the environment.

import { given, type Call, type Generator } from "./call.ts";
import { shell } from "./quote.ts";

export const tccli: Generator = {
  id: "tccli",
  name: "tccli",
  file: "call.sh",
  keywords: "tccli scf",
  comment: "#",
  run: "pip install tccli\nsh call.sh",
  generate: ({ action, version, region, scheme, host, params, language }: Call) => {
    const flags = given(action.params, params).map(
      ({ name, value }) => `--${name}=${shell(typeof value === "string" ? value : JSON.stringify(value))}`,
    );
    const parts = [
      `tccli scf ${action.name}`,
      `--version ${shell(version)}`,
      // Without the scheme tccli means https.
      `--endpoint ${shell(`${scheme}://${host}`)}`,
      `--region ${shell(region)}`,
      `--language ${shell(language)}`,
      ...flags,
    ];
    return `# Reads TENCENTCLOUD_SECRET_ID and TENCENTCLOUD_SECRET_KEY.\n${parts.join(" \\\n  ")}\n`;
  },
};
