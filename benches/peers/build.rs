//! Looks for libsrt: with it the program has SRT among its peers (`cfg(srt)`), without it the others alone.

use std::path::Path;

/// `srt_epoll_uwait` and stream ids are there by then.
const OLDEST: &str = "1.4";

fn main() {
    println!("cargo::rustc-check-cfg=cfg(srt)");
    if pkg_config::Config::new().atleast_version(OLDEST).probe("srt").is_ok() {
        println!("cargo::rustc-cfg=srt");
    }
    // Where it is found, or would be: what is installed or removed there makes cargo look again.
    let folders = pkg_config::get_variable("pkg-config", "pc_path").unwrap_or_default();
    for folder in folders.split(':').filter(|folder| Path::new(folder).is_dir()) {
        println!("cargo::rerun-if-changed={folder}");
    }
}
