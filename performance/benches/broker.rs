//! One worker's engine without sockets: frames to viewers, and what viewers say.

use std::cell::RefCell;

use divan::Bencher;
use divan::counter::ItemsCount;
use performance::Stage;

fn main() {
    divan::main();
}

const FRAME: usize = 10_000;

/// An item is a frame for one viewer. Each frame is taken in while viewers go on as ever, unmeasured.
#[divan::bench(args = [100, 1_000, 10_000], sample_size = 1)]
fn a_frame_goes_to_every_viewer(bencher: Bencher<'_, '_>, viewers: usize) {
    let stage = RefCell::new(Stage::new(viewers, FRAME));
    bencher
        .counter(ItemsCount::new(viewers))
        .with_inputs(|| {
            let mut stage = stage.borrow_mut();
            stage.viewers_hear();
            let said = stage.viewers_say();
            stage.broker_hears(&said);
            stage.broker_ticks();
            stage.broker_sends();
            stage.viewers_hear();
            stage.next_frame()
        })
        .bench_local_refs(|frame| {
            let mut stage = stage.borrow_mut();
            stage.broker_takes(frame);
            stage.broker_sends()
        });
}

/// An item is what one viewer says to one frame; most of it is FEEDBACK.
#[divan::bench(args = [100, 1_000, 10_000], sample_size = 1)]
fn every_viewer_says_something(bencher: Bencher<'_, '_>, viewers: usize) {
    let stage = RefCell::new(Stage::new(viewers, FRAME));
    bencher
        .with_inputs(|| {
            let mut stage = stage.borrow_mut();
            loop {
                let frame = stage.next_frame();
                stage.broker_takes(&frame);
                stage.broker_ticks();
                stage.broker_sends();
                stage.viewers_hear();
                let said = stage.viewers_say();
                if said.len() >= viewers {
                    return said;
                }
                stage.broker_hears(&said);
            }
        })
        .input_counter(|said| ItemsCount::new(said.len()))
        .bench_local_refs(|said| {
            let mut stage = stage.borrow_mut();
            stage.broker_hears(said);
            stage.broker_sends()
        });
}
