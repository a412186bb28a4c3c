//! A server that calls a field by another name is an error that names the field, never an empty report.
#![allow(clippy::disallowed_methods, reason = "the test's server reads and writes sockets")]

mod support;

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};

use serde_json::json;
use support::{Place, Server, code, stderr, stdout};

/// The other name, of the same length, so that no length in a head changes.
fn other(field: &str) -> String {
    format!("{}_", &field[..field.len() - 1])
}

fn replaced(bytes: &[u8], from: &str, to: &str) -> Vec<u8> {
    assert_eq!(from.len(), to.len());
    let mut bytes = bytes.to_vec();
    let places: Vec<usize> = (0..bytes.len()).filter(|at| bytes[*at..].starts_with(from.as_bytes())).collect();
    for at in places {
        bytes[at..at + to.len()].copy_from_slice(to.as_bytes());
    }
    bytes
}

/// Passes requests on to a server, and its answers back, with another name for a field.
fn renaming(server: SocketAddr, field: &'static str) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    std::thread::spawn(move || {
        for client in listener.incoming().flatten() {
            std::thread::spawn(move || pass(client, server, field).expect("an answer passed on"));
        }
    });
    address
}

fn pass(mut client: TcpStream, server: SocketAddr, field: &str) -> std::io::Result<()> {
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        if client.read(&mut byte)? == 0 {
            return Ok(());
        }
        request.extend(byte);
    }
    // Neither compressed nor in chunks, and with an end.
    let request = replaced(&request, "accept-encoding", "x-cept-encoding");
    let request = replaced(&request, "HTTP/1.1", "HTTP/1.0");
    let mut upstream = TcpStream::connect(server)?;
    upstream.write_all(&request)?;
    let mut answer = Vec::new();
    upstream.read_to_end(&mut answer)?;
    client.write_all(&replaced(&answer, &format!("\"{field}\":"), &format!("\"{}\":", other(field))))?;
    client.shutdown(Shutdown::Write)
}

#[test]
fn a_renamed_field_is_an_error_in_every_command_that_reads_it() {
    let server = Server::start();
    let log = "START RequestId:r\nReport RequestId:r Duration:1ms Memory:128MB MemUsage:29.734375MB\n";
    let run = |id: u64| json!({ "FunctionName": "f", "RequestId": format!("r{id}"), "Duration": 12.5, "Log": log });
    server.api().ingest_new(&(0..3).map(run).collect::<Vec<_>>());
    for (args, fields) in [
        (&["functions"][..], &["total", "functions", "last_start_ms", "percentiles", "failed", "MemUsage"][..]),
        (&["report", "memory"], &["MemUsage", "RetCode", "Log", "runs"]),
        (&["report", "cost"], &["BillDuration", "Log"]),
        (&["report", "cold"], &["total", "facets", "values", "function", "rest_runs"]),
        (&["report", "slow"], &["Duration", "StartTime", "watermark", "RequestId"]),
        (&["report", "compare", "--a", "1", "--b", "function=f"], &["Duration", "RetCode"]),
        (&["query"], &["total", "runs", "watermark", "Duration", "RetCode"]),
        (&["last"], &["total", "Log"]),
        (&["show", "r1"], &["runs", "StartTime", "RequestId"]),
        (&["export"], &["Log", "Seq"]),
    ] {
        let well = Place::at(&server).runlog(args).output().expect("the program");
        assert_eq!(code(&well), 0, "{args:?}: {}", stderr(&well));
        for field in fields {
            let endpoint = format!("http://{}", renaming(server.address(), field));
            let output =
                Place::at(&server).runlog(args).env("RUNLOG_ENDPOINT", endpoint).output().expect("the program");
            let said = stderr(&output);
            assert_eq!(code(&output), 1, "{args:?} without {field}: {}{said}", stdout(&output));
            assert!(said.contains(&format!("`{field}`")), "{args:?} without {field}: {said}");
        }
    }
}
