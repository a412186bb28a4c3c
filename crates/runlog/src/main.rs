//! The program: server and command line in one binary.

mod backend;
mod cam;
mod cli;
mod clock;
mod config;
mod csv;
mod files;
mod ingest;
mod keys;
mod moment;
mod retention;
mod runner;
mod sample;
mod server;
mod token;

fn main() -> std::process::ExitCode {
    cli::main()
}
