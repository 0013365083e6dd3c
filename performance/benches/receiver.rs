//! Reassembly: the datagrams of a frame into the slab that goes to viewers.

use std::cell::RefCell;

use divan::Bencher;
use divan::counter::BytesCount;
use performance::Stage;

fn main() {
    divan::main();
}

/// Without a viewer the broker does everything but the fan-out.
#[divan::bench(args = [1_000, 10_000, 100_000])]
fn a_frame_comes_in(bencher: Bencher<'_, '_>, bytes: usize) {
    let stage = RefCell::new(Stage::new(0, bytes));
    bencher.counter(BytesCount::new(bytes)).with_inputs(|| stage.borrow_mut().next_frame()).bench_local_refs(
        |frame| {
            let mut stage = stage.borrow_mut();
            stage.broker_takes(frame);
            stage.broker_sends()
        },
    );
}
