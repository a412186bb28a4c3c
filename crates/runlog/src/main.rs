//! The program: server and command line in one binary.

mod cli;
mod config;
mod files;
mod sample;
mod store_options;

fn main() -> std::process::ExitCode {
    cli::main()
}
