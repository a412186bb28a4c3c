// .NET: TencentCloudSDK.Scf.

import { given, SECRET_ID, SECRET_KEY, type Call, type Generator } from "./call.ts";
import type { Json, Param, Shape } from "../tables.ts";
import { block } from "./literal.ts";
import { json } from "./quote.ts";

function value(shape: Shape<Param>, given_: Json): string {
  if (shape.type === "object") return object(shape.struct ?? "", shape.members ?? [], given_);
  if (shape.type === "array" && shape.item !== undefined && Array.isArray(given_)) {
    const { item } = shape;
    const type = item.type === "object" ? (item.struct ?? "") : "string";
    return block(
      given_.map((one: Json) => value(item, one)),
      `new ${type}[]\n{`,
      "}",
      "    ",
    );
  }
  return typeof given_ === "string" ? json(given_) : String(given_);
}

function object(type: string, params: readonly Param[], given_: Json): string {
  const members = given(params, given_).map(({ name, shape, value: one }) => `${name} = ${value(shape, one)}`);
  return members.length === 0 ? `new ${type}()` : block(members, `new ${type}\n{`, "}", "    ");
}

export const dotnet: Generator = {
  id: "dotnet",
  name: ".NET",
  file: "Program.cs",
  keywords: "using new var await null true false string",
  comment: "//",
  run: "dotnet new console && dotnet add package TencentCloudSDK.Scf   # then replace Program.cs\ndotnet run",
  generate: ({ action, region, scheme, host, params, language }: Call) => `using System;
using TencentCloud.Common;
using TencentCloud.Common.Profile;
using TencentCloud.Scf.V20180416;
using TencentCloud.Scf.V20180416.Models;

var credential = new Credential
{
    SecretId = Environment.GetEnvironmentVariable("${SECRET_ID}"),
    SecretKey = Environment.GetEnvironmentVariable("${SECRET_KEY}"),
};
var profile = new ClientProfile
{
    Language = ${language === "zh-CN" ? "Language.ZH_CN" : "Language.EN_US"},
    HttpProfile = new HttpProfile { Protocol = ${json(`${scheme}://`)}, Endpoint = ${json(host)} },
};
var client = new ScfClient(credential, ${json(region)}, profile);

var request = ${object(`${action.name}Request`, action.params, params)};

var response = await client.${action.name}(request);
Console.WriteLine(AbstractModel.ToJsonString(response));
`,
};
