// C++: tencentcloud-sdk-cpp.

import { given, SECRET_ID, SECRET_KEY, type Call, type Generator } from "./call.ts";
import type { Json, Param, Shape } from "../tables.ts";
import { cpp as quote } from "./quote.ts";

interface Built {
  readonly before: readonly string[];
  readonly value: string;
}

function build(shape: Shape<Param>, name: string, value: Json): Built {
  if (shape.type === "object") {
    return { before: [`${shape.struct ?? ""} ${name};`, ...setters(name, shape.members ?? [], value)], value: name };
  }
  if (shape.type === "array" && shape.item !== undefined && Array.isArray(value)) {
    const { item } = shape;
    const parts = value.map((one: Json, index) => build(item, `${name}${index + 1}`, one));
    return { before: parts.flatMap((part) => part.before), value: `{${parts.map((part) => part.value).join(", ")}}` };
  }
  return { before: [], value: typeof value === "string" ? quote(value) : String(value) };
}

function setters(owner: string, params: readonly Param[], value: Json): string[] {
  return given(params, value).flatMap(({ name, shape, value: one }) => {
    const built = build(shape, name.charAt(0).toLowerCase() + name.slice(1), one);
    return [...built.before, `${owner}.Set${name}(${built.value});`];
  });
}

export const cpp: Generator = {
  id: "cpp",
  name: "C++",
  file: "call.cpp",
  keywords: "include using namespace int main return if auto const true false std",
  comment: "//",
  run: "# tencentcloud-sdk-cpp, built with core and scf\ng++ -std=c++11 call.cpp -o call -ltencentcloud-sdk-cpp-scf -ltencentcloud-sdk-cpp-core\n./call",
  generate: ({ action, region, scheme, host, params, language }: Call) => {
    // The SDK refuses a host without a dot.
    const endpoint = host.replace(/^localhost(?=:|$)/, "127.0.0.1");
    const lines = setters("request", action.params, params).map((line) => `    ${line}\n`);
    return `#include <cstdlib>
#include <iostream>

#include <tencentcloud/core/Credential.h>
#include <tencentcloud/core/TencentCloud.h>
#include <tencentcloud/core/profile/ClientProfile.h>
#include <tencentcloud/core/profile/HttpProfile.h>
#include <tencentcloud/scf/v20180416/ScfClient.h>
#include <tencentcloud/scf/v20180416/model/${action.name}Request.h>
#include <tencentcloud/scf/v20180416/model/${action.name}Response.h>

using namespace TencentCloud;
using namespace TencentCloud::Scf::V20180416;
using namespace TencentCloud::Scf::V20180416::Model;

static std::string variable(const char *name) {
    const char *value = std::getenv(name);
    return value == nullptr ? "" : value;
}

int main() {
    TencentCloud::InitAPI();
    Credential credential(variable("${SECRET_ID}"), variable("${SECRET_KEY}"));
    HttpProfile http;
    http.SetProtocol(HttpProfile::Scheme::${scheme.toUpperCase()});
    http.SetEndpoint(${quote(endpoint)});
    ClientProfile profile;
    profile.SetHttpProfile(http);
    profile.SetLanguage(ClientProfile::Language::${language === "zh-CN" ? "ZH_CN" : "EN_US"});
    ScfClient client(credential, ${quote(region)}, profile);

    ${action.name}Request request;
${lines.join("")}
    auto outcome = client.${action.name}(request);
    if (!outcome.IsSuccess()) {
        std::cerr << outcome.GetError().PrintAll() << std::endl;
        TencentCloud::ShutdownAPI();
        return 1;
    }
    std::cout << outcome.GetResult().ToJsonString() << std::endl;
    TencentCloud::ShutdownAPI();
    return 0;
}
`;
  },
};
