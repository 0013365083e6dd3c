use super::*;

/// Frame 0 opens a group, the others need what was before them.
const fn delta(header: DataHeader) -> DataHeader {
    let flags = if header.frame.0 == FIRST { DataFlags::KEY } else { DataFlags(0) };
    DataHeader { flags, group: Serial(FIRST), ..header }
}

#[test]
fn what_needs_a_lost_frame_is_left_out_up_to_the_next_key_frame() {
    let mut end = End::new();
    for (nth, lost) in [(0, &[][..]), (1, &[]), (2, &[0]), (3, &[])] {
        end.send_with(nth, lost, delta);
        end.pass(STEP);
    }
    end.pass(LATENCY.saturating_sub(STEP));
    end.send_with(4, &[], delta);
    end.send(5);
    assert_eq!((end.delivered(), end.counters().lost, end.counters().skipped), (vec![0, 1, 5], 1, 2));
}

#[test]
fn nothing_needs_a_lost_frame_that_is_discardable() {
    let mut end = End::new();
    let spare = |header| DataHeader { flags: DataFlags::DISCARDABLE, ..delta(header) };
    end.send_with(0, &[], delta);
    end.send_with(1, &[0], spare);
    end.send_with(2, &[], delta);
    end.pass(LATENCY + STEP);
    assert_eq!((end.delivered(), end.counters().lost), (vec![0, 2], 1));
}

#[test]
fn a_viewer_begins_with_a_key_frame() {
    let mut end = End::new();
    let of_another_group = |header| DataHeader { flags: DataFlags(0), group: serial(900), ..header };
    end.send_with(0, &[], of_another_group);
    end.send(1);
    assert_eq!((end.delivered(), end.counters().skipped), (vec![1], 1));
}

#[test]
fn frames_that_were_left_out_on_purpose_are_needed_by_none() {
    let mut end = End::new();
    end.send_with(0, &[], delta);
    end.skip(1, 1, SkipReason::Thinned);
    end.send_with(2, &[], delta);
    end.skip(3, 3, SkipReason::TooLarge);
    end.send_with(4, &[], delta);
    assert_eq!((end.delivered(), end.counters().skipped), (vec![0, 2], 3));
}

#[test]
fn what_came_though_it_was_left_out_is_of_no_use_unless_it_stands_for_itself() {
    let mut end = End::new();
    end.send_with(0, &[], delta);
    end.send_with(2, &[], delta);
    end.send(3);
    end.skip(1, 3, SkipReason::Thinned);
    assert_eq!((end.delivered(), end.counters().skipped), (vec![0, 3], 2));
}

#[test]
fn what_needs_a_frame_that_was_begun_and_then_left_out_is_left_out_too() {
    let spare = |header| DataHeader { flags: DataFlags::DISCARDABLE, ..delta(header) };
    for discardable in [false, true] {
        let mut end = End::new();
        end.send_with(0, &[], delta);
        if discardable {
            end.send_with(1, &[0], spare);
        } else {
            end.send_with(1, &[0], delta);
        }
        end.send_with(2, &[], delta);
        end.skip(1, 1, SkipReason::Thinned);
        let expected = if discardable { (vec![0, 2], 1) } else { (vec![0], 2) };
        assert_eq!((end.delivered(), end.counters().skipped), expected);
    }
}
