//! The kernel here is a closure that takes, delays or refuses what it is told to.

use super::*;

/// What one call handed over: its length and its segment size.
type Call = (usize, Option<usize>);

struct Kernel {
    sender: Sender,
    ledger: Ledger,
    calls: Vec<Call>,
    delivered: Vec<u8>,
}

impl Kernel {
    fn new() -> Kernel {
        Kernel {
            sender: Sender::new(64),
            ledger: Ledger::default(),
            calls: Vec::new(),
            delivered: Vec::new(),
        }
    }

    /// Sends; `errno_of(number of this call, from 0, segmented)` decides on each call, 0 being success.
    fn send(
        &mut self,
        to: &str,
        contents: &[u8],
        segment: usize,
        errno_of: impl Fn(usize, bool) -> i32,
    ) -> SendOutcome {
        self.calls.clear();
        let Kernel { sender, ledger, calls, delivered } = self;
        sender.send(to.parse().unwrap(), contents, segment, ledger, |run, segment_size| {
            let errno = errno_of(calls.len(), segment_size.is_some());
            calls.push((run.len(), segment_size));
            if errno != 0 {
                return Err(io::Error::from_raw_os_error(errno));
            }
            delivered.extend_from_slice(run);
            Ok(())
        })
    }
}

fn takes_all(_: usize, _: bool) -> i32 {
    0
}

fn picture(length: usize) -> Vec<u8> {
    (0..length).map(|i| u8::try_from(i % 251).unwrap()).collect()
}

const A: &str = "10.0.0.1:5000";
const B: &str = "10.0.0.2:5000";

#[test]
fn a_frame_is_one_call() {
    let mut kernel = Kernel::new();
    let frame = picture(10_000);
    assert_eq!(kernel.send(A, &frame, 1200, takes_all), SendOutcome::Sent);
    assert_eq!(kernel.calls, [(10_000, Some(1200))]);
    assert_eq!(kernel.delivered, frame);
    let counters = &kernel.ledger.counters;
    assert_eq!((counters.sends, counters.gso_sends), (1, 1));
    assert_eq!((counters.datagrams_out, counters.bytes_out), (9, 10_000));
}

#[test]
fn one_datagram_is_never_segmented() {
    let mut kernel = Kernel::new();
    for (length, segment) in [(1200, 1200), (300, 1200), (1200, 0)] {
        assert_eq!(kernel.send(A, &picture(length), segment, takes_all), SendOutcome::Sent);
        assert_eq!(kernel.calls, [(length, None)]);
    }
    assert_eq!(kernel.ledger.counters.gso_sends, 0);
    assert_eq!(kernel.send(A, &[], 1200, takes_all), SendOutcome::Sent);
    assert!(kernel.calls.is_empty());
}

#[test]
fn a_large_frame_is_cut_into_full_runs() {
    let mut kernel = Kernel::new();
    let frame = picture(100_000);
    assert_eq!(kernel.send(A, &frame, 1200, takes_all), SendOutcome::Sent);
    assert_eq!(kernel.calls, [(64_800, Some(1200)), (35_200, Some(1200))]);
    assert_eq!(kernel.delivered, frame);
    assert_eq!(kernel.send(A, &frame, 1452, takes_all), SendOutcome::Sent);
    assert_eq!(kernel.calls, [(63_888, Some(1452)), (36_112, Some(1452))]);
    // The tail of one datagram needs no segmentation.
    assert_eq!(kernel.send(A, &picture(64_801), 1200, takes_all), SendOutcome::Sent);
    assert_eq!(kernel.calls, [(64_800, Some(1200)), (1, None)]);
}

#[test]
fn without_offload_every_datagram_is_a_call() {
    let mut kernel = Kernel { sender: Sender::new(1), ..Kernel::new() };
    assert_eq!(kernel.send(A, &picture(2500), 1200, takes_all), SendOutcome::Sent);
    assert_eq!(kernel.calls, [(1200, None), (1200, None), (100, None)]);
    assert_eq!(kernel.ledger.counters.datagrams_out, 3);
}

#[test]
fn a_refused_run_is_sent_again_at_once_and_its_destination_is_spared_from_then_on() {
    for errno in [libc::EIO, libc::EINVAL, libc::EMSGSIZE, libc::ENOPROTOOPT, libc::EOPNOTSUPP] {
        let mut kernel = Kernel::new();
        let frame = picture(2500);
        let refuses_runs = |_, segmented| if segmented { errno } else { 0 };
        assert_eq!(kernel.send(A, &frame, 1200, refuses_runs), SendOutcome::Sent);
        assert_eq!(kernel.calls, [(2500, Some(1200)), (1200, None), (1200, None), (100, None)]);
        assert_eq!(kernel.delivered, frame, "errno {errno}");
        assert_eq!(kernel.ledger.counters.gso_fallbacks, 1);
        assert_eq!(kernel.ledger.counters.datagrams_out, 3);

        assert_eq!(kernel.send(A, &frame, 1200, takes_all), SendOutcome::Sent);
        assert_eq!(kernel.calls.len(), 3, "segmentation stays off for this destination");
        assert_eq!(kernel.send(B, &frame, 1200, takes_all), SendOutcome::Sent);
        assert_eq!(kernel.calls.len(), 1, "and on for the others");
        assert_eq!(kernel.ledger.counters.datagrams_lost_in_total(), 0);
    }
}

