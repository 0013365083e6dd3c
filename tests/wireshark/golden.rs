//! The golden files of the protocol as bytes.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// Every golden file: its name without `.hex`, and its bytes.
pub(crate) fn goldens() -> BTreeMap<String, Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("protocol/tests/golden");
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    files
        .filter(|path| path.extension().is_some_and(|extension| extension == "hex"))
        .map(|path| {
            let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
            (name, fs::read_to_string(&path).unwrap().lines().flat_map(line_bytes).collect())
        })
        .collect()
}

/// Hexadecimal, perhaps `x N` for N times the line, and a comment behind `#`.
fn line_bytes(line: &str) -> Vec<u8> {
    let code = line.split('#').next().unwrap();
    let (digits, times) = code.split_once('x').unwrap_or((code, "1"));
    let bytes: Vec<u8> =
        digits.split_whitespace().map(|byte| u8::from_str_radix(byte, 16).unwrap()).collect();
    bytes.repeat(times.trim().parse().unwrap())
}
