// Ruby: tencentcloud-sdk-scf.

import { given, hostName, portOf, SECRET_ID, SECRET_KEY, type Call, type Generator } from "./call.ts";
import type { Json, Param, Shape } from "../tables.ts";
import { ruby as quote } from "./quote.ts";

interface Built {
  readonly before: readonly string[];
  readonly value: string;
}

function build(shape: Shape<Param>, name: string, value: Json): Built {
  if (shape.type === "object") {
    const make = `${name} = TencentCloud::Scf::V20180416::${shape.struct ?? ""}.new`;
    return { before: [make, ...setters(name, shape.members ?? [], value)], value: name };
  }
  if (shape.type === "array" && shape.item !== undefined && Array.isArray(value)) {
    const { item } = shape;
    const parts = value.map((one: Json, index) => build(item, `${name}_${index + 1}`, one));
    return { before: parts.flatMap((part) => part.before), value: `[${parts.map((part) => part.value).join(", ")}]` };
  }
  return { before: [], value: typeof value === "string" ? quote(value) : value === null ? "nil" : String(value) };
}

function setters(owner: string, params: readonly Param[], value: Json): string[] {
  return given(params, value).flatMap(({ name, shape, value: one }) => {
    const built = build(shape, name.replace(/(?<=[a-z])(?=[A-Z])/g, "_").toLowerCase(), one);
    return [...built.before, `${owner}.${name} = ${built.value}`];
  });
}

/** The SDK knows the ports 80 and 443 only, so a connection to another one is put in. */
function connection(scheme: string, host: string): string {
  const port = portOf(host);
  if (port === undefined) return "";
  const tls = scheme === "https" ? "\nhttp.use_ssl = true" : "";
  return `
# The SDK connects to port 80 or 443 only: give it the connection to this server.
http = Net::HTTP.new(${quote(hostName(host).replace(/^\[|\]$/g, ""))}, ${port})${tls}
client.instance_variable_get(:@request).instance_variable_set(:@conn, http)
`;
}

export const ruby: Generator = {
  id: "ruby",
  name: "Ruby",
  file: "call.rb",
  keywords: "require puts nil true false end do",
  comment: "#",
  run: "gem install tencentcloud-sdk-common tencentcloud-sdk-scf\nruby call.rb",
  generate: ({ action, region, scheme, host, params, language }: Call) => {
    const lines = setters("request", action.params, params).map((line) => `${line}\n`);
    return `# frozen_string_literal: true

require 'json'
require 'net/http'
require 'tencentcloud-sdk-common'
require 'tencentcloud-sdk-scf'

credential = TencentCloud::Common::Credential.new(ENV.fetch('${SECRET_ID}'), ENV.fetch('${SECRET_KEY}'))
profile = TencentCloud::Common::ClientProfile.new
profile.language = ${quote(language)}
profile.http_profile.scheme = ${quote(scheme)}
profile.http_profile.endpoint = ${quote(host)}
client = TencentCloud::Scf::V20180416::Client.new(credential, ${quote(region)}, profile)
${connection(scheme, host)}
request = TencentCloud::Scf::V20180416::${action.name}Request.new
${lines.join("")}
response = client.${action.name}(request)
puts JSON.pretty_generate(response.serialize)
`;
  },
};
