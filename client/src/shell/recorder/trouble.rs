//! When a failing recording is worth a line: at the first failure of a kind, and when it is over.

use std::collections::BTreeSet;
use std::path::PathBuf;

use super::{Outcome, RecordFault};

/// Frames in a row that must be written before trouble is over: a disk at its limit takes small frames and
/// refuses large ones, and would have a line for each.
const CALM_FRAMES: u32 = 24;

/// The trouble that was told and is not over.
#[derive(Debug, Default)]
pub(super) struct Trouble {
    told: BTreeSet<std::io::ErrorKind>,
    occupied: BTreeSet<PathBuf>,
    written_in_a_row: u32,
    not_written: u64,
}

impl Trouble {
    /// What to say of a frame's fate.
    pub(super) fn judge(&mut self, stored: Result<(), RecordFault>) -> Outcome {
        match stored {
            Ok(()) => self.written(),
            Err(fault) => self.failed(fault),
        }
    }

    fn written(&mut self) -> Outcome {
        if self.told.is_empty() {
            return Outcome::Written;
        }
        self.written_in_a_row += 1;
        if self.written_in_a_row < CALM_FRAMES {
            return Outcome::Written;
        }
        let not_written = self.not_written;
        *self = Self { occupied: std::mem::take(&mut self.occupied), ..Self::default() };
        Outcome::Resumed { not_written }
    }

    fn failed(&mut self, fault: RecordFault) -> Outcome {
        let news = if let RecordFault::Occupied { folder } = &fault {
            // Never over as long as the recording lasts, and no sign of the disk's health.
            self.occupied.insert(folder.clone())
        } else {
            self.written_in_a_row = 0;
            self.not_written += 1;
            self.told.insert(fault.kind())
        };
        if news { Outcome::Failed(fault) } else { Outcome::StillFailing }
    }
}
