//! Embeds the built pages of `web/dist`: each file as it is and gzipped, with a content type and an ETag.
//!
//! Nothing but Rust is needed. Without `web/dist` the table is empty, and the server answers a page that says how to
//! build the pages.

#![allow(clippy::disallowed_methods, reason = "a build script reads and writes files")]

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest, Sha256};

/// Extensions of files that compression makes smaller.
const COMPRESSED: [&str; 7] = ["html", "js", "css", "svg", "json", "txt", "map"];

fn main() {
    // Asked when it runs: a target folder may be shared by several checkouts.
    let manifest = std::env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets CARGO_MANIFEST_DIR");
    let web = Path::new(&manifest).join("../../web");
    let dist = web.join("dist");
    let out = PathBuf::from(std::env::var_os("OUT_DIR").expect("cargo sets OUT_DIR")).join("web");
    if out.exists() {
        fs::remove_dir_all(&out).expect("the output folder is ours");
    }
    fs::create_dir_all(&out).expect("the output folder is writable");
    println!("cargo:rerun-if-changed=build.rs");
    // A path that does not exist would count as changed at every build, so its parent is watched instead.
    let watched = if dist.exists() { &dist } else { &web };
    println!("cargo:rerun-if-changed={}", watched.display());
    let mut files = Vec::new();
    collect(&dist, &dist, &mut files);
    files.sort();
    let rows: String = files.iter().enumerate().map(|(at, (name, path))| row(at, name, path, &out)).collect();
    fs::write(out.join("table.rs"), format!("&[\n{rows}]\n")).expect("the output folder is writable");
}

/// Every file below a folder, with its path in the folder; none if there is no such folder.
fn collect(folder: &Path, top: &Path, files: &mut Vec<(String, PathBuf)>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries {
        let path = entry.expect("a readable folder").path();
        if path.is_dir() {
            collect(&path, top, files);
        } else if let Some(name) = path.strip_prefix(top).ok().and_then(Path::to_str) {
            files.push((name.replace('\\', "/"), path));
        }
    }
}

/// Copies a file beside the table, so that a later build of the pages cannot change it, and gives its row.
fn row(at: usize, name: &str, path: &Path, out: &Path) -> String {
    let bytes = fs::read(path).expect("a readable file");
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    let digest = Sha256::digest(&bytes);
    let etag: String = digest.iter().take(12).map(|byte| format!("{byte:02x}")).collect();
    let plain = out.join(format!("{at}.bin"));
    fs::write(&plain, &bytes).expect("the output folder is writable");
    let mut gzip = "None".to_owned();
    if COMPRESSED.contains(&extension) {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        let packed = encoder.write_all(&bytes).and_then(|()| encoder.finish()).expect("memory to write to");
        if packed.len() < bytes.len() {
            let path = out.join(format!("{at}.gz"));
            fs::write(&path, packed).expect("the output folder is writable");
            gzip = format!("Some(include_bytes!({:?}))", path.to_str().expect("a path in UTF-8"));
        }
    }
    let plain = plain.to_str().expect("a path in UTF-8");
    format!(
        "    Asset {{ path: {name:?}, content_type: {:?}, etag: \"\\\"{etag}\\\"\", bytes: include_bytes!({plain:?}), \
         gzip: {gzip} }},\n",
        content_type(extension)
    )
}

fn content_type(extension: &str) -> &'static str {
    match extension {
        "html" => "text/html; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "json" | "map" => "application/json",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}
