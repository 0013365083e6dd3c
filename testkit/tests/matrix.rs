//! The loss x RTT x latency matrix in small: its committed table is exactly what comes out.

use testkit::matrix::{Cell, Extent, measure, table};

const EXTENT: Extent = Extent { frames: 1_500, frames_per_run: 1_500, seed: 0, threads: 2 };

/// `UPDATE=1 cargo test -p testkit --test matrix` writes the table anew.
#[test]
fn the_matrix_is_the_committed_one() {
    let cells = Cell::all();
    let measured = table(&cells, &measure(&cells, &EXTENT));
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/matrix.txt");
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(path, &measured).expect("the table is written");
    }
    let committed = std::fs::read_to_string(path).expect("the table is there");
    assert_eq!(measured, committed, "UPDATE=1 writes it anew:\n{measured}");
    assert!(!measured.contains('!'), "a figure is beyond its bound:\n{measured}");
}

#[test]
fn how_many_threads_measure_makes_no_difference() {
    let cells = &Cell::all()[2..4];
    let extent = Extent { frames: 120, frames_per_run: 50, ..EXTENT };
    assert_eq!(measure(cells, &extent), measure(cells, &Extent { threads: 1, ..extent }));
}
