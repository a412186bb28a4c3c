// Go: github.com/tencentcloud/tencentcloud-sdk-go, module scf.

import { given, indent, SECRET_ID, SECRET_KEY, type Call, type Generator } from "./call.ts";
import type { Json, Param, Shape } from "../tables.ts";
import { block } from "./literal.ts";
import { json } from "./quote.ts";

const POINTERS: Readonly<Record<string, string>> = {
  integer: "Int64Ptr",
  unsigned: "Uint64Ptr",
  float: "Float64Ptr",
  boolean: "BoolPtr",
};

function value(shape: Shape<Param>, given_: Json): string {
  if (shape.type === "object") return struct(shape, given_);
  if (shape.type === "array") return list(shape.item, given_);
  // A text where a number should be was typed so: it is no Go, and the compiler says where.
  return `common.${POINTERS[shape.type] ?? "StringPtr"}(${typeof given_ === "string" ? json(given_) : String(given_)})`;
}

function struct(shape: Shape<Param>, given_: Json): string {
  const set = given(shape.members ?? [], given_);
  // Values are aligned as gofmt does it.
  const width = Math.max(...set.map(({ name }) => name.length)) + 1;
  const members = set.map(({ name, shape: inner, value: one }) => `${`${name}:`.padEnd(width)} ${value(inner, one)}`);
  return block(members, `&scf.${shape.struct ?? ""}{`, "}", "\t");
}

function list(item: Shape<Param> | undefined, given_: Json): string {
  if (item === undefined || !Array.isArray(given_)) return "nil";
  const type = item.type === "object" ? `scf.${item.struct ?? ""}` : "string";
  return block(
    given_.map((one: Json) => value(item, one)),
    `[]*${type}{`,
    "}",
    "\t",
  );
}

export const go: Generator = {
  id: "go",
  name: "Go",
  file: "main.go",
  keywords: "package import func if return nil true false main",
  comment: "//",
  run: "go mod init call && go get github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/scf\ngo run main.go",
  generate: ({ action, region, scheme, host, params, language }: Call) => {
    const lines = given(action.params, params).map(
      ({ name, shape, value: one }) => `\trequest.${name} = ${indent(value(shape, one), "\t")}\n`,
    );
    return `package main

import (
	"fmt"
	"os"

	"github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common"
	"github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common/profile"
	scf "github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/scf/v20180416"
)

func main() {
	credential := common.NewCredential(os.Getenv("${SECRET_ID}"), os.Getenv("${SECRET_KEY}"))
	settings := profile.NewClientProfile()
	settings.HttpProfile.Scheme = ${json(scheme.toUpperCase())}
	settings.HttpProfile.Endpoint = ${json(host)}
	settings.Language = ${json(language)}
	client, err := scf.NewClient(credential, ${json(region)}, settings)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}

	request := scf.New${action.name}Request()
${lines.join("")}
	response, err := client.${action.name}(request)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(response.ToJsonString())
}
`;
  },
};
