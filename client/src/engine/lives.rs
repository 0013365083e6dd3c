//! The lives of a producer as a viewer saw them, so that no frame is delivered twice or after a later one.

use std::time::Duration;

use protocol::limits::LATENCY_MAX;
use protocol::receiver::Capture;
use protocol::serial::Serial;
use protocol::time::Time;

/// Former lives that are remembered: two that take turns, and those whose last frames still come.
const FORMER_MAX: usize = 3;

/// In the order in which the broker began them. A life that was there before may come back: another producer had its id
/// meanwhile, with a higher epoch, or a broker that has forgotten everything heard of the older one of two first. It goes on
/// behind its own last frame, and with what was captured after all that was delivered meanwhile and needs nothing before it.
#[derive(Debug, Default)]
pub(super) struct Lives {
    /// By itself: almost every frame is of it.
    present: Option<Life>,
    /// The latest ones last.
    former: Vec<Life>,
    /// The life of the newest delivered frame; none was captured later than this.
    latest: (u64, Time),
}

#[derive(Debug)]
struct Life {
    epoch: u64,
    /// Its newest frame that was delivered.
    newest: Option<Serial>,
    /// Whether it has delivered since it began, or began again.
    played: bool,
    /// It was there before, and has not delivered since.
    returned: bool,
    /// Frames of it were held back: what needs them is of no use.
    broken: bool,
}

/// What a frame may follow.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Standing {
    /// Between these times it was captured, on this end's clock.
    earliest: Time,
    latest: Time,
    /// It can be shown without those before it.
    alone: bool,
}

impl Standing {
    /// What is known at `now`. Without the clock chain only that no frame is delivered that is older than any latency, and that
    /// none comes before it was captured.
    pub(super) fn of(now: Time, capture: &Capture, alone: bool) -> Self {
        let earliest = capture.age.map_or(now.before(LATENCY_MAX * 2), |(_, error)| capture.at.before(error));
        let error = capture.age.map_or(Duration::ZERO, |(_, error)| error);
        Self { earliest, latest: capture.at + error, alone }
    }
}

impl Lives {
    /// The broker says that a life plays now.
    pub(super) fn begin(&mut self, epoch: u64) {
        if self.present.as_ref().is_some_and(|life| life.epoch == epoch) {
            return;
        }
        let before = self.former.iter().position(|life| life.epoch == epoch);
        let newest = before.and_then(|place| self.former.remove(place).newest);
        let life = Life { epoch, newest, played: false, returned: before.is_some(), broken: false };
        self.former.extend(self.present.replace(life));
        if self.former.len() > FORMER_MAX {
            self.former.remove(0);
        }
    }

    /// The later of `first` and what comes behind the newest delivered frame of the present life.
    pub(super) fn goes_on_at(&self, first: Serial) -> Serial {
        let next = self.present.as_ref().and_then(|life| life.newest).map(|newest| newest.plus(1));
        next.filter(|next| first.before(*next)).unwrap_or(first)
    }

    /// Whether a frame comes after everything that was delivered; then it counts as delivered.
    pub(super) fn admit(&mut self, epoch: u64, number: Serial, frame: Standing) -> bool {
        let (shown, latest) = self.latest;
        let overtaken = shown != epoch && frame.earliest <= latest;
        let admitted = self.in_turn(epoch).is_some_and(|life| life.admit(number, overtaken, frame.alone));
        if admitted {
            self.latest = (epoch, latest.max(frame.latest));
        }
        admitted
    }

    /// The life, unless a later one has played.
    fn in_turn(&mut self, epoch: u64) -> Option<&mut Life> {
        if let Some(present) = &mut self.present {
            if present.epoch == epoch {
                return Some(present);
            }
            if present.played {
                return None;
            }
        }
        let place = self.former.iter().position(|life| life.epoch == epoch)?;
        let overtaken = self.former.iter().skip(place + 1).any(|life| life.played);
        self.former.get_mut(place).filter(|_| !overtaken)
    }
}

