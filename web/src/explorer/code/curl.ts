// curl, signed with TC3 by openssl in a POSIX shell, so that the request is fresh whenever it is sent.

import { SECRET_ID, SECRET_KEY, type Call, type Generator } from "./call.ts";
import { shell } from "./quote.ts";

export const curl: Generator = {
  id: "curl",
  name: "curl",
  file: "call.sh",
  keywords: "set curl printf openssl date export",
  comment: "#",
  run: "sh call.sh",
  generate: ({ action, version, region, scheme, host, params, language }: Call) => `#!/bin/sh
# Needs curl and openssl. The secret is read from the environment: ${SECRET_ID}, ${SECRET_KEY}.
set -eu
: "\${${SECRET_ID}:?}" "\${${SECRET_KEY}:?}"

host=${shell(host)}
body=${shell(JSON.stringify(params))}
timestamp=$(date -u +%s)
date=$(date -u -d "@$timestamp" +%Y-%m-%d 2>/dev/null || date -u -r "$timestamp" +%Y-%m-%d)

sha256() { openssl dgst -sha256 -hex | sed 's/^.*= *//'; }
hmac() { openssl dgst -sha256 -hex -mac HMAC -macopt "$1" | sed 's/^.*= *//'; }

hashed_payload=$(printf '%s' "$body" | sha256)
canonical_request=$(printf 'POST\\n/\\n\\ncontent-type:application/json\\nhost:%s\\n\\ncontent-type;host\\n%s' "$host" "$hashed_payload")
hashed_request=$(printf '%s' "$canonical_request" | sha256)
string_to_sign=$(printf 'TC3-HMAC-SHA256\\n%s\\n%s/scf/tc3_request\\n%s' "$timestamp" "$date" "$hashed_request")

# The key in hexadecimal, since openssl takes no other form of any text.
key=$(printf 'TC3%s' "$${SECRET_KEY}" | od -An -v -tx1 | tr -d ' \\n')
key=$(printf '%s' "$date" | hmac "hexkey:$key")
key=$(printf 'scf' | hmac "hexkey:$key")
key=$(printf 'tc3_request' | hmac "hexkey:$key")
signature=$(printf '%s' "$string_to_sign" | hmac "hexkey:$key")

curl -sS "${scheme}://$host/" \\
  -H "Authorization: TC3-HMAC-SHA256 Credential=$${SECRET_ID}/$date/scf/tc3_request, SignedHeaders=content-type;host, Signature=$signature" \\
  -H 'Content-Type: application/json' \\
  -H ${shell(`X-TC-Action: ${action.name}`)} \\
  -H ${shell(`X-TC-Version: ${version}`)} \\
  -H "X-TC-Timestamp: $timestamp" \\
  -H ${shell(`X-TC-Region: ${region}`)} \\
  -H ${shell(`X-TC-Language: ${language}`)} \\
  --data-raw "$body"
`,
};
