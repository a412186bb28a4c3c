// Rust: runlog-client, the SDK of this project.

import { SECRET_ID, SECRET_KEY, type Call, type Generator } from "./call.ts";
import { literal, type Style } from "./literal.ts";
import { indent } from "./call.ts";
import { rust as quote } from "./quote.ts";

const STYLE: Style = {
  open: "{",
  close: "}",
  listOpen: "[",
  listClose: "]",
  text: quote,
  key: (name) => `${quote(name)}: `,
  words: { null: "null", true: "true", false: "false" },
  step: "    ",
};

export const rust: Generator = {
  id: "rust",
  name: "Rust",
  file: "src/main.rs",
  keywords: "use fn let mut match Ok Err true false main",
  comment: "//",
  run: "cargo init && cargo add serde_json && cargo add runlog-client --path RUNLOG/crates/client   # RUNLOG: the source of runlog\ncargo run",
  generate: ({ action, region, scheme, host, params, language }: Call) => `use std::env;
use std::error::Error;

use runlog_client::{Client, Language};
use serde_json::{Value, json};

fn main() -> Result<(), Box<dyn Error>> {
    let client = Client::builder(${quote(`${scheme}://${host}`)})
        .credential(env::var("${SECRET_ID}")?, env::var("${SECRET_KEY}")?)
        .region(${quote(region)})
        .language(Language::${language === "zh-CN" ? "Chinese" : "English"})
        .build()?;

    let params = json!(${indent(literal(params, STYLE), "    ")});

    let response: Value = client.call("${action.name}", &params)?;
    println!("{}", serde_json::to_string_pretty(&response)?);
    Ok(())
}
`,
};
