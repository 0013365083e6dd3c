//! The lives of a producer as a viewer saw them, so that no frame is delivered twice or after a later one.

use protocol::serial::Serial;

/// Former lives that are remembered: two that take turns, and those whose last frames still come.
const FORMER_MAX: usize = 3;

/// In the order in which the broker began them. A life that was there before may come back: another producer had its id
/// meanwhile, with a higher epoch. It goes on behind its own last frame.
#[derive(Debug, Default)]
pub(super) struct Lives {
    /// By itself: almost every frame is of it.
    present: Option<Life>,
    /// The latest ones last.
    former: Vec<Life>,
}

#[derive(Debug)]
struct Life {
    epoch: u64,
    /// Its newest frame that was delivered.
    newest: Option<Serial>,
    /// Whether it has delivered since it began, or began again.
    played: bool,
}

impl Lives {
    /// The broker says that a life plays now.
    pub(super) fn begin(&mut self, epoch: u64) {
        if self.present.as_ref().is_some_and(|life| life.epoch == epoch) {
            return;
        }
        let before = self.former.iter().position(|life| life.epoch == epoch);
        let newest = before.and_then(|place| self.former.remove(place).newest);
        self.former.extend(self.present.replace(Life { epoch, newest, played: false }));
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
    pub(super) fn admit(&mut self, epoch: u64, number: Serial) -> bool {
        if let Some(present) = &mut self.present {
            if present.epoch == epoch {
                return present.admit(number);
            }
            if present.played {
                return false;
            }
        }
        let Some(place) = self.former.iter().position(|life| life.epoch == epoch) else { return false };
        if self.former.iter().skip(place + 1).any(|life| life.played) {
            return false;
        }
        self.former.get_mut(place).is_some_and(|life| life.admit(number))
    }
}

impl Life {
    fn admit(&mut self, number: Serial) -> bool {
        if self.newest.is_some_and(|newest| !newest.before(number)) {
            return false;
        }
        (self.newest, self.played) = (Some(number), true);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_life_goes_on_behind_what_was_delivered_of_it() {
        let mut lives = Lives::default();
        lives.begin(1);
        assert_eq!(lives.goes_on_at(Serial(5)), Serial(5));
        assert!(lives.admit(1, Serial(7)));
        assert_eq!((lives.goes_on_at(Serial(7)), lives.goes_on_at(Serial(9))), (Serial(8), Serial(9)));
        lives.begin(2);
        assert_eq!(lives.goes_on_at(Serial(1)), Serial(1), "another life has other numbers");
    }

    #[test]
    fn frames_of_a_life_come_once_and_in_order() {
        let mut lives = Lives::default();
        assert!(!lives.admit(1, Serial(5)), "nobody spoke of this life");
        lives.begin(1);
        assert!(lives.admit(1, Serial(5)) && lives.admit(1, Serial(7)));
        assert!(!lives.admit(1, Serial(7)) && !lives.admit(1, Serial(6)));
    }

    #[test]
    fn the_last_frames_of_a_life_come_until_the_next_one_plays() {
        let mut lives = Lives::default();
        lives.begin(1);
        assert!(lives.admit(1, Serial(5)));
        lives.begin(2);
        assert!(lives.admit(1, Serial(6)) && lives.admit(2, Serial(1)));
        assert!(!lives.admit(1, Serial(7)));
    }

    #[test]
    fn a_life_that_comes_back_goes_on_behind_its_last_frame() {
        let mut lives = Lives::default();
        lives.begin(1);
        assert!(lives.admit(1, Serial(5)));
        lives.begin(9);
        assert!(lives.admit(9, Serial(1)));
        lives.begin(1);
        assert!(!lives.admit(1, Serial(5)) && lives.admit(1, Serial(6)));
        assert!(!lives.admit(9, Serial(2)), "that one is over");
    }
}
