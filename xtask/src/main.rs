//! `cargo xtask`: every development task of this repository, one file each.
//!
//! A task is a row of [`TASKS`]; the help is printed from the same rows. Tasks write only below the target folder, and
//! leave no process running.

#![allow(clippy::disallowed_methods, reason = "tasks are not the program: no crash or moment is simulated here")]

mod bench;
mod compat;
mod console;
mod demo;
mod fuzz;
mod modules;
mod mutants;
mod prose;
mod release;
mod report;
mod server;
mod test;
mod tidy;
mod tools;
mod torture;
mod translations;

use std::process::ExitCode;

struct Task {
    name: &'static str,
    arguments: &'static str,
    help: &'static str,
    run: fn(&[String]) -> anyhow::Result<ExitCode>,
}

const TASKS: &[Task] = &[
    Task {
        name: "demo",
        arguments: "[-- ARGS]",
        help: "build the program and its console, start it with sample data",
        run: demo::task,
    },
    Task {
        name: "test",
        arguments: "[--only PHASE[,PHASE]]",
        help: "format, lints, licences, tests, and the real clients against a running server",
        run: test::task,
    },
    Task {
        name: "console",
        arguments: "",
        help: "only the pages that the program embeds, where Node is present",
        run: console::task,
    },
    Task {
        name: "release",
        arguments: "",
        help: "build the program as it is shipped, with its symbols in a file beside it",
        run: release::task,
    },
    Task {
        name: "compat",
        arguments: "[SUITE...] [--server BINARY]",
        help: "only the real clients: python, node, tccli, scfcli, otlp, duckdb, openapi, terminal, browser (default: all)",
        run: compat::task,
    },
    Task { name: "tidy", arguments: "", help: "only the checks of the whole tree", run: tidy::task },
    Task {
        name: "bench",
        arguments: "[--peers] [ARGS]",
        help: "build and run the benchmark suite; with --peers, beside other systems; with --tails N, many tails",
        run: bench::task,
    },
    Task {
        name: "torture",
        arguments: "[--seed N] [--minutes M] [--jobs J]",
        help: "random histories of the store with every kind of fault; --mutants: what it notices",
        run: torture::task,
    },
    Task {
        name: "fuzz",
        arguments: "[--minutes N] [--target NAME]",
        help: "run every fuzz target, or one, N minutes each (default: a minute each)",
        run: fuzz::task,
    },
];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    start(&arguments).unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        ExitCode::FAILURE
    })
}

fn start(arguments: &[String]) -> anyhow::Result<ExitCode> {
    let (name, rest) = arguments.split_first().map_or(("help", arguments), |(name, rest)| (name.as_str(), rest));
    match TASKS.iter().find(|task| task.name == name) {
        Some(task) => (task.run)(rest),
        None if name == compat::INSIDE => compat::inside(rest),
        None if ["help", "--help", "-h"].contains(&name) => {
            print!("{}", help());
            Ok(ExitCode::SUCCESS)
        }
        None => anyhow::bail!("there is no task `{name}`\n\n{}", help()),
    }
}

fn help() -> String {
    let mut text = String::from("Development tasks of runlog.\n\nUsage: cargo xtask TASK [ARGUMENTS]\n\n");
    for Task { name, arguments, help, .. } in TASKS {
        let usage = format!("{name} {arguments}");
        text += &format!("  {usage:<41}{help}\n");
    }
    text
}