impl Life {
    /// `overtaken`: another life may have shown what was captured later.
    fn admit(&mut self, number: Serial, overtaken: bool, alone: bool) -> bool {
        if self.newest.is_some_and(|newest| !newest.before(number)) {
            return false;
        }
        self.broken = (self.returned && overtaken) || (self.broken && !alone);
        if self.broken {
            return false;
        }
        (self.newest, self.played, self.returned) = (Some(number), true, false);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Captured at that many seconds, as it is known to a tenth of one.
    fn captured(seconds: u64) -> Standing {
        let at = Time::from_micros(seconds * 1_000_000);
        let error = Duration::from_millis(100);
        Standing::of(at, &Capture { at, age: Some((Duration::ZERO, error)) }, true)
    }

    /// A frame whose number is the second in which it was captured.
    fn admit(lives: &mut Lives, epoch: u64, number: u32) -> bool {
        lives.admit(epoch, Serial(number), captured(u64::from(number)))
    }

    #[test]
    fn a_life_goes_on_behind_what_was_delivered_of_it() {
        let mut lives = Lives::default();
        lives.begin(1);
        assert_eq!(lives.goes_on_at(Serial(5)), Serial(5));
        assert!(admit(&mut lives, 1, 7));
        assert_eq!((lives.goes_on_at(Serial(7)), lives.goes_on_at(Serial(9))), (Serial(8), Serial(9)));
        lives.begin(2);
        assert_eq!(lives.goes_on_at(Serial(1)), Serial(1), "another life has other numbers");
    }

    #[test]
    fn frames_of_a_life_come_once_and_in_order() {
        let mut lives = Lives::default();
        assert!(!admit(&mut lives, 1, 5), "nobody spoke of this life");
        lives.begin(1);
        assert!(admit(&mut lives, 1, 5) && admit(&mut lives, 1, 7));
        assert!(!admit(&mut lives, 1, 7) && !admit(&mut lives, 1, 6));
    }

    #[test]
    fn the_last_frames_of_a_life_come_until_the_next_one_plays() {
        let mut lives = Lives::default();
        lives.begin(1);
        assert!(admit(&mut lives, 1, 5));
        lives.begin(2);
        assert!(admit(&mut lives, 1, 6) && admit(&mut lives, 2, 1));
        assert!(!admit(&mut lives, 1, 7));
    }

    #[test]
    fn a_life_that_comes_back_goes_on_behind_its_last_frame() {
        let mut lives = Lives::default();
        lives.begin(1);
        assert!(admit(&mut lives, 1, 5));
        lives.begin(9);
        assert!(admit(&mut lives, 9, 1));
        lives.begin(1);
        assert!(!admit(&mut lives, 1, 5) && admit(&mut lives, 1, 6));
        assert!(!admit(&mut lives, 9, 2), "that one is over");
    }
    #[test]
    fn a_life_that_comes_back_shows_nothing_that_was_captured_before_what_others_have_shown() {
        let mut lives = Lives::default();
        lives.begin(1);
        assert!(admit(&mut lives, 1, 5));
        lives.begin(9);
        assert!(lives.admit(9, Serial(1), captured(8)));
        lives.begin(1);
        assert!(!admit(&mut lives, 1, 7) && !admit(&mut lives, 1, 8), "the clocks tell no better");
        let needing = Standing { alone: false, ..captured(9) };
        assert!(!lives.admit(1, Serial(9), needing), "it may need one that was held back");
        assert!(admit(&mut lives, 1, 10) && lives.admit(1, Serial(11), captured(8)), "its order counts");
    }

    #[test]
    fn a_life_that_nobody_followed_goes_on_where_it_was() {
        let mut lives = Lives::default();
        lives.begin(9);
        assert!(admit(&mut lives, 9, 5));
        lives.begin(1);
        lives.begin(9);
        assert!(lives.admit(9, Serial(6), Standing { alone: false, ..captured(5) }));
    }

    #[test]
    fn without_a_clock_a_life_that_comes_back_waits_until_its_frames_can_only_be_newer() {
        let mut lives = Lives::default();
        let unknown = |seconds: u64| {
            let now = Time::from_micros(seconds * 1_000_000);
            Standing::of(now, &Capture { at: now, age: None }, true)
        };
        lives.begin(1);
        assert!(lives.admit(1, Serial(5), unknown(100)));
        lives.begin(9);
        assert!(lives.admit(9, Serial(1), unknown(101)));
        lives.begin(1);
        assert!(!lives.admit(1, Serial(6), unknown(102)) && !lives.admit(1, Serial(7), unknown(121)));
        assert!(lives.admit(1, Serial(8), unknown(122)));
    }
}