#[test]
fn a_run_refused_midway_continues_where_the_kernel_stopped() {
    let mut kernel = Kernel::new();
    let frame = picture(100_000);
    let second_fails = |n, _| if n == 1 { libc::EIO } else { 0 };
    assert_eq!(kernel.send(A, &frame, 1200, second_fails), SendOutcome::Sent);
    assert_eq!(kernel.calls.len(), 2 + 30);
    assert_eq!(kernel.delivered, frame);
}

#[test]
fn segmentation_is_not_blamed_for_what_a_single_datagram_meets_too() {
    let mut kernel = Kernel::new();
    let outcome = kernel.send(A, &picture(2500), 1200, |_, _| libc::EMSGSIZE);
    assert_eq!(outcome, SendOutcome::Dropped { sent_bytes: 0, fault: SendFault::TooBig });
    assert_eq!(kernel.calls, [(2500, Some(1200)), (1200, None)]);
    assert_eq!(kernel.ledger.counters.datagrams_lost(SendFault::TooBig), 3);

    assert_eq!(kernel.send(A, &picture(2500), 1200, takes_all), SendOutcome::Sent);
    assert_eq!(kernel.calls, [(2500, Some(1200))]);
}

#[test]
fn a_full_send_buffer_tells_where_to_go_on() {
    let mut kernel = Kernel::new();
    let frame = picture(100_000);
    let full_at_second = |n, _| if n == 1 { libc::EAGAIN } else { 0 };
    let outcome = kernel.send(A, &frame, 1200, full_at_second);
    assert_eq!(outcome, SendOutcome::Blocked { sent_bytes: 64_800 });
    assert_eq!(kernel.send(A, &frame[64_800..], 1200, takes_all), SendOutcome::Sent);
    assert_eq!(kernel.delivered, frame);
    assert_eq!(kernel.ledger.counters.would_block, 1);
}

#[test]
fn a_full_send_buffer_in_the_middle_of_a_fallback_loses_nothing() {
    let mut kernel = Kernel::new();
    let frame = picture(6000);
    let script = |n, _| [libc::EIO, 0, 0, libc::EAGAIN][n];
    let outcome = kernel.send(A, &frame, 1200, script);
    assert_eq!(outcome, SendOutcome::Blocked { sent_bytes: 2400 });
    assert_eq!(kernel.send(A, &frame[2400..], 1200, takes_all), SendOutcome::Sent);
    assert_eq!(kernel.calls, [(1200, None); 3]);
    assert_eq!(kernel.delivered, frame);
}

#[test]
fn a_queued_icmp_error_costs_a_second_call_and_no_datagram() {
    let mut kernel = Kernel::new();
    let frame = picture(2500);
    let refused_first = |n, _| if n == 0 { libc::ECONNREFUSED } else { 0 };
    assert_eq!(kernel.send(A, &frame, 1200, refused_first), SendOutcome::Sent);
    assert_eq!(kernel.calls, [(2500, Some(1200)); 2]);
    assert_eq!(kernel.delivered, frame);

    let outcome = kernel.send(A, &frame, 1200, |_, _| libc::ECONNREFUSED);
    assert_eq!(outcome, SendOutcome::Dropped { sent_bytes: 0, fault: SendFault::Refused });
    assert_eq!(kernel.calls.len(), 2);
    assert_eq!(kernel.ledger.counters.datagrams_lost(SendFault::Refused), 3);
}

#[test]
fn what_the_kernel_refuses_is_lost_with_its_reason_and_the_rest_of_the_frame() {
    let mut kernel = Kernel::new();
    let second_denied = |n, _| if n == 1 { libc::EPERM } else { 0 };
    let outcome = kernel.send(A, &picture(100_000), 1200, second_denied);
    assert_eq!(outcome, SendOutcome::Dropped { sent_bytes: 64_800, fault: SendFault::Denied });
    let counters = &kernel.ledger.counters;
    assert_eq!((counters.datagrams_out, counters.datagrams_lost(SendFault::Denied)), (54, 30));
}

#[test]
fn a_datagram_larger_than_a_run_is_left_to_the_kernel_to_judge() {
    let mut kernel = Kernel::new();
    let outcome = kernel.send(A, &picture(140_000), 70_000, |_, _| libc::EMSGSIZE);
    assert_eq!(outcome, SendOutcome::Dropped { sent_bytes: 0, fault: SendFault::TooBig });
    assert_eq!(kernel.calls, [(70_000, None)]);
}
